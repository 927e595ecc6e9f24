# SPDX-License-Identifier: Apache-2.0
"""claim() and claims() wherever httpd takes an expression, negated ones, and
negated Require lines: nobody gets in because there is nothing to look at."""
import pytest

from testenv import mint
from testenv.env import REALM
from testenv.mint import key

#: Require lines that are true where there are no claims at all
NEGATED = {
    "not-equal": "Require expr \"claim('x') != 'y'\"",
    "bang": "Require expr \"! (claim('x') == 'y')\"",
    "empty": "Require expr \"-z claim('x')\"",
    "regex": "Require expr \"claim('x') !~ /y/\"",
    "list": "Require expr \"! ('y' in claims('xs'))\"",
    "text": "Require expr \"'%{claim:x}' != 'y'\"",
    "number": "Require expr \"claim('x') -ne 7\"",
    "or": "Require expr \"claim('x') == 'n' || claim('x') != 'y'\"",
    "not-expr": "<RequireAll>\nRequire all granted\n"
                "Require not expr \"claim('x') == 'y'\"\n</RequireAll>",
    "none-expr": "<RequireAll>\nRequire all granted\n<RequireNone>\n"
                 "Require expr \"claim('x') == 'y'\"\n</RequireNone>\n"
                 "</RequireAll>",
    "not-claim": "<RequireAll>\nRequire all granted\n"
                 "Require not claim x y\n</RequireAll>",
    "not-late": "<RequireAll>\nRequire all granted\n"
                'Require not claim x "%{tolower:Y}"\n</RequireAll>',
    "not-regex": "<RequireAll>\nRequire all granted\n"
                 "Require NOT bearer-claim x ~ ^y$\n</RequireAll>",
    "not-scope": "<RequireAll>\nRequire all granted\n"
                 "Require not scope y\n</RequireAll>",
    "none-claim": "<RequireAll>\nRequire all granted\n<RequireNone>\n"
                  "<RequireAny>\nRequire claim x y\n</RequireAny>\n"
                  "</RequireNone>\n</RequireAll>",
    "alias": "<RequireAll>\nRequire all granted\n"
             "Require not is-y\n</RequireAll>",
    "ip": "<RequireAll>\nRequire ip 127.0.0.1\n"
          "Require not claim x y\n</RequireAll>",
}
PLACES = [name + more for name in NEGATED for more in ("", "-optional")]


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    conf = base('<AuthzProviderAlias bearer-claim is-y "x y">',
                "</AuthzProviderAlias>")
    for name, lines in NEGATED.items():
        conf.place(name, require=lines)
        conf.place(name + "-optional", "AuthBearerOptional On", require=lines)
    conf.place("std") \
        .place("header",
               'Header always set X-Claim "expr=[%{claim:x}]"',
               'Header set X-Cond "yes" "expr=claim(\'x\') == \'y\'"',
               'RequestHeader set X-Req "expr=[%{claim:x}]"',
               'RequestHeader set X-Req-Cond "yes" '
               '"expr=\'b\' in claims(\'xs\')"',
               'Header set Seen-Req "expr=%{req:X-Req}"',
               'Header set Seen-Req-Cond "expr=%{req:X-Req-Cond}"') \
        .place("rewrite", "RewriteEngine On",
               "RewriteCond expr \"claim('x') == 'y'\"",
               'RewriteRule ".*" "-" [R=410,L]',
               "RewriteCond expr \"'b' in claims('xs')\"",
               'RewriteRule ".*" "-" [E=SEEN:%{REMOTE_USER},R=409,L]') \
        .place("early", "<If \"claim('x') == 'y'\">",
               'Header set X-If "yes"', "</If>",
               "<If \"-z claim('x')\">",
               'Header set X-If-Empty "yes"', "</If>",
               "SetEnvIfExpr \"claim('x') == 'y'\" LATE=yes",
               'Header set X-SetEnvIfExpr "%{LATE}e"') \
        .place("page", "ErrorDocument 401 /p/open/page",
               require="Require expr \"claim('x') == 'y'\"") \
        .place("open/page", require="Require all granted")
    # another AuthType: there are no claims, so a negated line says no
    conf.location("/p/other", "AuthType None", "<RequireAll>",
                  "Require all granted", "Require not claim x y",
                  "</RequireAll>")
    conf.add('LogFormat "%{X-Mark}i" mark')
    conf.add("CustomLog extra.log mark \"expr=claim('x') == 'y'\"")
    server = serve(conf).warm("/p/std", tokens.token())
    server.errorlog.allow_always("AH01630|AH01631|AH01629|MAB0105|MAB0410")
    return server


# --- nobody gets in because there is nothing to look at ---------------------

@pytest.mark.parametrize("place", PLACES)
def test_a_negated_line_wants_a_good_token(site, tokens, place):
    target = "/p/" + place
    fine = {"scope": "z"} if "empty" in place else {"x": "z", "scope": "z"}
    site.accepted(target, tokens.token(**fine), "alice")
    answer = site.get(target, tokens.token(x="y", xs=["y"], scope="y")
                      if "number" not in place else tokens.token(x=7))
    assert answer.status == 403
    assert answer.challenge()["error"] == "insufficient_scope"
    assert "scope" not in answer.challenge()
    answer = site.get(target)
    assert answer.status == 401
    assert answer.json()["code"] == "auth.authorization_header_missing"
    # what must not be there is not asked for
    assert answer.challenge() == REALM
    site.refused(target, tokens.token(x="z", exp=1), "expired")
    site.refused(target, tokens.token(key("P-256", "stranger"),
                                      {"kid": "ec1"}, x="z"), "sig_wrong")
    site.refused(target, "a.b.c", "b64_length", "header_json")
    for header in ("Basic eDp5", "Bearer", "", "Bearer a b"):
        answer = site.get(target, headers=[("Authorization", header)])
        assert answer.status == 401, (header, answer)


def test_a_negated_line_where_there_are_no_claims(site, tokens):
    for token in (None, tokens.token(x="z")):
        site.errorlog.expect("MAB0404")
        assert site.get("/p/other", token).status == 500


def test_an_error_document_of_an_open_place(site, tokens):
    # what the refused place looked at must not close the page
    answer = site.get("/p/page")
    assert answer.status == 401
    assert answer.text() == "ok\n"
    answer = site.get("/p/page", tokens.token(exp=1, x="y"))
    assert (answer.status, answer.text()) == (401, "ok\n")
    assert answer.challenge()["error"] == "invalid_token"


# --- where expressions work -------------------------------------------------

def test_headers(site, tokens):
    answer = site.accepted("/p/header", tokens.token(x="y", xs=["a", "b"]))
    assert answer.header("X-Claim") == "[y]"
    assert answer.header("X-Cond") == "yes"
    assert answer.header("Seen-Req") == "[y]"
    assert answer.header("Seen-Req-Cond") == "yes"
    answer = site.accepted("/p/header", tokens.token(x="z", xs=["bb"]))
    assert answer.header("X-Claim") == "[z]"
    assert answer.header("X-Cond") is None
    assert not answer.header("Seen-Req-Cond")
    answer = site.accepted("/p/header", tokens.token())
    assert answer.header("X-Claim") == answer.header("Seen-Req") == "[]"


def test_headers_of_a_refusal_know_no_claims(site, tokens):
    for token in (None, tokens.token(exp=1, x="y")):
        assert site.get("/p/header", token).header("X-Claim") == "[]"


def test_rewrite_conditions(site, tokens):
    assert site.get("/p/rewrite", tokens.token(x="y")).status == 410
    assert site.get("/p/rewrite", tokens.token(xs=["b"])).status == 409
    assert site.get("/p/rewrite", tokens.token(x="z")).status == 200
    assert site.get("/p/rewrite").status == 401


def test_conditions_of_logs(site, tokens):
    for mark, token in (("good", tokens.token(x="y")),
                        ("other", tokens.token(x="z")), ("none", None),
                        ("late", tokens.token(x="y", exp=1))):
        if token:
            mint.note(token)
        site.get("/p/std", token, headers=[("X-Mark", mark)])
    lines = (site.root / "extra.log").read_text().splitlines()
    assert "good" in lines
    assert not {"other", "none", "late"} & set(lines)


def test_too_early(site, tokens):
    # documented: evaluated before authentication, so always empty
    answer = site.accepted("/p/early", tokens.token(x="y"))
    assert answer.header("X-If") is None
    assert answer.header("X-If-Empty") == "yes"
    assert answer.header("X-SetEnvIfExpr") in (None, "", "(null)")


@pytest.mark.parametrize("kind", ["Basic", "None", "other"])
def test_what_an_alias_says_takes_no_claims_away(serve_once, base, tokens, kind):
    """httpd merges what stands in an alias into the place while it is asked."""
    conf = base("<AuthzProviderAlias expr no-y \"claim('x') != 'y'\">",
                f"AuthType {kind}", "</AuthzProviderAlias>",
                '<AuthzProviderAlias bearer-claim is-y "x y">',
                f"AuthType {kind}", "</AuthzProviderAlias>") \
        .place("no-y", require="Require no-y") \
        .place("is-y", require="Require is-y") \
        .place("not-y", require="<RequireAll>\nRequire all granted\n"
                                "Require not is-y\n</RequireAll>")
    server = serve_once(conf)
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    for name, granted in (("no-y", "n"), ("is-y", "y"), ("not-y", "n")):
        target = f"/p/{name}"
        assert server.get(target).status == 401
        server.refused(target, tokens.token(x=granted, exp=1), "expired")
        server.accepted(target, tokens.token(x=granted))
        assert server.get(target, tokens.token(
            x="y" if granted == "n" else "n")).status == 403
