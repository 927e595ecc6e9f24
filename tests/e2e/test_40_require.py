# SPDX-License-Identifier: Apache-2.0
"""Require: who may, and the 403 for a good token that is not enough."""
import pytest

from testenv.mint import DROP

ROLES = {"realm_access": {"roles": ["red", "blue"]}, "level": 7, "ratio": 1.5,
         "admin": True, "guest": False, "empty": "", "nothing": None,
         "zero": 0, "text": "A b", "list": [], "numbers": [1, 2, 10],
         "https://x.example/roles": ["url"], "scope": "read write",
         "mixed": ["a", 5, True, None, {"x": 1}],
         "big": 18446744073709551615, "bigs": [1, 18446744073709551615],
         "vast": 10 ** 400}

#: name -> (Require lines, is the token of ROLES granted)
LINES = {
    "present": ("claim level", True),
    "present-absent": ("claim nobody", False),
    "present-null": ("claim nothing", False),
    "present-false": ("claim guest", False),
    "present-empty": ("claim empty", False),
    "present-zero": ("claim zero", True),
    "present-deep": ("claim realm_access.roles", True),
    "equal": ('claim text "A b"', True),
    "equal-any": ('claim text x y "A b"', True),
    "equal-case": ('claim text "a b"', False),
    "equal-prefix": ("claim text A", False),
    "equal-none": ("claim text x y", False),
    "array": ("claim realm_access.roles red", True),
    "array-any": ("claim realm_access.roles green blue", True),
    "array-not": ("claim realm_access.roles green", False),
    "array-part": ("claim realm_access.roles re", False),
    "array-empty": ("claim list x", False),
    "array-number": ("claim numbers 10", True),
    "array-number-not": ("claim numbers 3", False),
    "mixed-string": ("claim mixed a", True),
    "mixed-number": ("claim mixed 5", True),
    "mixed-true": ("claim mixed true", True),
    "number": ("claim level 7", True),
    "number-text": ("claim level 7.0", False),
    "number-not": ("claim level 8", False),
    "real": ("claim ratio 1.5", True),
    "true": ("claim admin true", True),
    "true-not": ("claim admin True", False),
    "false": ("claim guest false", True),
    "pointer": ("claim /https:~1~1x.example~1roles url", True),
    "pointer-deep": ("claim /realm_access/roles/1 blue", True),
    "pointer-wrong": ("claim /realm_access/roles/2 blue", False),
    "regex": ("claim text ~ ^A", True),
    "regex-not": ("claim text ~ ^B", False),
    "regex-array": ("claim realm_access.roles ~ ^bl", True),
    "greater": ("claim level >= 7", True),
    "greater-not": ("claim level > 7", False),
    "less": ("claim level < 7.5", True),
    "less-not": ("claim level < 7", False),
    "less-equal": ("claim level <= 7", True),
    "compare-text": ("claim text > 0", False),
    "compare-absent": ("claim nobody < 100", False),
    "big": ("claim big 18446744073709551615", True),
    "big-before": ("claim big 18446744073709551614", False),
    "big-after": ("claim big 18446744073709551616", False),
    "big-rounded": ("claim big 1.8446744073709552e19", False),
    "big-real": ("claim big 18446744073709551615.0", False),
    "big-wrapped": ("claim big -1", False),
    "big-array": ("claim bigs 18446744073709551615", True),
    "big-array-not": ("claim bigs 18446744073709551614", False),
    "big-present": ("claim big", True),
    "big-greater": ("claim big > 9223372036854775807", True),
    "big-less": ("claim big < 18446744073709551616.0", True),
    "big-less-not": ("claim big < 9223372036854775807", False),
    "big-regex": ("claim big ~ ^1", False),
    "vast": ("claim vast 1" + 400 * "0", True),
    "vast-not": ("claim vast 1" + 399 * "0" + "1", False),
    "vast-greater": ("claim vast > 1.7e308", True),
    "word": ("claim text:x level:7", True),
    "word-not": ("claim level:8", False),
    "word-array": ("claim scope:read", None),
    "word-regex": ("claim text~^A", True),
    "scope": ("scope read", True),
    "scope-all": ("scope write read", True),
    "scope-not": ("scope read admin", False),
    "scope-part": ("scope rea", False),
    "alias-claim": ("bearer-claim level 7", True),
    "alias-scope": ("bearer-scope read", True),
    "alias-scope-not": ("bearer-scope admin", False),
    "valid-user": ("valid-user", True),
    "user": ("user bob alice", True),
    "user-not": ("user bob", False),
}

BLOCKS = {
    "all": ("<RequireAll>\nRequire claim level 7\nRequire scope read\n"
            "</RequireAll>", True),
    "all-not": ("<RequireAll>\nRequire claim level 7\nRequire scope admin\n"
                "</RequireAll>", False),
    "any": ("<RequireAny>\nRequire claim level 8\nRequire scope read\n"
            "</RequireAny>", True),
    "any-not": ("<RequireAny>\nRequire claim level 8\nRequire scope admin\n"
                "</RequireAny>", False),
    "not-big": ("<RequireAll>\nRequire valid-user\n"
                "Require not claim big 18446744073709551615\n</RequireAll>",
                False),
    "not-big-before": ("<RequireAll>\nRequire valid-user\n"
                       "Require not claim big 18446744073709551614\n"
                       "</RequireAll>", True),
    "two-lines": ("Require claim level 8\nRequire claim level 7", True),
    "not": ("<RequireAll>\nRequire valid-user\nRequire not claim level 8\n"
            "</RequireAll>", True),
    "not-not": ("<RequireAll>\nRequire valid-user\nRequire not claim level 7\n"
                "</RequireAll>", False),
    "not-user": ("<RequireAll>\nRequire valid-user\nRequire not user alice\n"
                 "</RequireAll>", False),
    "none": ("<RequireAll>\nRequire valid-user\n<RequireNone>\n"
             "Require claim level 7\nRequire claim level 9\n</RequireNone>\n"
             "</RequireAll>", False),
    "none-ok": ("<RequireAll>\nRequire valid-user\n<RequireNone>\n"
                "Require claim level 8\n</RequireNone>\n</RequireAll>", True),
    "forbidden": ("AuthzSendForbiddenOnFailure On\nRequire claim level 8",
                  False),
    "denied": ("Require all denied", False),
    "elsewhere": ("Require ip 10.9.8.7", False),
    "ip-and": ("<RequireAll>\nRequire ip 127.0.0.1\nRequire claim level 7\n"
               "</RequireAll>", True),
}

CASES = {**{name: ("Require " + line, want)
            for name, (line, want) in LINES.items()}, **BLOCKS}


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    conf = base()
    for name, (lines, _) in CASES.items():
        conf.place(name, require=lines)
    conf.place("granted", require="Require all granted")
    conf.place("ip", require="Require ip 127.0.0.1")
    conf.place("ip-or", require="Require ip 10.9.8.7\nRequire claim level 7")
    conf.place("options", require="Require method OPTIONS\n"
                                  "Require claim level 7")
    conf.place("regex-dos", require="Require claim text ~ ^(a+)+$")
    conf.place("regex-dos-not", require="<RequireAll>\nRequire valid-user\n"
               "Require not claim text ~ ^(a+)+$\n</RequireAll>")
    conf.place("regex-nested", require="Require claim text ~ (a+)+$")
    conf.place("regex-nested-not", require="<RequireAll>\n"
               "Require valid-user\nRequire not claim text ~ (a+)+$\n"
               "</RequireAll>")
    conf.place("regex-lines", require="\n".join(
        ["Require claim text ~ (a+)+$"] * 60 + ["Require claim last ~ ^yes$"]))
    conf.place("late", require='Require claim tenant "%{req:X-Tenant}" fixed')
    conf.place("late-word",
               require='Require claim "tenant:%{tolower:%{req:X-Tenant}}"')
    conf.place("late-scope", require='Require scope "%{req:X-Scope}"')
    conf.place("alike", require="Require scope api:write\n"
                                "Require scope api:read API:read api")
    conf.place("scopes", 'AuthName "The API"',
               require="Require scope read write")
    server = serve(conf).warm("/p/valid-user", tokens.token(**ROLES))
    # mod_authz_core's line for every denial is at error
    server.errorlog.allow_always("AH01630|AH01631|AH01629|MAB014[345]|MAB0410")
    return server


def denied(site, target, token):
    answer = site.get(target, token)
    assert answer.status == 403, f"{answer} {site.said()[-3000:]}"
    assert answer.challenge()["error"] == "insufficient_scope"
    body = answer.json()
    assert (body["code"], body["status"]) == ("insufficient_scope", 403)
    return answer


@pytest.mark.parametrize("name", CASES)
def test_require(site, tokens, name):
    want = CASES[name][1]
    token = tokens.token(**ROLES)
    if want is None:
        # httpd decides: either way no crash, and no 401 for a good token
        assert site.get("/p/" + name, token).status in (200, 403)
    elif want:
        site.accepted("/p/" + name, token, "alice")
    elif name in ("denied", "elsewhere"):
        # closed to all: a good token is not told from a bad one
        answers = [site.get("/p/" + name, one)
                   for one in (token, tokens.token(exp=1), None)]
        assert {(a.status, a.body, a.header("WWW-Authenticate"))
                for a in answers} == {(403, answers[0].body, None)}
    else:
        denied(site, "/p/" + name, token)
        assert site.errorlog.refusals() == ["insufficient_scope"]


@pytest.mark.parametrize("name", CASES)
def test_no_token_and_bad_tokens_are_never_let_in(site, tokens, name):
    if name in ("denied", "elsewhere"):
        assert site.get("/p/" + name).status == 403
        return
    answer = site.get("/p/" + name)
    assert (answer.status, answer.json()["code"]) == \
        (401, "auth.authorization_header_missing")
    assert "error" not in answer.challenge()
    site.refused("/p/" + name, tokens.token(exp=1, **ROLES), "expired")


@pytest.mark.parametrize("place", ["granted", "ip"])
def test_a_place_open_to_all_needs_no_token(site, tokens, place):
    assert site.get("/p/" + place).status == 200
    assert site.get("/p/" + place, tokens.token()).status == 200


def test_require_ip_or_a_claim(site, tokens):
    assert site.get("/p/ip-or").status == 401
    site.accepted("/p/ip-or", tokens.token(**ROLES))
    denied(site, "/p/ip-or", tokens.token())


def test_require_method_lets_preflights_through(site, tokens):
    assert site.get("/p/options", method="OPTIONS").status == 200
    assert site.get("/p/options").status == 401
    site.accepted("/p/options", tokens.token(**ROLES))


def test_the_challenge_names_the_scopes(site, tokens):
    answer = denied(site, "/p/scopes", tokens.token(scope="read"))
    challenge = answer.challenge()
    assert challenge["scope"] == "read write"
    assert challenge["realm"] == "The API"
    assert "scope=" not in challenge.get("error_description", "")


def test_the_challenge_names_scopes_that_are_alike(site, tokens):
    for token in (None, tokens.token(scope="x")):
        answer = site.get("/p/alike", token)
        assert answer.challenge()["scope"] == \
            "api:write api:read API:read api"


@pytest.mark.parametrize("claims, good", [
    ({"scope": "read write"}, True), ({"scope": "write  read x"}, True),
    ({"scp": "read write"}, True), ({"scp": ["read", "write"]}, True),
    ({"scope": ["read", "write"]}, True), ({"scope": "read"}, False),
    ({"scope": "READ WRITE"}, False), ({"scope": "readwrite"}, False),
    ({"scope": ""}, False), ({"scope": 1}, False), ({"scope": None}, False),
    ({"scope": {"read": 1, "write": 1}}, False), ({}, False)], ids=str)
def test_where_scopes_may_stand(site, tokens, claims, good):
    token = tokens.token(**claims)
    if good:
        site.accepted("/p/scopes", token)
    else:
        denied(site, "/p/scopes", token)


def test_a_regular_expression_has_a_limit(site, tokens):
    # ReDoS: the answer comes at once, and is neither yes nor no, since "not"
    # would make a yes of the no
    for place in ("/p/regex-dos", "/p/regex-dos-not"):
        site.errorlog.expect("MAB0403")
        assert site.get(place, tokens.token(text="a" * 8000 + "!")).status == 500
    site.accepted("/p/regex-dos", tokens.token(text="a" * 20))
    site.accepted("/p/regex-dos-not", tokens.token(text="b"))
    denied(site, "/p/regex-dos-not", tokens.token(text="aaa"))


def test_all_members_and_lines_have_one_limit(site, tokens):
    # each member, and each character of a long one, is under PCRE2's own limit
    block = "aaaaaaaaaaaaa!"
    for text in ([block] * 300, block * 300):
        for place in ("/p/regex-nested", "/p/regex-nested-not"):
            site.errorlog.expect("MAB0403")
            assert site.get(place, tokens.token(text=text)).status == 500
    denied(site, "/p/regex-nested", tokens.token(text=[block]))
    site.accepted("/p/regex-nested-not", tokens.token(text=[block]))
    site.errorlog.expect("MAB0403")
    assert site.get("/p/regex-lines", tokens.token(text=block)).status == 500
    site.accepted("/p/regex-lines", tokens.token(text=["x"] * 300, last="yes"))


def test_expressions_stand_for_values(site, tokens):
    token = tokens.token(tenant="blue")

    def status(place, name, value):
        return site.get(place, token, headers=[(name, value)]).status
    assert status("/p/late", "X-Tenant", "blue") == 200
    assert status("/p/late", "X-Tenant", "red") == 403
    assert status("/p/late", "X-Other", "blue") == 403
    assert site.get("/p/late", tokens.token(tenant="fixed")).status == 200
    assert status("/p/late-word", "X-Tenant", "BLUE") == 200
    assert status("/p/late-word", "X-Tenant", "RED") == 403


@pytest.mark.parametrize("value", ["~", "~ .", ".*", ">=", "", "blue:", "*",
                                   "~.*", "tenant", "sub:alice"])
def test_what_a_request_says_is_only_a_value(site, tokens, value):
    # operator or regular expression injection through %{req:...}
    headers = [("X-Tenant", value), ("X-Scope", value)]
    token = tokens.token(tenant="blue", scope="read", empty="")
    for place in ("/p/late", "/p/late-word", "/p/late-scope"):
        assert site.get(place, token, headers=headers).status == 403


@pytest.mark.parametrize("name", ["level", "Level", "LEVEL"])
def test_names_of_claims_have_case(site, tokens, name):
    token = tokens.token(**{name: 7})
    if name == "level":
        site.accepted("/p/number", token)
    else:
        denied(site, "/p/number", token)


def test_a_token_is_judged_anew_at_each_place(site, tokens):
    token = tokens.token(**ROLES)
    for _ in range(5):
        site.accepted("/p/number", token)
        denied(site, "/p/number-not", token)
    other = tokens.token(sub=DROP, **ROLES)
    site.refused("/p/number", other, "subject_missing")
