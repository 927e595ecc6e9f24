# SPDX-License-Identifier: Apache-2.0
"""The table of docs/require-table.md: what each kind of Require line answers
to each kind of request. MAB_WRITE_DOCS=1 writes it anew."""
import json
import os
from pathlib import Path

import pytest

from testenv.mint import key

PAGE = Path(__file__).resolve().parents[2] / "docs" / "require-table.md"

#: what the two good tokens hold; the second is denied wherever it can be
GOOD = {"tier": "gold", "level": 7, "groups": ["staff", "admin"],
        "realm_access": {"roles": ["editor"]},
        "https://example.com/roles": ["editor"], "scope": "read write"}
POOR = {"sub": "bob", "banned": True, "scope": "list"}

KINDS = {"good": "good token", "denied": "good, but denied",
         "none": "no token", "bad": "bad signature", "expired": "expired"}

LINES = """
Require valid-user
-
Require user alice
-
Require claim tier
-
Require claim tier silver gold
-
Require claim groups admin
-
Require claim realm_access.roles editor
-
Require claim /https:~1~1example.com~1roles editor
-
Require claim tier ~ ^go
-
Require claim level >= 5
-
Require claim tier:gold
-
Require claim tier "%{tolower:GOLD}"
-
Require scope read
-
Require scope read write
-
Require scope admin
Require scope read
-
<RequireAll>
    Require claim groups staff
    Require scope read
</RequireAll>
-
<RequireAny>
    Require claim tier platinum
    <RequireAll>
        Require claim level > 6
        Require scope write
    </RequireAll>
</RequireAny>
-
<RequireAll>
    Require valid-user
    Require not claim banned
</RequireAll>
-
<RequireAll>
    Require all granted
    Require not claim banned
</RequireAll>
-
<RequireAll>
    Require all granted
    <RequireNone>
        Require claim banned
        Require scope list
    </RequireNone>
</RequireAll>
-
Require expr "claim('tier') == 'gold'"
-
Require expr "claim('banned') != 'true'"
-
Require expr "'admin' in claims('groups')"
-
Require ip 10.9.8.7
Require claim tier gold
-
Require ip 127.0.0.1
Require claim tier gold
-
<RequireAll>
    Require ip 127.0.0.1
    Require claim tier gold
</RequireAll>
-
AuthzSendForbiddenOnFailure On
Require claim tier gold
-
AuthBearerOptional On
Require valid-user
-
AuthBearerOptional On
Require all granted
-
Require all granted
-
Require all denied
"""
CONFIGURATIONS = [text.strip() for text in LINES.split("\n-\n")]


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    conf = base()
    for number, text in enumerate(CONFIGURATIONS):
        conf.place(f"t{number}x", require=text)
    server = serve(conf).warm("/p/t0x", tokens.token())
    server.errorlog.allow_always("AH01630|AH01631|AH01629|MAB0105|MAB0410")
    return server


@pytest.fixture(scope="module")
def requests(tokens):
    return {"good": tokens.token(**GOOD), "denied": tokens.token(**POOR),
            "none": None, "bad": tokens.token(key("P-256", "stranger"),
                                              {"kid": "ec1"}, **GOOD),
            "expired": tokens.token(exp=1, **GOOD)}


def cell(answer):
    """The answer in a few words; its challenge, if any, in full."""
    value = answer.header("WWW-Authenticate")
    if value is None:
        return str(answer.status), None
    challenge = answer.challenge()
    words = [str(answer.status), f"`{challenge.get('error', 'Bearer')}`"]
    if "scope" in challenge:
        words.append(f"(`{challenge['scope']}`)")
    assert answer.json()["status"] == answer.status
    return " ".join(words), (answer.status, value, answer.json()["code"])


def rows(site, requests):
    """The rows of the table, and each challenge that was seen."""
    table, seen = [], {}
    for number, text in enumerate(CONFIGURATIONS):
        row = ["<br>".join(
            "`" + line.replace("    ", "··") + "`"
            for line in text.replace("|", "\\|").splitlines())]
        for kind in KINDS:
            words, challenge = cell(site.get(f"/p/t{number}x",
                                             requests[kind]))
            row.append(words)
            if challenge:
                seen.setdefault(challenge, None)
        table.append(row)
    return table, sorted(seen)


HEAD = """# What Require answers

<!-- Written by tests/e2e/test_41_require_table.py with MAB_WRITE_DOCS=1. -->

Each row is the content of a place with `AuthType Bearer`; each cell is what
httpd answers: the status and the `error` of the challenge, with its `scope` in
parentheses. `Bearer` is a challenge that names no error: there was no token. A
cell without one has no `WWW-Authenticate` at all.

The *good token* holds `{good}`, its `sub` is `alice`. The one that is *good, but
denied* holds `{poor}`. The last two hold what the first holds.
"""

MIDDLE = """
## The challenges in full

Status, `WWW-Authenticate`, and the `code` of the JSON body.
"""


def page(site, requests):
    table, seen = rows(site, requests)
    out = [HEAD.format(good=json.dumps(GOOD), poor=json.dumps(POOR)),
           "| Configuration | " + " | ".join(KINDS.values()) + " |",
           "|---" * (1 + len(KINDS)) + "|"]
    out += ["| " + " | ".join(row) + " |" for row in table]
    out += [MIDDLE, "| | challenge | code |", "|---|---|---|"]
    out += [f"| {status} | `{value}` | `{code}` |"
            for status, value, code in seen]
    return "\n".join(out) + "\n"


def test_the_table(site, requests):
    text = page(site, requests)
    print(text)
    if os.environ.get("MAB_WRITE_DOCS"):
        PAGE.write_text(text)
    assert PAGE.read_text() == text, "MAB_WRITE_DOCS=1 writes it anew"


def test_what_the_table_must_say_whatever_was_written(site, requests):
    open_to_all = {"Require all granted",
                   "Require ip 127.0.0.1\nRequire claim tier gold"}
    anonymous = "AuthBearerOptional On\nRequire all granted"
    for number, text in enumerate(CONFIGURATIONS):
        status = {kind: site.get(f"/p/t{number}x", requests[kind]).status
                  for kind in KINDS}
        if text in open_to_all:
            assert set(status.values()) == {200}, text
        elif text == anonymous:
            assert list(status.values()) == [200, 200, 200, 401, 401]
        elif text == "Require all denied":
            assert 200 not in status.values()
        else:
            want_denied = 200 if text.endswith("Require valid-user") else 403
            assert list(status.values()) == \
                [200, want_denied, 401, 401, 401], text
