#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""directives - command table, reference and sample name the same directives.

httpd/conf/set_*.h is what the server does, docs/mod_auth_bearer.md what we say,
docs/auth_bearer.conf what people copy. The class of mistake this exists for: a
directive that is there and not explained, or explained and not there.
"""

import re

import lint

FOLDER, PREFIX = "httpd/conf", "httpd/conf/set_"
GATHERED = "httpd/conf/directives.c"
DOC = "docs/mod_auth_bearer.md"
SAMPLE = "docs/auth_bearer.conf"

SERVER = {"server config", "virtual host"}
PLACES = {"RSRC_CONF": SERVER, "ACCESS_CONF": {"directory"},
          "OR_AUTHCFG": {"directory", ".htaccess"}}
# other modules' directives that ours watches are documented by those modules
ENTRY = re.compile(r'(?:AP_INIT|MAB_SETTER)_\w+\(\s*"(AuthBearer\w+)"')
ROWS = re.compile(r"^#define\s+(MAB_\w+_ROWS)\b", re.M)
DEFINE = re.compile(r"^#define\s+(\w+)\s+(\(?[\w |]+\)?)\s*$", re.M)
SECTION = re.compile(r"^## (AuthBearer\w+) directive\n(.*?)(?=^## |\Z)", re.M | re.S | re.I)
FIELD = re.compile(r"^\| (\w+): \| (.*?) \|$", re.M)
FIELDS = ("Description", "Syntax", "Default", "Context", "Status", "Module")


def arguments(text, start):
    """The arguments of the macro call whose first one begins at start."""
    depth, begin, found = 0, start, []
    position = start
    while position < len(text):
        char = text[position]
        if char == '"':
            position = re.compile(r'"(?:[^"\\]|\\.)*"').match(text, position).end()
            continue
        if char in ",)" and depth == 0:
            found.append(text[begin:position].strip())
            begin = position + 1
            if char == ")":
                return found
        depth += (char in "({[") - (char in ")}]")
        position += 1
    return found


def sources(top):
    """{path: text without comments and continued lines} of what has rows."""
    return {path: re.sub(r"/\*.*?\*/", lambda hit: "\n" * hit.group().count("\n"),
                         lint.read(top, path), flags=re.S).replace("\\\n", "\n")
            for path in lint.files(top, FOLDER, (".h",))}


def read_rows(path, text, defines, table):
    """Adds a header's rows to {directive: set of contexts}; findings."""
    findings = []
    for hit in ENTRY.finditer(text):
        name, where = hit.group(1), f"{path}:{lint.line_of(text, hit.start())}"
        args = arguments(text, text.index("(", hit.start()) + 1)
        where_allowed = args[-2] if len(args) > 2 else ""
        words = set(re.findall(r"\w+", defines.get(where_allowed, where_allowed)))
        if not words or words - set(PLACES):
            findings.append(f"{where}: {name}: contexts {where_allowed} are not understood")
            continue
        if name in table:
            findings.append(f"{where}: {name} is there twice")
        table[name] = set().union(*(PLACES[word] for word in words))
    return findings


def read_table(top):
    """({directive: set of contexts}, findings) of the headers' rows."""
    texts = sources(top)
    defines = {name: value for text in texts.values() for name, value in DEFINE.findall(text)}
    gathered = lint.read(top, GATHERED)
    table, findings = {}, []
    for path in (path for path in texts if path.startswith(PREFIX)):
        findings += [f"{path}: {rows} is not in {GATHERED}"
                     for rows in ROWS.findall(texts[path]) if rows + "," not in gathered]
        findings += read_rows(path, texts[path], defines, table)
    return table, findings


def read_doc(top):
    """{directive: {field: text}} of the reference."""
    return {name: dict(FIELD.findall(body))
            for name, body in SECTION.findall(lint.read(top, DOC))}


def check_section(name, contexts, fields):
    findings = [f"{DOC}: {name}: no {field}" for field in FIELDS if not fields.get(field)]
    said = {word.strip() for word in fields.get("Context", "").split(",")}
    # a directive for the whole server alone is refused in virtual hosts by its setter
    same = said == contexts or (contexts == SERVER and said == {"server config"})
    if fields.get("Context") and not same:
        findings.append(f"{DOC}: {name}: Context is {sorted(said)}, the table has "
                        f"{sorted(contexts)}")
    if (fields.get("Override") == "AuthConfig") != (".htaccess" in contexts):
        findings.append(f"{DOC}: {name}: Override does not fit the context .htaccess")
    syntax = fields.get("Syntax", "")
    if syntax and not syntax.startswith(f"`{name} "):
        findings.append(f"{DOC}: {name}: Syntax does not begin with `{name}")
    return findings


def sample_lines(top):
    """(line number, inside a section, words) of each directive, commented out or not."""
    depth = 0
    for number, line in enumerate(lint.read(top, SAMPLE).splitlines(), 1):
        line = re.sub(r"^\s*#?", "", line).strip()
        if re.match(r"<(Location|Directory|Files|Proxy)", line):
            depth += 1
        elif re.match(r"</(Location|Directory|Files|Proxy)", line):
            depth -= 1
        elif re.match(r"AuthBearer\w+( |$)", line):
            yield number, depth > 0, " ".join(line.split())


def check_sample(top, table, doc):
    findings, seen = [], set()
    lines = list(sample_lines(top))
    for number, inside, line in lines:
        name = line.split()[0]
        seen.add(name)
        where = f"{SAMPLE}:{number}: {name}"
        if name not in table:
            findings.append(f"{where}: there is no such directive")
        elif inside and "directory" not in table[name]:
            findings.append(f"{where}: not allowed inside a section")
        elif not inside and not table[name] & SERVER:
            findings.append(f"{where}: not allowed outside of sections")
    findings += [f"{SAMPLE}: {name} is missing" for name in sorted(set(table) - seen)]
    for name in sorted(set(table) & seen):
        default = re.match(rf"`({name} [^`]+)`", doc.get(name, {}).get("Default", ""))
        if default and default.group(1).replace("\\|", "|") not in [line for _, _, line in lines]:
            findings.append(f"{SAMPLE}: {name}: no line shows the default {default.group(1)}")
    return findings


def check(top):
    table, findings = read_table(top)
    doc = read_doc(top)
    findings += [f"{DOC}: {name} is missing" for name in sorted(set(table) - set(doc))]
    findings += [f"{DOC}: {name} is not in {FOLDER}" for name in sorted(set(doc) - set(table))]
    for name in sorted(set(table) & set(doc)):
        findings += check_section(name, table[name], doc[name])
    if not table:
        findings.append(f"{PREFIX}*: no directive found")
    findings += check_sample(top, table, doc)
    return findings, f"{len(table)} directives"


ROW = ('#define MAB_SET_A_ROWS \\\n MAB_SETTER_WORD("AuthBearerA", set_it, '
       'RSRC_CONF | OR_AUTHCFG, "a, (b)"), \\\n')
SECTION_A = """## AuthBearerA directive

| | |
|---|---|
| Description: | it |
| Syntax: | `AuthBearerA on\\|off` |
| Default: | `AuthBearerA on` |
| Context: | server config, virtual host, directory, .htaccess |
| Override: | AuthConfig |
| Status: | Extension |
| Module: | mod_auth_bearer |
"""


def tree(source=ROW, doc=SECTION_A, sample="# AuthBearerA on\n"):
    return {PREFIX + "a.h": source, GATHERED: "MAB_SET_A_ROWS,\n", DOC: doc, SAMPLE: sample}


CASES = (
    ("all agree", tree(), None),
    ("contexts by a macro",
     {**tree(source=ROW.replace("RSRC_CONF | OR_AUTHCFG", "HERE")),
      FOLDER + "/a.h": "#define HERE (RSRC_CONF | OR_AUTHCFG)\n"}, None),
    ("another module's directive",
     tree(source=ROW + ROW.replace("AuthBearerA", "AuthType")), None),
    ("another context", tree(doc=SECTION_A.replace(", virtual host", "")), "Context is"),
    ("no Override", tree(doc=SECTION_A.replace("AuthConfig", "none")), "Override"),
    ("no Syntax", tree(doc=SECTION_A.replace("Syntax", "Form")), "no Syntax"),
    ("a Syntax of another directive", tree(doc=SECTION_A.replace("`AuthBearerA on\\|", "`B on\\|")),
     "Syntax does not begin"),
    ("no Default", tree(doc=SECTION_A.replace("Default", "Preset")), "no Default"),
    ("not documented", tree(doc=""), "AuthBearerA is missing"),
    ("documented but gone", tree(doc=SECTION_A + SECTION_A.replace("BearerA", "BearerB")),
     "AuthBearerB is not in"),
    ("not in the sample", tree(sample=""), "AuthBearerA is missing"),
    ("unknown in the sample", tree(sample="AuthBearerA on\nAuthBearerC x\n"), "no such directive"),
    ("the sample lacks the default", tree(sample="AuthBearerA off\n"), "no line shows"),
    ("in a section where it is not allowed",
     tree(source=ROW.replace(" | OR_AUTHCFG", ""),
          doc=SECTION_A.replace(", directory, .htaccess", "").replace("AuthConfig", "-"),
          sample="<Location />\n    AuthBearerA on\n</Location>\n"), "inside a section"),
    ("outside where it is not allowed",
     tree(source=ROW.replace("RSRC_CONF | ", ""),
          doc=SECTION_A.replace("server config, virtual host, ", "")), "outside of sections"),
    ("rows that nobody gathers", {**tree(), GATHERED: ""}, "MAB_SET_A_ROWS is not in"),
    ("twice in the table", tree(source=ROW + ROW), "is there twice"),
    ("contexts that are not understood", tree(
        source=ROW + ROW.replace("BearerA", "BearerX").replace("RSRC_CONF", "OR_ALL")),
     "not understood"),
)

if __name__ == "__main__":
    lint.main("directives", check, CASES)
