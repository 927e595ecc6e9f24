#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""reasons - catalogue, documentation and tests know the same reasons.

Each row of bearer/base/error.def has a slug of its own, a row in docs/errors.md that
says the same, and a test that names the slug; each message id ("MAB0101") is
once in the code and in docs/errors.md. The class of mistake this exists
for: a new reason that nobody tests or explains.

reasons.py --write makes the tables of docs/errors.md anew.
"""

import os
import re
import sys

import lint

CATALOGUE = "bearer/base/error.def"
DOC = "docs/errors.md"
NAME = "reasons"

STRING = r'"(?:[^"\\\n]|\\.)*"'
ROW = re.compile(r"BEARER_REASON\(\s*(\w+)\s*,\s*(" + STRING + r")\s*,\s*(\w+)\s*,"
                 r"\s*(\w+|" + STRING + r")\s*,\s*(\w+|" + STRING + r")\s*,\s*(\d+)\s*,"
                 r"\s*(\w+)\s*,\s*((?:" + STRING + r"\s*)+)\)")
DEFINE = re.compile(r"^#define\s+(\w+)\s+(" + STRING + r")\s*$", re.M)
MESSAGE = re.compile(r'"(MAB\d{4})\b')
TEXT = re.compile(STRING + r"(?:\s*(?:" + STRING + r"|\w+_FMT|MAB_\w+))*")
# what printf fills in
FILLED = re.compile(r"%(?:%|[-+#0]*[\d.*]*[a-z]*)")
# a word of ours, by its name
MACRO = re.compile(r"\bMAB_\w+")
# between an id that is an argument of its own and the text
GAP = re.compile(r'\s*(?::\s*"")?\s*,\s*')

HEADS = {
    "reasons": "| slug | status | `code` | `error=` | fault | level | sentence | tested in |\n"
               "|---|---|---|---|---|---|---|---|\n",
    "messages": "| id | message | from |\n|---|---|---|\n",
}


def unquote(text, defines):
    """The value of a C string, of a macro that is one, or "" for NULL."""
    text = defines.get(text, text)
    if text == "NULL":
        return ""
    return "".join(re.sub(r"\\(.)", r"\1", part[1:-1]) for part in re.findall(STRING, text))


def read_catalogue(top):
    """The rows as dicts, and what is wrong with them."""
    text = re.sub(r"/\*.*?\*/", "", lint.read(top, CATALOGUE), flags=re.S)
    defines = dict(DEFINE.findall(text))
    rows = []
    for name, slug, fault, code, error, status, level, sentence in ROW.findall(text):
        rows.append({
            "name": name, "slug": unquote(slug, defines), "fault": fault.lower(),
            "code": unquote(code, defines), "error": unquote(error, defines),
            "status": status, "level": level.lower(), "sentence": unquote(sentence, defines)})
    wrong = []
    begun = len(re.findall(r"^\s*BEARER_REASON\(", text, re.M))
    if begun != len(rows):
        wrong.append(f"{CATALOGUE}: {begun - len(rows)} rows are not of the expected form")
    slugs = [row["slug"] for row in rows]
    wrong += [f"{CATALOGUE}: {slug} is there twice"
              for slug in sorted(set(slugs)) if slugs.count(slug) > 1]
    return list({row["slug"]: row for row in rows}.values()), wrong


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def code(text):
    return f"`{text}`" if text else "-"


def facts(row):
    """The cells of a row, without the last one (the test)."""
    return [code(row["slug"]), row["status"] if row["status"] != "0" else "-",
            code(row["code"]), code(row["error"]), row["fault"], row["level"],
            cell(row["sentence"])]


def test_files(top):
    """{path: text} of all tests but the ones of this folder and the corpora."""
    paths = lint.files(top, "tests", (".c", ".h", ".py"))
    return {path: lint.read(top, path) for path in paths
            if not path.startswith(("tests/lint/", "tests/fuzz/"))}


def naming(slug, tests):
    """The tests that name a slug: unit tests first, most mentions first."""
    counts = [(len(re.findall(rf"[\"']{re.escape(slug)}[\"':]", text)), path)
              for path, text in tests.items()]
    counts = [(count, path) for count, path in counts if count]
    counts.sort(key=lambda pair: ("/unit/" not in pair[1], -pair[0], pair[1]))
    return [path for _, path in counts]


def message_text(text, start):
    """What follows an id: in the same string, or in the next argument."""
    hit = TEXT.match(text, start)
    said = unquote(MACRO.sub('"%s"', hit.group()), {})
    if said.strip(": ") == said[:7]:
        gap = GAP.match(text, start + len('"MAB0000"'))
        hit = gap and TEXT.match(text, gap.end())
        return unquote(hit.group(), {}) if hit else ""
    return said[7:].strip(": ")


def read_messages(top):
    """{id: [(file and line, text)]} of the whole code."""
    paths = lint.files(top, "bearer", (".c",)) + lint.files(top, "httpd", (".c", ".h"))
    messages = {}
    for path in paths + ["mod_auth_bearer.c"]:
        text = re.sub(r"/\*.*?\*/", lambda hit: "\n" * hit.group().count("\n"),
                      lint.read(top, path), flags=re.S)
        for hit in MESSAGE.finditer(text):
            messages.setdefault(hit.group(1), []).append(
                (f"{path}:{lint.line_of(text, hit.start())}", message_text(text, hit.start())))
    return messages


def table(doc, name):
    """The lines between the markers of a table; None if they are not there."""
    hit = re.search(rf"<!-- {name}: begin[^\n]*-->\n(.*?)<!-- {name}: end -->", doc, re.S)
    return hit and hit.group(1)


def cells(line):
    return [part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]]


def kept(before, slug, tests):
    """The test that the table names already, if it still names the slug: a person may
    have chosen it."""
    hit = re.search(rf"^\| `{slug}` \|.*\| (\S+) \|$", before, re.M)
    return [hit.group(1)] if hit and hit.group(1) in naming(slug, tests) else []


def check_rows(rows, doc, tests):
    text = table(doc, "reasons")
    if text is None:
        return [f"{DOC}: the table of reasons is not there"]
    documented = {}
    for line in text.splitlines()[2:]:
        documented.setdefault(cells(line)[0].strip("`"), cells(line))
    findings = []
    for row in rows:
        slug = row["slug"]
        found = documented.pop(slug, None)
        if not naming(slug, tests):
            findings.append(f"{slug}: no test names it")
        elif found is None:
            findings.append(f"{DOC}: {slug} is missing")
        elif found[:-1] != facts(row):
            findings.append(f"{DOC}: {slug}: says {found[:-1]}, the catalogue {facts(row)}")
        elif found[-1] not in naming(slug, tests):
            findings.append(f"{DOC}: {slug}: {found[-1]} does not name it")
    findings += [f"{DOC}: {slug} is not in the catalogue" for slug in documented]
    return findings


def check_messages(messages, doc):
    text = table(doc, "messages") or ""
    findings = []
    for name, uses in sorted(messages.items()):
        if len(uses) > 1:
            where = ", ".join(line for line, _ in uses)
            findings.append(f"{name}: used more than once: {where}")
        if not re.search(rf"\| {name} \|", text):
            findings.append(f"{DOC}: {name} is missing")
    for name in re.findall(r"^\| (MAB\d{4}) \|", text, re.M):
        if name not in messages:
            findings.append(f"{DOC}: {name} is not in the code")
    return findings


def check(top):
    rows, findings = read_catalogue(top)
    doc = lint.read(top, DOC)
    findings += check_rows(rows, doc, test_files(top))
    messages = read_messages(top)
    findings += check_messages(messages, doc)
    return findings, f"{len(rows)} reasons, {len(messages)} message ids"


def write(top):
    """Makes both tables of docs/errors.md anew."""
    rows, wrong = read_catalogue(top)
    tests = test_files(top)
    before = table(lint.read(top, DOC), "reasons") or ""
    lines = {"reasons": "", "messages": ""}
    for row in rows:
        test = (kept(before, row["slug"], tests) or naming(row["slug"], tests) or ["none"])[0]
        lines["reasons"] += "| " + " | ".join(facts(row) + [test]) + " |\n"
    for name, uses in sorted(read_messages(top).items()):
        line, text = uses[0]
        text = FILLED.sub(lambda hit: "%" if hit.group() == "%%" else "…", text) or "a refusal, with its reason from the table above"
        lines["messages"] += f"| {name} | {cell(text)} | {line.split(':')[0]} |\n"
    doc = lint.read(top, DOC)
    for name, head in HEADS.items():
        begin = f"<!-- {name}: begin (made by tests/lint/reasons.py --write) -->\n"
        made = f"{begin}{head}{lines[name]}<!-- {name}: end -->"
        doc, count = re.subn(rf"<!-- {name}: begin[^\n]*-->\n.*?<!-- {name}: end -->",
                             lambda _, made=made: made, doc, flags=re.S)
        if count != 1:
            wrong.append(f"{DOC}: no markers for {name}")
    if not wrong:
        with open(os.path.join(top, DOC), "w", encoding="utf-8") as file:
            file.write(doc)
    return lint.report(f"{NAME} --write", wrong, f"{DOC} written")


DEF = ('#define INVALID "invalid_token"\n'
       'BEARER_REASON(A, "a_b", CLIENT, INVALID, NULL, 401, INFO, "it is \\"x\\" | <y>")\n')
GOOD_ROW = ('| `a_b` | 401 | `invalid_token` | - | client | info '
            '| it is "x" \\| &lt;y> | tests/unit/test_a.c |\n')


def tree(catalogue=DEF, row=GOOD_ROW, test='{"x", "a_b"},', messages="", source=""):
    return {
        CATALOGUE: catalogue, "tests/unit/test_a.c": test, "httpd/a.c": source,
        DOC: "<!-- reasons: begin -->\n" + HEADS["reasons"] + row + "<!-- reasons: end -->\n"
             "<!-- messages: begin -->\n" + HEADS["messages"] + messages
             + "<!-- messages: end -->\n"}


LOG = 'warn("MAB0101", "no %s");\n'
CASES = (
    ("all agree", tree(), None),
    ("all agree, with a message", tree(source=LOG, messages="| MAB0101 | no %s | x |\n"), None),
    ("no test names the slug", tree(test='"a_bc" a_b'), "no test names it"),
    ("no row in the documentation", tree(row=""), "a_b is missing"),
    ("a row too many", tree(row=GOOD_ROW + GOOD_ROW.replace("a_b", "b_c")), "not in the catalogue"),
    ("another status", tree(row=GOOD_ROW.replace("401", "403")), "the catalogue"),
    ("another level", tree(row=GOOD_ROW.replace("info", "debug")), "the catalogue"),
    ("another code", tree(row=GOOD_ROW.replace("invalid_token", "ok")), "the catalogue"),
    ("a test that does not name it", tree(row=GOOD_ROW.replace("test_a", "test_b")),
     "does not name it"),
    ("a slug twice", tree(catalogue=DEF + DEF.split("\n")[1].replace("(A,", "(B,") + "\n"),
     "a_b is there twice"),
    ("a row of another form", tree(catalogue=DEF + 'BEARER_REASON(B, "b")\n'), "expected form"),
    ("a message that is not documented", tree(source=LOG), "MAB0101 is missing"),
    ("a message id used twice", tree(source=LOG + LOG, messages="| MAB0101 | no %s | x |\n"),
     "used more than once"),
    ("a message that is gone", tree(messages="| MAB0101 | no %s | x |\n"), "not in the code"),
)

if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        sys.exit(write(lint.TOP))
    lint.main(NAME, check, CASES)
