#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""cover - how much of bearer/ and of httpd/ tests run, from gcov's counts.

    tests/unit/cover.py HALF...  by "make cover", in the build folder: bearer, httpd

For each folder of sources a table, then every line that was never run. Ends with 1 if
less than 95 % of the lines or 90 % of the branches were of bearer/, which has unit
tests for all of it (COVER_LINES, COVER_BRANCHES: other numbers), or less than 90 % and
76 % of httpd/, of which the tests that run inside of httpd are counted: what is short
there is the start and the end of processes. A branch is one that gcov calls so, without
those of exceptions.
"""

import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

LEAST = {"bearer": {"lines": float(os.environ.get("COVER_LINES", 95)),
                    "branches": float(os.environ.get("COVER_BRANCHES", 90))},
         "httpd": {"lines": 90, "branches": 76}}


def label(name):
    """A source as its wing and name."""
    return name.name if name.name == "mod_auth_bearer.c" else f"{name.parent.name}/{name.name}"


def counts(half):
    """{file: ({line: runs}, {(line, branch): runs})} of the sources of a half."""
    lines = collections.defaultdict(collections.Counter)
    branches = collections.defaultdict(collections.Counter)
    folder = pathlib.Path(half)
    notes = sorted(str(path.resolve()) for path in folder.glob("*/.libs/*.gcno"))
    if half == "httpd":  # the hooks lie above, once for the module, once for the tests
        notes += sorted(str(path.resolve()) for path in folder.parent.glob(
            ".libs/*mod_auth_bearer.gcno"))
    if not notes:
        return {}  # gcov without a file would be a mistake of ours
    with tempfile.TemporaryDirectory() as where:
        subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "-b", *notes],
                       cwd=where, check=True, stdout=subprocess.DEVNULL)
        for path in pathlib.Path(where).glob("*.gcov.json.gz"):
            for entry in json.loads(gzip.decompress(path.read_bytes()))["files"]:
                name = pathlib.Path(entry["file"])
                if name.parent.parent.name != half and name.name != "mod_auth_bearer.c":
                    continue
                for line in entry["lines"]:
                    lines[label(name)][line["line_number"]] += line["count"]
                    for number, branch in enumerate(line["branches"]):
                        key = line["line_number"], number
                        branches[label(name)][key] += branch["count"]
    return {name: (lines[name], branches[name]) for name in sorted(lines)}


def share(numbers):
    """How many per cent are not 0."""
    return 100 * sum(map(bool, numbers)) / len(numbers) if numbers else 100.0


def spans(lines):
    """[1, 2, 3, 7] as "1-3,7"; only lines that gcov knows have neighbours."""
    known, runs, last = sorted(lines), [], None
    for place, line in enumerate(known):
        if lines[line]:
            continue
        if runs and last == place - 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
        last = place
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def report(half):
    """The report on a half; whether it is short of what is wanted."""
    found, total, missed = counts(half), {"lines": [], "branches": []}, []
    if not any(any(lines.values()) for lines, _ in found.values()):
        sys.exit(f"cover: no counts of {half}: ./configure --enable-coverage first")
    for name, (lines, branches) in found.items():
        total["lines"] += lines.values()
        total["branches"] += branches.values()
        missed += [f"{name}:{spans(lines)}"] if spans(lines) else []
        print(f"{name:20} lines {share(lines.values()):6.2f} %"
              f"  branches {share(branches.values()):6.2f} %")
    print("never run:", " ".join(missed) or "nothing")
    short = False
    for what, numbers in total.items():
        least = LEAST[half][what]
        short |= share(numbers) < least
        print(f"{'FAIL' if share(numbers) < least else 'ok'} {half} {what}:"
              f" {share(numbers):.2f} % of {len(numbers)}, {least:.0f} % wanted")
    return short


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(any([report(half) for half in sys.argv[1:]]))
