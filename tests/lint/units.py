#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""units - one list of units, and what is made of it.

layers.txt lists the units. What make builds and tests (units.am), the table of
HACKING.md and the picture of the wings (docs/architecture.svg) are made of that list, of
the tests that are there, of the first line of each unit's header, and of its includes:

    tests/lint/units.py --write     after a unit came, went or moved

The class of mistake this exists for: a unit that one of several lists forgot, and so
nobody built, tested or explained.
"""

import os
import re
import sys

import layers
import lint
import picture

MADE, TABLE = "units.am", "HACKING.md"
BEGIN, END = "<!-- units: tests/lint/units.py --write -->\n", "<!-- /units -->"
HEAD = """# SPDX-License-Identifier: Apache-2.0
# Made by "tests/lint/units.py --write" of tests/lint/layers.txt: not for hands.
"""
# unit tests of no single unit
BESIDE = ("mac", "nomem")
STORY = re.compile(r"^ \* [\w-]+ - (.+?)\.?\n", re.M)


def there(top, unit):
    """The files of a unit, for make."""
    paths = [f"{unit}.{ending}" for ending in ("def", "c", "h")]
    return [path for path in paths if os.path.exists(os.path.join(top, path))]


def programs(top, folder, prefix, order):
    """Test programs of a folder: those of units in their order, then the others."""
    found = [os.path.basename(path)[len(prefix):-2]
             for path in lint.files(top, folder, (".c",))
             if os.path.basename(path).startswith(prefix)]
    rank = {os.path.basename(unit): number for number, (unit, _) in enumerate(order)
            if unit.startswith("bearer/")}
    strays = [f"{folder}/{prefix}{name}.c: no unit of bearer/ has that name"
              for name in found if name not in rank and name not in BESIDE]
    found.sort(key=lambda name: (rank.get(name, len(rank)), name))
    return [f"{folder}/{prefix}{name}" for name in found], strays


def variable(name, lines):
    return f"\n{name} = " + " \\\n\t".join(["", *lines]).lstrip(" ") + "\n"


def makefile(top, order):
    """(units.am, findings)."""
    library = [" ".join(there(top, unit)) for unit, _ in order if unit.startswith("bearer/")]
    glue = [" ".join(there(top, unit)) for unit, _ in order if unit.startswith("httpd/")]
    tests, strays = programs(top, "tests/unit", "test_", order)
    fuzzers, more = programs(top, "tests/fuzz", "fuzz_", order)
    inside = lint.files(top, "tests/httpd", (".c", ".h"))
    text = (HEAD + variable("LIBRARY", library) + variable("GLUE", glue)
            + variable("UNITS", tests)
            + variable("HEADERS_OF_TESTS", lint.files(top, "tests/unit", (".h",)))
            + variable("INSIDE", inside)
            + variable("FUZZERS", fuzzers) + "\n")
    text += "".join(f"{fuzzer.replace('/', '_')}_LDADD = libreplay.la $(LDADD)\n"
                    for fuzzer in fuzzers)
    tested = {test.rpartition("test_")[2] for test in tests}
    strays += [f"{unit}: no tests/unit/test_{os.path.basename(unit)}.c" for unit, _ in order
               if unit.startswith("bearer/") and unit + ".c" in there(top, unit)
               and os.path.basename(unit) not in tested]
    return text, strays + more


def table(top, order):
    """(rows for HACKING.md, findings)."""
    rows, findings = ["| unit | owns |\n|---|---|\n"], []
    for unit, _ in order:
        path = next(iter(reversed(there(top, unit))), unit + ".c")
        story = STORY.search(lint.read(top, path)[:400])
        if not story:
            findings.append(f"{path}: it does not begin with \"* name - what it owns.\"")
            continue
        rows.append(f"| `{unit}` | {story.group(1)} |\n")
    return "".join(rows), findings


def wanted(top):
    """({path: text}, findings, units)."""
    order = layers.read_order(top)
    made, findings = makefile(top, order)
    rows, more = table(top, order)
    pairs = picture.includes(top, order)
    findings += picture.upward(order, pairs)
    drawn = picture.draw(order, pairs)
    page = lint.read(top, TABLE)
    before, begin, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    if not begin or END not in rest:
        return {MADE: made, picture.PATH: drawn}, [f"{TABLE}: no {BEGIN.strip()} with its end"], len(order)
    return ({MADE: made, picture.PATH: drawn, TABLE: before + BEGIN + rows + END + after},
            findings + more, len(order))


def check(top):
    made, findings, count = wanted(top)
    findings += [f"{path}: run tests/lint/units.py --write" for path, text in made.items()
                 if lint.read(top, path) != text]
    return findings, f"{count} units"


def write(top):
    made, findings, _ = wanted(top)
    for path, text in made.items():
        with open(os.path.join(top, path), "w", encoding="utf-8") as file:
            file.write(text)
    sys.exit("\n".join(findings) or 0)


UNIT_H = "/* x */\n/*\n * a - what it owns.\n */\n"
PAGE = f"{BEGIN}| unit | owns |\n|---|---|\n| `bearer/w/a` | what it owns |\n{END}\n"
AM = (HEAD + "\nLIBRARY = \\\n\tbearer/w/a.c bearer/w/a.h\n\nGLUE = \n\nUNITS = "
      "\\\n\ttests/unit/test_a\n\nHEADERS_OF_TESTS = \n\nINSIDE = \n\nFUZZERS = \n\n")
GOOD = {layers.ORDER: "bearer/w/a\n", "bearer/w/a.h": UNIT_H, "bearer/w/a.c": "",
        "tests/unit/test_a.c": "", TABLE: PAGE, MADE: AM,
        picture.PATH: picture.draw([("bearer/w/a", set())], set())}
TWO = [("bearer/w/a", set()), ("bearer/v/b", set())]
CASES = (
    ("all lists alike", GOOD, None),
    ("make knows less", {**GOOD, MADE: HEAD}, "units.am: run"),
    ("the table tells of another unit",
     {**GOOD, TABLE: PAGE.replace("w/a", "w/b")}, "HACKING.md: run"),
    ("a table without its marks", {**GOOD, TABLE: ""}, "HACKING.md: no <!--"),
    ("a unit without a test",
     {**{path: text for path, text in GOOD.items() if "test_" not in path},
      MADE: AM.replace("\\\n\ttests/unit/test_a", "")}, "no tests/unit/test_a.c"),
    ("a test of no unit",
     {**GOOD, "tests/unit/test_z.c": "",
      MADE: AM.replace("test_a\n", "test_a \\\n\ttests/unit/test_z\n")}, "no unit of bearer/"),
    ("a picture that lacks an arrow",
     {**GOOD, layers.ORDER: "bearer/w/a\nbearer/v/b\n", "bearer/v/b.h": UNIT_H
      + '#include "bearer/w/a.h"\n',
      MADE: AM.replace("a.h\n", "a.h \\\n\tbearer/v/b.h\n", 1),
      TABLE: PAGE.replace(END, "| `bearer/v/b` | what it owns |\n" + END),
      picture.PATH: picture.draw(TWO, set())}, "architecture.svg: run"),
    ("a header that says nothing", {**GOOD, "bearer/w/a.h": "", TABLE: PAGE.replace(
        "| `bearer/w/a` | what it owns |\n", "")}, "does not begin"),
)

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write(lint.TOP)
    else:
        lint.main("units", check, CASES)
