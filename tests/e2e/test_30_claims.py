# SPDX-License-Identifier: Apache-2.0
"""Claims into users, the environment, headers and expressions."""
import base64
import json
from pathlib import Path

import pytest

from testenv.mint import AUDIENCE, DROP, Mint, key

ENV_NAMES = "SUB EMAIL ROLES ROLES_JSON ROLES_JOIN ROLES_B64 ADDRESS COUNT " \
            "FLAG URLS FIRST ALL ALL64 NULL GONE MAIL_JSON".split()
SEE = [f'Header set Env-{name.replace("_", "-")} '
       f'"expr=%{{reqenv:E_{name}}}"' for name in ENV_NAMES]
CLAIMS = """
AuthBearerClaim sub env:E_SUB
AuthBearerClaim email env:E_EMAIL
AuthBearerClaim email env:E_MAIL_JSON json
AuthBearerClaim realm_access.roles env:E_ROLES
AuthBearerClaim realm_access.roles env:E_ROLES_JSON json
AuthBearerClaim realm_access.roles env:E_ROLES_JOIN join:;
AuthBearerClaim realm_access.roles env:E_ROLES_B64 base64url
AuthBearerClaim address env:E_ADDRESS
AuthBearerClaim count env:E_COUNT
AuthBearerClaim flag env:E_FLAG
AuthBearerClaim /https:~1~1example.org~1roles/0 env:E_URLS
AuthBearerClaim realm_access.roles.0 env:E_FIRST
AuthBearerClaim * env:E_ALL
AuthBearerClaim * env:E_ALL64 base64url
AuthBearerClaim null env:E_NULL
AuthBearerClaim no.such.claim env:E_GONE
"""
FULL = {"email": "a@example", "realm_access": {"roles": ["red", "blue"]},
        "address": {"city": "X", "zip": 1}, "count": 42, "flag": True,
        "https://example.org/roles": ["url-role"], "null": None}


def see_headers(*names):
    return [f'Header always set Seen-{name} "expr=%{{req:{name}}}"'
            for name in names]


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    conf = base("AuthBearerCheck leeway=30s") \
        .place("env", CLAIMS, *SEE) \
        .location("/p/env/none", "AuthBearerClaim none") \
        .location("/p/env/other", "AuthBearerClaim none",
                  "AuthBearerClaim email env:E_SUB") \
        .place("header",
               "AuthBearerClaim sub header:X-Remote",
               "AuthBearerClaim realm_access.roles header:X-Roles join:,",
               "AuthBearerClaim email header:X-Email-B64 base64url",
               *see_headers("X-Remote", "X-Roles", "X-Email-B64")) \
        .place("big", "AuthBearerClaim big env:E_COUNT",
               "AuthBearerClaim big header:X-Big",
               "AuthBearerClaim big header:X-Big-Json json",
               "AuthBearerClaim big header:X-Big-List join:,",
               *SEE, *see_headers("X-Big", "X-Big-Json", "X-Big-List")) \
        .place("header-open", "AuthBearerClaim sub header:X-Remote",
               *see_headers("X-Remote"), require="Require all granted") \
        .place("user", "AuthBearerUser email username sub") \
        .place("user-deep", "AuthBearerUser realm_access.name") \
        .place("user-pointer", "AuthBearerUser /https:~1~1example.org~1roles/0")\
        .place("user-expr",
               "AuthBearerUser \"expr=%{tolower:%{claim:email}}\"") \
        .place("user-expr-two",
               "AuthBearerUser \"expr=%{claim:iss}#%{claim:email}\"") \
        .place("expr",
               'Header set X-Claim "expr=%{claim:email}"',
               'Header set X-Deep "expr=%{claim:realm_access.roles.1}"',
               'Header set X-Gone "expr=[%{claim:nothing}]"',
               'Header set X-Red "yes" '
               '"expr=\'red\' in claims(\'realm_access.roles\')"',
               'Header set X-Green "yes" '
               '"expr=\'green\' in claims(\'realm_access.roles\')"',
               "RewriteEngine On",
               "RewriteCond expr \"claim('email') == 'move@example'\"",
               'RewriteRule .* "-" [R=410,L]') \
        .place("req-expr", require="Require expr \"claim('email') == "
                                   "'a@example'\"") \
        .place("req-expr-not", require="Require expr \"claim('email') != "
                                       "'a@example'\"") \
        .place("req-expr-list",
               require="Require expr \"'red' in "
                       "claims('realm_access.roles')\"")
    server = serve(conf).warm("/p/env", tokens.token())
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    return server


def test_claims_in_the_environment(site, tokens):
    answer = site.accepted("/p/env", tokens.token(**FULL), "alice")
    seen = {name: answer.header("Env-" + name.replace("_", "-"))
            for name in ENV_NAMES}
    assert seen["SUB"] == "alice"
    assert seen["EMAIL"] == "a@example"
    assert seen["MAIL_JSON"] == '"a@example"'
    assert json.loads(seen["ROLES"]) == ["red", "blue"]
    assert json.loads(seen["ROLES_JSON"]) == ["red", "blue"]
    assert seen["ROLES_JOIN"] == "red;blue"
    assert json.loads(base64.urlsafe_b64decode(seen["ROLES_B64"] + "==")) == \
        ["red", "blue"]
    assert json.loads(seen["ADDRESS"]) == {"city": "X", "zip": 1}
    assert seen["COUNT"] == "42"
    assert seen["FLAG"] == "true"
    assert seen["URLS"] == "url-role"
    assert seen["FIRST"] == "red"
    assert not seen["NULL"] and not seen["GONE"]
    everything = json.loads(seen["ALL"])
    assert everything["sub"] == "alice" and everything["count"] == 42
    assert json.loads(base64.urlsafe_b64decode(seen["ALL64"] + "==")) == \
        everything


@pytest.mark.parametrize("big", [
    "18446744073709551615", "-9223372036854775809", "1e400", "-1.50E+0400",
    "1234567890123456789012345678901234567890"])
def test_numbers_that_nothing_holds_are_exported_as_written(site, tokens, big):
    text = json.dumps(tokens.claims())[:-1] + f', "big": {big}, "count": {big}}}'
    answer = site.get("/p/big", tokens.forge(payload=text))
    assert answer.status == 200
    for name in ("Env-COUNT", "Seen-X-Big", "Seen-X-Big-Json",
                 "Seen-X-Big-List"):
        assert answer.header(name) == big, name
    answer = site.get("/p/env", tokens.forge(payload=text))
    assert f'"big":{big},"count":{big}}}' in answer.header("Env-ALL")


def test_claims_that_are_absent_are_not_set(site, tokens):
    answer = site.accepted("/p/env", tokens.token())
    assert answer.header("Env-SUB") == "alice"
    assert not answer.header("Env-EMAIL")
    assert not answer.header("Env-ROLES-JOIN")


def test_none_resets(site, tokens):
    answer = site.accepted("/p/env/none", tokens.token(**FULL))
    assert not answer.header("Env-SUB") and not answer.header("Env-ALL")
    answer = site.accepted("/p/env/other", tokens.token(**FULL))
    assert answer.header("Env-SUB") == "a@example"
    assert not answer.header("Env-EMAIL")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\tb",
                                   "a\x7fb", "\x1b[31m", "\x01"], ids=ascii)
def test_control_characters_are_not_exported(site, tokens, value):
    answer = site.accepted("/p/env", tokens.token(email=value))
    assert not answer.header("Env-EMAIL")
    assert answer.header("X-Evil") is None
    answer = site.accepted("/p/header", tokens.token(
        realm_access={"roles": [value]}, email=value))
    assert not answer.header("Seen-X-Roles")
    assert answer.header("X-Evil") is None
    # base64url is the way out
    text = answer.header("Seen-X-Email-B64")
    assert base64.urlsafe_b64decode(text + "==").decode() == value


BLANK_ENDS = ["admin ", " admin", "admin\u00a0", "\u2003admin", "admin\u200b",
              "\ufeffadmin", "admin\u00ad", "admin\U000e0041", " ",
              "\u200b\u2060", "\u2800"]


@pytest.mark.parametrize("value", BLANK_ENDS, ids=ascii)
def test_blank_ends_are_not_exported(site, tokens, value):
    """Who reads a header cuts blanks off, and "admin " becomes "admin"."""
    answer = site.accepted("/p/env", tokens.token(email=value))
    assert not answer.header("Env-EMAIL")
    assert "claim for E_EMAIL not exported: it begins or ends with a blank" \
        in site.errorlog.text()
    assert answer.header("Env-MAIL-JSON") is not None
    answer = site.accepted("/p/header", tokens.token(email=value))
    text = answer.header("Seen-X-Email-B64")
    assert base64.urlsafe_b64decode(text + "==").decode() == value
    answer = site.accepted("/p/expr", tokens.token(email=value))
    assert not answer.header("X-Claim")


@pytest.mark.parametrize("value", BLANK_ENDS, ids=ascii)
def test_blank_ends_are_no_user(site, tokens, value):
    token = tokens.token(sub=value)
    site.refused("/p/env", token, "subject_missing")
    site.refused("/p/header", token, "subject_missing")
    for place in ("user-expr", "user-expr-two"):
        site.refused(f"/p/{place}", tokens.token(email=value),
                     "subject_missing")
    # as a name that is not there: the next one counts
    site.accepted("/p/user", tokens.token(email=value), "alice")


@pytest.mark.parametrize("roles", [
    ["x,admin,y"], ["x", " admin"], ["x", "admin\u200b"], ["x", ["admin"]],
    ["x", None], {"admin": 1}, "x,admin", ["x;admin"]], ids=ascii)
def test_what_cannot_be_joined_is_left_out(site, tokens, roles):
    token = tokens.token(realm_access={"roles": roles})
    semicolons = site.accepted("/p/env", token).header("Env-ROLES-JOIN")
    commas = site.accepted("/p/header", token).header("Seen-X-Roles")
    for text, separator in ((semicolons, ";"), (commas, ",")):
        members = roles if isinstance(roles, list) else [roles]
        cut = [part.strip() for part in (text or "").split(separator)]
        assert not text or cut == members
    assert "not exported: joining it would be ambiguous" in site.errorlog.text()


def manual_lines(start):
    """The lines of a block of the manual, from one that begins so."""
    page = Path(__file__).resolve().parents[2] / "docs" / "mod_auth_bearer.md"
    block = [b for b in page.read_text().split("```") if b.startswith("apache")
             and start in b]
    assert len(block) == 1
    return [line.strip() for line in block[0].splitlines()[1:]]


def test_a_user_of_two_claims_reads_one_way(serve_once, base, tokens):
    lines = manual_lines("%{claim:tenant}/%{claim:sub}")
    lines = [line for line in lines if not line.startswith(
        ("<Location", "</Location", "AuthBearerIssuer", "AuthBearerAudience"))]
    server = serve_once(base().location("/p/two", *lines))
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    server.warm("/p/two", tokens.token(tenant="a", sub="b/c", scope="read"))
    server.accepted("/p/two", tokens.token(tenant="a", sub="b/c", scope="read"),
                    "a/b/c")
    for tenant in ("a/b", "/"):
        assert server.get("/p/two", tokens.token(
            sub="c", scope="read", tenant=tenant)).status == 403
    # a part that is missing makes no user
    for more in ({"tenant": ""}, {}, {"tenant": None}, {"tenant": ["a"]},
                 {"tenant": "a", "sub": DROP}):
        server.refused("/p/two", tokens.token(**{
            "sub": "c", "scope": "read", **more}), "subject_missing")
    assert server.get("/p/two", tokens.token(tenant="a", sub="c")).status == 403


#: AuthBearerUser -> the claim that it needs beside sub, and its user for "a"
PUT_TOGETHER = {
    "parts": ("%{claim:tenant}#%{claim:sub}", "a#alice"),
    "behind": ("%{claim:sub}@%{claim:tenant}", "alice@a"),
    "changed": ("%{tolower:%{claim:tenant}}-%{claim:sub}", "a-alice"),
    "alone": ("%{claim:tenant}", "a"),
    "prefix": ("id-%{claim:tenant}", "id-a"),
    "asked": ("%{claim:tenant}#%{claim:sub}", "a#alice"),
    # a path that only the request makes: tenant
    "late": ("%{claim:%{tolower:TENANT}}-%{claim:sub}", "a-alice"),
}
NOTHING = {"absent": DROP, "empty": "", "null": None, "array": ["a"],
           "no array": [], "object": {"a": "a"}, "no object": {}, "true": True}


@pytest.fixture(scope="module")
def put_together(serve, base, tokens):
    conf = base()
    for name, (text, _) in PUT_TOGETHER.items():
        conf.place(name, f'AuthBearerUser "expr={text}"', require="\n".join((
            # what others ask for is no part of the name
            "<RequireAll>", "Require valid-user",
            *(["Require expr \"%{claim:nothing} == ''\""]
              if name == "asked" else []), "</RequireAll>")))
    return serve(conf).warm("/p/parts", tokens.token(tenant="a"))


@pytest.mark.parametrize("name", PUT_TOGETHER)
def test_a_user_that_is_put_together_has_all_parts(put_together, tokens, name):
    user = PUT_TOGETHER[name][1]
    target = f"/p/{name}"
    put_together.accepted(target, tokens.token(tenant="a"), user)
    put_together.accepted(target, tokens.token(tenant=5), user.replace(
        "a", "5", 1) if name != "behind" else "alice@5")
    for value in NOTHING.values():
        put_together.refused(target, tokens.token(tenant=value),
                             "subject_missing")
        if "sub" in PUT_TOGETHER[name][0]:
            put_together.refused(target, tokens.token(tenant="a", sub=value),
                                 "subject_missing")


#: ends of a path that only the request makes, none of them a claim path
NO_PATHS = {"dot": "sub.", "dots": "sub..x", "tilde": "/sub~2", "empty": "",
            "long": 300 * "a", "deep": ".".join(100 * "a")}


@pytest.mark.parametrize("name", NO_PATHS)
def test_a_path_that_is_none_makes_no_user(no_paths, tokens, name):
    no_paths.refused(f"/p/no?{NO_PATHS[name]}", tokens.token(),
                     "subject_missing")


@pytest.fixture(scope="module")
def no_paths(serve, base, tokens):
    server = serve(base().place(
        "no", 'AuthBearerUser "expr=u-%{claim:%{QUERY_STRING}}"'), start=False)
    server.errorlog.allow_always("MAB0147")
    return server.start().warm("/p/no?sub", tokens.token())


def test_users_of_two_issuers_are_told_apart(serve_once, base, issuer, tokens,
                                             make_issuer):
    signer = key("P-256", "ec1")
    other = make_issuer("/told-apart", [signer])
    server = serve_once(base().place(
        "two", f"AuthBearerIssuer {issuer.url}",
        f"AuthBearerIssuer {other.url}",
        *manual_lines("%{claim:iss}#%{claim:sub}")))
    strangers = Mint(other.url, signer, AUDIENCE)
    for one, minted in ((issuer, tokens), (other, strangers)):
        server.warm("/p/two", minted.token())
        server.accepted("/p/two", minted.token(), f"{one.url}#alice")


def test_claims_as_request_headers(site, tokens):
    answer = site.accepted("/p/header", tokens.token(**FULL))
    assert answer.header("Seen-X-Remote") == "alice"
    assert answer.header("Seen-X-Roles") == "red,blue"


@pytest.mark.parametrize("name", ["X-Remote", "x-remote", "X-REMOTE",
                                  "X_Remote", "x_remote"])
@pytest.mark.parametrize("place", ["/p/header", "/p/header-open"])
def test_headers_of_the_client_never_pass_for_claims(site, tokens, name,
                                                     place):
    forged = [(name, "root"), (name, "admin")]
    answer = site.get(place, headers=forged)
    assert "root" not in (answer.header("Seen-X-Remote") or "")
    answer = site.get(place, tokens.token(), headers=forged)
    assert answer.status == 200
    assert answer.header("Seen-X-Remote") in ("alice", "", None)
    if place == "/p/header":
        assert answer.header("Seen-X-Remote") == "alice"


def test_a_header_whose_claim_is_absent_is_removed(site, tokens):
    answer = site.get("/p/header", tokens.token(),
                      headers=[("X-Roles", "admin")])
    assert answer.status == 200
    assert not answer.header("Seen-X-Roles")


# --- the user ---

def test_the_first_usable_claim_is_the_user(site, tokens):
    site.accepted("/p/user", tokens.token(email="a@example"), "a@example")
    site.accepted("/p/user", tokens.token(username="ann"), "ann")
    site.accepted("/p/user", tokens.token(email="", username="ann"), "ann")
    site.accepted("/p/user", tokens.token(email=" ", username=1), "alice")
    site.refused("/p/user", tokens.token(sub=DROP), "subject_missing")


def test_the_user_from_inside(site, tokens):
    site.accepted("/p/user-deep", tokens.token(realm_access={"name": "deep"}),
                  "deep")
    site.refused("/p/user-deep", tokens.token(), "subject_missing")
    site.accepted("/p/user-pointer", tokens.token(**FULL), "url-role")


def test_the_user_from_an_expression(site, tokens):
    site.accepted("/p/user-expr", tokens.token(email="ANN@Example"),
                  "ann@example")
    site.refused("/p/user-expr", tokens.token(), "subject_missing")


# --- expressions ---

def test_claims_in_expressions(site, tokens):
    answer = site.accepted("/p/expr", tokens.token(**FULL))
    assert answer.header("X-Claim") == "a@example"
    assert answer.header("X-Deep") == "blue"
    assert answer.header("X-Gone") == "[]"
    assert answer.header("X-Red") == "yes"
    assert answer.header("X-Green") is None
    answer = site.accepted("/p/expr", tokens.token())
    assert answer.header("X-Red") is None


def test_claims_in_rewrite_conditions(site, tokens):
    answer = site.get("/p/expr", tokens.token(email="move@example"))
    assert answer.status == 410


def test_claims_in_require_expressions(site, tokens):
    site.accepted("/p/req-expr", tokens.token(**FULL), "alice")
    answer = site.get("/p/req-expr", tokens.token())
    assert answer.status == 403
    assert answer.challenge()["error"] == "insufficient_scope"
    site.accepted("/p/req-expr-list", tokens.token(**FULL))
    assert site.get("/p/req-expr-list", tokens.token()).status == 403


@pytest.mark.parametrize("place", ["req-expr", "req-expr-not",
                                   "req-expr-list"])
def test_an_expression_over_claims_never_lets_anonymous_in(site, place,
                                                           tokens):
    answer = site.get("/p/" + place)
    assert answer.status == 401
    assert answer.json()["code"] == "auth.authorization_header_missing"
    assert "error" not in answer.challenge()
    site.refused("/p/" + place, tokens.token(exp=1, email="a@example"),
                 "expired")
