#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""settings - each row of the table of settings is documented, shown and tested.

httpd/conf/field.def is the table; a row makes its option by itself. What it does not
make is its words in docs/mod_auth_bearer.md, in the sample of the dump there is, and
in the tests of what is read and refused. The class of mistake this exists for: an
option that works and that nobody has explained or tried.
"""

import re

import lint

TABLE = "httpd/conf/field.def"
DOC = "docs/mod_auth_bearer.md"
READ, SHOWN = "tests/e2e/test_80_config.py", "tests/e2e/test_85_command.py"

ROW = re.compile(r"^MAB_(PLACE_NUMBER|PLACE_LIST|SERVER_NUMBER|SERVER_ITEM|ALL_NUMBER)\((\w+), *(.*?)\)$",
                 re.M | re.S)
DIRECTIVE = re.compile(r'^MAB_DIRECTIVE\((\w+), *"(\w+)", *("[\w-]+"|NULL)\)$', re.M)
NAMED = re.compile(r'(OPTION|WHOLE)\("([\w-]+)"\)')
SECTION = re.compile(r"^## (AuthBearer\w+) directive\n(.*?)(?=^## |\Z)", re.M | re.S)


def rows(text):
    """(line, kind of row, directive's id, option or None) of each row in words."""
    text = re.sub(r"/\*.*?\*/", lambda hit: re.sub(r"[^\n]", "", hit.group()), text, flags=re.S)
    for hit in ROW.finditer(text):
        kind, directive, rest = hit.groups()
        line = lint.line_of(text, hit.start())
        named = NAMED.search(rest)
        if kind.startswith("SERVER_"):
            option = rest.split('"')[1]
            if kind == "SERVER_NUMBER":
                yield line, kind, directive, option
            # an issuer has all of them for itself
            if option:
                yield line, kind, "ISSUER", option
        elif named:
            yield line, kind, directive, named.group(2) if named.group(1) == "OPTION" else None


def check_row(where, option, name, label, texts):
    """What is missing for a row: an option, or its directive's first word."""
    word = f"{option}=" if option else name
    section = texts["sections"].get(name, "")
    findings = []
    if word not in section:
        findings.append(f"{where}: {DOC}: the section of {name} does not say {word}")
    tried = rf"{name}\b[^\n]*\W{word}" if option else rf"{name} +\S"
    if not re.search(tried, texts[READ]):
        findings.append(f"{where}: {READ}: {name} {word} is not tried")
    shown = word if option else rf"{label} +\S"
    if label and not re.search(rf"(?:^|\W){shown}", texts[SHOWN]):
        findings.append(f"{where}: {SHOWN}: its line of the dump is not there ({shown})")
    return findings


def check(top):
    table = lint.read(top, TABLE)
    texts = {path: lint.read(top, path) for path in (READ, SHOWN)}
    # adjacent pieces of one line of the configuration
    texts = {path: re.sub(r'"\s*\n?\s*f?"', "", text) for path, text in texts.items()}
    # what test_80_config.py calls ISSUER
    texts[READ] = re.sub(r'\bISSUER \+ f?["\']', "AuthBearerIssuer x", texts[READ])
    texts["sections"] = dict(SECTION.findall(lint.read(top, DOC)))
    directives = {key: (name, None if label == "NULL" else label.strip('"'))
                  for key, name, label in DIRECTIVE.findall(table)}
    findings, count = [], 0
    for line, _, directive, option in rows(table):
        where = f"{TABLE}:{line}"
        count += 1
        if directive not in directives:
            findings.append(f"{where}: there is no MAB_DIRECTIVE({directive}, …)")
            continue
        findings += check_row(where, option, *directives[directive], texts)
    if not count:
        findings.append(f"{TABLE}: no row found")
    return findings, f"{count} rows of {len(directives)} directives"


GOOD = {
    TABLE: '/* MAB_PLACE_NUMBER(id, field) */\nMAB_DIRECTIVE(A, "AuthBearerA", "a")\n'
           'MAB_PLACE_NUMBER(A, f, OPTION("max-f"), SECONDS,\n    lesser, JUDGED_AS(f))\n'
           'MAB_PLACE_LIST(A, mab_list_t, l, WHOLE("a"), INNER, show_l)\n'
           'MAB_PLACE_NUMBER(A, seen, SEEN, FLAG)\n'
           'MAB_DIRECTIVE(S, "AuthBearerS", NULL)\n'
           'MAB_SERVER_NUMBER(S, t, "t", SECONDS, 1, 2, 1, s.t)\n'
           'MAB_SERVER_ITEM(S, char, u, "u")\nMAB_SERVER_ITEM(S, char, v, "")\n'
           'MAB_DIRECTIVE(ISSUER, "AuthBearerI", "i")\n',
    DOC: "## AuthBearerA directive\n`max-f=` AuthBearerA\n## AuthBearerS directive\n`t=1s`\n"
         "## AuthBearerI directive\nt= u=\n",
    READ: '"AuthBearerA x "\n    "max-f=1", "AuthBearerS t=1"\n"AuthBearerI u=1 t=2"\n',
    SHOWN: '"  a            x max-f=1s"\n"  i            t=1s u=1"\n'}


def without(path, text, other=""):
    return {**GOOD, path: GOOD[path].replace(text, other)}


CASES = (
    ("all there", GOOD, None),
    ("an option that is not documented", without(DOC, "max-f="), "does not say max-f="),
    ("an option documented elsewhere", without(DOC, "`t=1s`\n", "\n## Other\nt=1s\n"),
     "does not say t="),
    ("an option that is not tried", without(READ, "max-f=1"), "AuthBearerA max-f= is not tried"),
    ("an issuer's option that is not tried", without(READ, "u=1 "), "AuthBearerI u= is not"),
    ("an issuer's option that no dump shows", without(SHOWN, " u=1"), "line of the dump"),
    ("an issuer's number that is not tried", without(READ, " t=2"), "AuthBearerI t= is not"),
    ("a server's option that is not tried", without(READ, " t=1"), "AuthBearerS t= is not tried"),
    ("an option that no dump shows", without(SHOWN, " max-f=1s"), "line of the dump"),
    ("another label in the dump", without(SHOWN, "  a  ", "  b  "), "line of the dump"),
    ("a row of no directive", without(TABLE, 'MAB_DIRECTIVE(S, "AuthBearerS", NULL)\n'),
     "no MAB_DIRECTIVE(S"),
    ("an empty table", {**GOOD, TABLE: ""}, "no row found"),
)

if __name__ == "__main__":
    lint.main("settings", check, CASES)
