#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""cover - how much of bearer/ the unit tests alone run, from gcov's counts.

    tests/unit/cover.py OBJECTS     by "make cover"; the folder of the .gcno files

A table, then every line that was never run. Ends with 1 if less than 95 % of the
lines or 90 % of the branches were (COVER_LINES, COVER_BRANCHES: other numbers).
A branch is one that gcov calls so, without those of exceptions.
"""

import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

LEAST = {"lines": float(os.environ.get("COVER_LINES", 95)),
         "branches": float(os.environ.get("COVER_BRANCHES", 90))}


def counts(folder):
    """{file: ({line: runs}, {(line, branch): runs})} of the sources of bearer/."""
    lines = collections.defaultdict(collections.Counter)
    branches = collections.defaultdict(collections.Counter)
    notes = sorted(str(path.resolve()) for path in pathlib.Path(folder).glob("*.gcno"))
    if not notes:
        return {}  # gcov without a file would be a mistake of ours
    with tempfile.TemporaryDirectory() as where:
        subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "-b", *notes],
                       cwd=where, check=True, stdout=subprocess.DEVNULL)
        for path in pathlib.Path(where).glob("*.gcov.json.gz"):
            for entry in json.loads(gzip.decompress(path.read_bytes()))["files"]:
                name = pathlib.Path(entry["file"])
                if name.parent.name != "bearer":
                    continue
                for line in entry["lines"]:
                    lines[name.name][line["line_number"]] += line["count"]
                    for number, branch in enumerate(line["branches"]):
                        key = line["line_number"], number
                        branches[name.name][key] += branch["count"]
    return {name: (lines[name], branches[name]) for name in sorted(lines)}


def share(numbers):
    """How many per cent are not 0."""
    return 100 * sum(map(bool, numbers)) / len(numbers) if numbers else 100.0


def main(folder):
    """The report; whether it is enough."""
    found, total, missed = counts(folder), {"lines": [], "branches": []}, []
    if not any(any(lines.values()) for lines, _ in found.values()):
        sys.exit(f"cover: no counts in {folder}: ./configure --enable-coverage first")
    for name, (lines, branches) in found.items():
        total["lines"] += lines.values()
        total["branches"] += branches.values()
        missed += [f"{name}:{line}" for line in sorted(lines) if not lines[line]]
        print(f"{name:16} lines {share(lines.values()):6.2f} %"
              f"  branches {share(branches.values()):6.2f} %")
    print("never run:", " ".join(missed) or "nothing")
    short = False
    for what, numbers in total.items():
        short |= share(numbers) < LEAST[what]
        print(f"{'FAIL' if share(numbers) < LEAST[what] else 'ok'} {what}:"
              f" {share(numbers):.2f} % of {len(numbers)}, {LEAST[what]:.0f} % wanted")
    return short


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
