#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""figures - tables of measurements are what the tools print, not what somebody typed.

Between "<!-- figures: NAME FILE [N ...] -->" and "<!-- /figures -->" a page in docs/ has
what "tools/bench NAME --show docs/bench/FILE" prints; with numbers, only these of
its paragraphs, the first being 1.

    tests/lint/figures.py --write     after a measurement

The class of mistake this exists for: a table of another run than the one that is kept.
"""

import os
import re
import subprocess
import sys

import lint

BLOCK = re.compile(r"(<!-- figures: (\S+) (\S+)((?: \d+)*) -->\n)(.*?)(<!-- /figures -->)", re.S)


def printed(top, name, file):
    """(paragraphs, why there are none)."""
    done = subprocess.run(
        [sys.executable, "-B", os.path.join(top, "tools/bench"), name, "--show",
         os.path.join(top, "docs/bench", file)], text=True, capture_output=True, check=False)
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["it fails"])[-1]
    return [part for part in re.split(r"\n\n+", done.stdout.strip("\n"))], None


def pages(top):
    """({path: text as it should be}, findings, number of blocks)."""
    made, findings, count, known = {}, [], 0, {}
    for path in lint.files(top, "docs", (".md",)):
        def fill(hit, path=path):
            name, file, numbers = hit.group(2, 3, 4)
            if (name, file) not in known:
                known[name, file] = printed(top, name, file)
            parts, why = known[name, file]
            wanted = [int(n) for n in numbers.split()] or range(1, len(parts or []) + 1)
            # what tools/bench needs beside Python is not on every machine
            if why and "ModuleNotFoundError" not in why:
                findings.append(f"{path}: bench {name} {file}: {why}")
            elif parts and max(wanted) > len(parts):
                findings.append(f"{path}: bench {name} {file}: it has {len(parts)} paragraphs")
            elif parts:
                return hit.group(1) + "\n\n".join(parts[n - 1] for n in wanted) \
                    + "\n" + hit.group(6)
            return hit.group(0)
        text = lint.read(top, path)
        made[path], found = BLOCK.subn(fill, text)
        count += found
        if found != text.count("<!-- figures:"):
            findings.append(f"{path}: a block of figures without an end")
    return made, findings, count


def check(top):
    made, findings, count = pages(top)
    findings += [f"{path}: run tests/lint/figures.py --write" for path, text in made.items()
                 if text != lint.read(top, path)]
    return findings, f"{count} tables"


def write(top):
    made, findings, count = pages(top)
    for path, text in made.items():
        if text != lint.read(top, path):
            with open(os.path.join(top, path), "w", encoding="utf-8") as file:
                file.write(text)
    return lint.report("figures --write", findings, f"{count} tables written")


TOOL = "import sys\nprint('\\n| a |\\n\\n| ' + open(sys.argv[3]).read() + ' |')\n"


def tree(block, tool=TOOL):
    return {"tools/bench": tool, "docs/bench/x.jsonl": "7", "docs/p.md": block}


CASES = (
    ("all of it", tree("<!-- figures: n x.jsonl -->\n| a |\n\n| 7 |\n<!-- /figures -->\n"), None),
    ("one paragraph", tree("<!-- figures: n x.jsonl 2 -->\n| 7 |\n<!-- /figures -->\n"), None),
    ("a number by hand", tree("<!-- figures: n x.jsonl 2 -->\n| 8 |\n<!-- /figures -->\n"),
     "docs/p.md: run"),
    ("a paragraph that is not there",
     tree("<!-- figures: n x.jsonl 3 -->\n<!-- /figures -->\n"), "it has 2 paragraphs"),
    ("a measurement that is not there",
     tree("<!-- figures: n y.jsonl -->\n<!-- /figures -->\n"), "y.jsonl"),
    ("a block without an end", tree("<!-- figures: n x.jsonl -->\n| a |\n"), "without an end"),
    ("a machine without the tool's modules",
     tree("<!-- figures: n x.jsonl -->\n| 8 |\n<!-- /figures -->\n", "import nowhere_at_all\n"),
     None),
)

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        sys.exit(write(lint.TOP))
    lint.main("figures", check, CASES)
