#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""threats - docs/threat-model.md names files, words and tests that exist.

In its tables "where" is a file and words that stand in it, "shown by" a test. Each
test of the suite of attacks must be named there. The class of mistake this exists
for: a defence that was moved or simplified away, and a table that still claims it.
"""

import re

import lint

DOC = "docs/threat-model.md"
SUITE = "tests/e2e/test_26_attacks_peers.py"
QUOTE = re.compile(r"^`([\w./]+)` (.+)$")
TEST = re.compile(r"^`(\w+)::(\w+)`$")
DEFINED = re.compile(r"^def (test_\w+)", re.M)


def flat(text):
    """A text as one line, without what begins the lines of a comment."""
    return re.sub(r"\s+", " ", re.sub(r"^\s*(/\*+|\*|#)(?!/)", " ", text, flags=re.M))


def wrong_quote(top, entry):
    """What is wrong with an entry of "where", or None."""
    hit = QUOTE.match(entry)
    if not hit:
        return f"{entry!r} is not a file and words"
    text = lint.read(top, hit.group(1))
    if not text:
        return f"there is no {hit.group(1)}"
    if hit.group(2) not in flat(text):
        return f"{hit.group(1)} does not say {hit.group(2)!r}"
    return None


def wrong_test(top, entry):
    """What is wrong with an entry of "shown by", or None."""
    hit = TEST.match(entry)
    if not hit:
        return f"{entry!r} is not a test"
    name, function = hit.groups()
    text = "".join(lint.read(top, f"tests/{where}") for where in
                   (f"e2e/{name}.py", f"unit/{name}.c", f"httpd/{name}.c"))
    if not re.search(rf"^(def |static void ){function}\(", text, re.M):
        return f"there is no {name}::{function}"
    return None


def rows(text):
    """(line, where, shown by) of each row of the tables."""
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] not in ("attack", "invariant"):
            yield number, cells[2], cells[3]


def check(top):
    """Findings and what was looked at."""
    text, findings, count = lint.read(top, DOC), [], 0
    for number, where, shown in rows(text):
        count += 1
        wrong = [wrong_quote(top, entry) for entry in where.split("; ")]
        if shown != "-":
            wrong += [wrong_test(top, entry) for entry in shown.split(", ")]
        findings += [f"{DOC}:{number}: {what}" for what in wrong if what]
    for test in DEFINED.findall(lint.read(top, SUITE)):
        if test + "`" not in text:
            findings.append(f"{DOC}: {test} of {SUITE} is missing")
    if not count:
        findings.append(f"{DOC}: no row was understood")
    return findings, f"{count} attacks"


def tree(where="`a.c` flooding", shown="`test_x::test_flood`", more=""):
    """A made-up tree with one row."""
    return {DOC: f"| attack | what stops it | where | shown by |\n|---|---|---|---|\n"
                 f"| floods | dams | {where} | {shown} |\n",
            "a.c": "/* key set\n * flooding\n */\n",
            "tests/e2e/test_x.py": "def test_flood(site):\n    pass\n" + more,
            "tests/unit/test_u.c": "static void u_dams(void **state)\n{\n}\n"}


CASES = [
    ("all is there", tree(), None),
    ("words over two lines", tree(where="`a.c` key set flooding"), None),
    ("a unit test", tree(shown="`test_u::u_dams`"), None),
    ("no test", tree(shown="-"), None),
    ("no such file", tree(where="`b.c` flooding"), "there is no b.c"),
    ("other words", tree(where="`a.c` fire"), "does not say"),
    ("no words", tree(where="`a.c`"), "is not a file and words"),
    ("no such test", tree(shown="`test_x::test_fire`"), "there is no test_x::test_fire"),
    ("no rows", {DOC: "nothing\n"}, "no row"),
    ("an attack that is not listed",
     {**tree(), SUITE: "def test_fire(site):\n    pass\n"}, "is missing"),
]

if __name__ == "__main__":
    lint.main("threats", check, CASES)
