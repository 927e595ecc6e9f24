# SPDX-License-Identifier: Apache-2.0
"""lint - what the checks of this folder share.

Each check is a program. It prints one line, "ok NAME: what was looked at" or
"FAIL NAME: how many", the findings below it, and exits 1 on any finding.
With --self-test it shows on small made-up trees that it can fail.
"""

import os
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(top, path):
    """The text of a file of the tree; "" if there is none."""
    try:
        with open(os.path.join(top, path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def files(top, folder, endings):
    """Paths below a folder, relative to top, sorted."""
    found = []
    for where, folders, names in os.walk(os.path.join(top, folder)):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__")))
        for name in names:
            if name.endswith(endings):
                found.append(os.path.relpath(os.path.join(where, name), top))
    return sorted(found)


def line_of(text, offset):
    """The number of the line that holds this offset."""
    return text.count("\n", 0, offset) + 1


def report(name, findings, seen):
    """Prints the result and gives the exit status."""
    if not findings:
        print(f"ok {name}: {seen}")
        return 0
    print(f"FAIL {name}: {len(findings)} to mend")
    for finding in findings:
        print(f"    {finding}")
    return 1


def self_test(name, cases, check):
    """Runs check(top) on made-up trees.

    A case is (what it shows, {path: text}, part of the one finding wanted, or
    None where none is wanted).
    """
    wrong = []
    for what, tree, want in cases:
        with tempfile.TemporaryDirectory() as top:
            for path, text in tree.items():
                full = os.path.join(top, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            found = check(top)[0]
        if want is None and found:
            wrong.append(f"{what}: expected nothing, got {found}")
        if want is not None and not (len(found) == 1 and want in found[0]):
            wrong.append(f"{what}: expected one finding with {want!r}, got {found}")
    return report(f"{name} --self-test", wrong, f"{len(cases)} made-up trees")


def main(name, check, cases):
    """A check's whole command line."""
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test(name, cases, check))
    if sys.argv[1:]:
        sys.exit(f"usage: {sys.argv[0]} [--self-test]")
    sys.exit(report(name, *check(TOP)))
