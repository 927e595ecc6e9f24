#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""budget - what to look at: long functions, deep nesting, large files.

Marks to look up at, not a gate: a longer function that reads better than its
pieces may stay. Always exits 0.
"""

import re
import sys

import lint

FUNCTION, NESTING, FILE, HEADER = 60, 3, 500, 150

# our style: a function's braces stand alone in the first column
BODY = re.compile(r"^\{\n(.*?)^\}", re.M | re.S)
NAME = re.compile(r"(\w+)\([^;{}]*\)\s*\Z")


def blank(text):
    """The text without comments and the insides of strings, lines kept."""
    keep = lambda hit: re.sub(r"[^\n]", " ", hit.group())
    return re.sub(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', keep, text, flags=re.S)


def depth_of(body):
    """How deep the braces of a body nest; initialisers do not count."""
    depth = deepest = 0
    plain = []
    for hit in re.finditer(r"(=\s*|return\s*|\)\s*|,\s*|\{\s*)?([{}])", body):
        if hit.group(2) == "}":
            if plain and plain.pop():
                depth -= 1
            continue
        before = body[:hit.start(2)].rstrip()
        block = before.endswith((")", "else", "do", ";", ":")) or not before
        plain.append(block)
        depth += block
        deepest = max(deepest, depth)
    return deepest


def functions(text):
    """(name, line, lines, nesting) of each function."""
    text = blank(text)
    for hit in BODY.finditer(text):
        name = NAME.search(text[:hit.start()])
        if name:
            lines = hit.group().count("\n") + 1
            yield name.group(1), lint.line_of(text, hit.start()), lines, depth_of(hit.group(1))


def check(top):
    findings, count = [], 0
    paths = [path for folder in ("bearer", "httpd", "cli", "tools")
             for path in lint.files(top, folder, (".c", ".h"))] + ["mod_auth_bearer.c"]
    for path in paths:
        text = lint.read(top, path)
        most = HEADER if path.endswith(".h") else FILE
        if text.count("\n") > most:
            findings.append(f"{path}: {text.count(chr(10))} lines (mark: {most})")
        for name, line, lines, nesting in functions(text):
            count += 1
            if lines > FUNCTION:
                findings.append(f"{path}:{line}: {name}: {lines} lines (mark: {FUNCTION})")
            if nesting > NESTING:
                findings.append(f"{path}:{line}: {name}: nested {nesting} deep (mark: {NESTING})")
    return findings, f"{count} functions in {len(paths)} files"


DEEP = "if (a) {\nfor (;;) {\nif (b) {\nif (c) {\nd();\n}\n}\n}\n}\n"
CASES = (
    ("a small function", {"bearer/a.c": "int f(void)\n{\n    return 1;\n}\n"}, None),
    ("an initialiser is no nesting",
     {"bearer/a.c": "int f(void)\n{\nx_t x = {{{{{1}}}}};\nif (a) {\nb();\n}\n}\n"}, None),
    ("a long function", {"bearer/a.c": "int f(void)\n{\n" + "    g();\n" * 59 + "}\n"},
     "bearer/a.c:2: f: 61 lines"),
    ("a deep function", {"httpd/a.c": f"int f(void)\n{{\n{DEEP}}}\n"}, "nested 4 deep"),
    ("braces in strings and comments do not count",
     {"httpd/a.c": "int f(void)\n{\n/* {{{{{ */\ng(\"{{{{{\");\n}\n"}, None),
    ("a large file", {"bearer/a.c": "\n" * 501}, "501 lines"),
    ("a large header", {"httpd/a.h": "\n" * 151}, "151 lines"),
)

if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(lint.self_test("budget", CASES, check))
    spots, seen = check(lint.TOP)
    print(f"ok budget: {len(spots)} spots to look at, {seen}")
    for spot in spots:
        print(f"    {spot}")
