# SPDX-License-Identifier: Apache-2.0
"""Places within places, virtual hosts, and requests that move on inside."""
import pytest

from testenv import mint
from testenv.mint import Mint, key

EC = key("P-256", "ec1")


@pytest.fixture(scope="module")
def other(make_issuer):
    return make_issuer("/other", [EC])


@pytest.fixture(scope="module")
def strangers(other):
    """Tokens of the other issuer."""
    return Mint(other.url, EC, mint.AUDIENCE)


@pytest.fixture(scope="module")
def site(serve, base, issuer, other, tokens, strangers):
    conf = base("AuthBearerUser \"expr=%{tolower:%{claim:name}}\"") \
        .place("a", f"AuthBearerIssuer {issuer.url}",
               f"AuthBearerIssuer {other.url}",
               "AuthBearerAudience urn:a urn:b",
               "AuthBearerCheck leeway=30s require=jti max-age=1h",
               "AuthBearerSource cookie:tok", "AuthBearerUser sub",
               "AuthBearerAlgorithms ES256", "AuthBearerErrors off") \
        .location("/p/a/issuer", f"AuthBearerIssuer {other.url}") \
        .location("/p/a/audience", "AuthBearerAudience urn:c") \
        .location("/p/a/check", "AuthBearerCheck leeway=0s") \
        .location("/p/a/require", "AuthBearerCheck require=nonce") \
        .location("/p/a/source", "AuthBearerSource header") \
        .location("/p/a/alg", "AuthBearerAlgorithms RS256") \
        .location("/p/a/user", "AuthBearerUser name") \
        .location("/p/a/json", "AuthBearerErrors json") \
        .place("expr") \
        .place("expr/claim", "AuthBearerUser sub") \
        .place("any", "AuthBearerAudience any", "AuthBearerUser sub") \
        .place("std", "AuthBearerUser sub") \
        .place("role", "AuthBearerUser sub",
               require="Require claim role admin")
    # requests that move on: from a place for any audience to others
    conf.location("/hop", "AuthType Bearer", "AuthBearerAudience any",
                  "AuthBearerUser sub", "Require valid-user")
    conf.location("/open", "AuthType Bearer", "Require all granted")
    conf.location("/cookie", "AuthType Bearer", "AuthBearerSource cookie:tok",
                  "AuthBearerUser sub", "Require valid-user")
    conf.place("cookie", "AuthBearerSource cookie:tok", "AuthBearerUser sub",
               require="Require claim role admin")
    for name in ("hop", "open", "cookie"):
        conf.section("Directory", f"ROOT/htdocs/{name}", "RewriteEngine On",
                     'RewriteRule "^(.+)$" "/p/$1"')
    for host, who in (("one", issuer), ("two", other)):
        conf.section("VirtualHost", "127.0.0.1:PORT", f"ServerName {host}",
                     'AliasMatch "^/p/" "ROOT/htdocs/ok.txt"',
                     f"AuthBearerIssuer {who.url}",
                     '<Location "/p/host">', "AuthType Bearer",
                     "AuthBearerUser sub", "Require valid-user",
                     "</Location>")
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root))
                 .replace("127.0.0.1:PORT", f"127.0.0.1:{server.port}"))
    for name in ("hop", "open", "cookie"):
        server.write(f"htdocs/{name}/.keep", "")
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    server.start().warm("/p/std", tokens.token())
    return server.warm("/p/any", tokens.token()) \
        .warm("/p/host", strangers.token(), host="two")


def ask(site, target, token):
    return site.get(target, headers=[("Cookie", "tok=" + mint.note(token))])


def good(tokens, **more):
    return tokens.token(**{"aud": "urn:a", "jti": "1", **more})


def test_an_inner_place_inherits(site, tokens, strangers):
    for place in ("/p/a", "/p/a/x/y"):
        answer = ask(site, place, good(tokens))
        assert (answer.status, answer.header("X-User")) == (200, "alice")
        assert ask(site, place, good(strangers)).status == 200
        assert ask(site, place, good(tokens, aud="urn:c")).status == 401
        assert ask(site, place, tokens.token(aud="urn:a")).status == 401
        answer = site.get(place)
        assert answer.status == 401
        assert answer.header("Content-Type") != "application/json"


def test_a_set_of_an_inner_place_replaces(site, tokens, strangers):
    assert ask(site, "/p/a/issuer", good(tokens)).status == 401
    assert ask(site, "/p/a/issuer", good(strangers)).status == 200
    assert ask(site, "/p/a/audience", good(tokens)).status == 401
    assert ask(site, "/p/a/audience", good(tokens, aud="urn:c")).status == 200
    assert ask(site, "/p/a/source", good(tokens)).status == 401
    assert site.get("/p/a/source", good(tokens)).status == 200
    assert ask(site, "/p/a/alg", good(tokens)).status == 401
    assert ask(site, "/p/a/alg",
               good(tokens, signer=key("RSA", "rsa1"))).status == 200
    assert ask(site, "/p/a/require", good(tokens)).status == 401
    assert ask(site, "/p/a/require", tokens.token(
        aud="urn:a", nonce="1")).status == 200


def test_a_section_of_the_main_server_has_the_issuers_of_each_host(
        site, tokens, strangers):
    for host, good_one, bad_one in (("one", tokens, strangers),
                                    ("two", strangers, tokens)):
        site.warm("/p/std", good_one.token(), host=host)
        assert site.get("/p/std", good_one.token(), host=host).status == 200
        assert site.get("/p/std", bad_one.token(), host=host).status == 401


def test_a_number_of_an_inner_place_overrides_alone(site, tokens):
    now = tokens.claims()["iat"]
    late = good(tokens, exp=now - 10)
    assert ask(site, "/p/a", late).status == 200
    assert ask(site, "/p/a/check", late).status == 401
    # what it does not name stays
    assert ask(site, "/p/a/check", tokens.token(aud="urn:a")).status == 401
    assert ask(site, "/p/a/check", good(tokens, iat=now - 4000)).status == 401
    assert ask(site, "/p/a/check", good(tokens)).status == 200
    assert site.get("/p/a/json").json()["status"] == 401


def test_claims_and_expressions_for_the_user_replace_each_other(site, tokens):
    token = tokens.token(name="ANN")
    site.accepted("/p/expr", token, "ann")
    site.accepted("/p/expr/claim", token, "alice")
    answer = ask(site, "/p/a/user", good(tokens, name="ANN"))
    assert answer.header("X-User") == "ANN"


# --- requests that move on ---

def test_a_request_that_moves_on_is_judged_again(site, tokens):
    token = tokens.token(aud="urn:x")
    assert site.get("/hop/any", token).header("X-User") == "alice"
    assert site.get("/hop/any", token).status == 200
    site.refused("/hop/std", token, "aud_wrong")
    assert site.get("/hop/role", tokens.token()).status == 403
    assert site.get("/hop/role", tokens.token(role="admin")).status == 200
    assert site.get("/hop/std", tokens.token()).status == 200


def test_an_open_place_opens_nothing_else(site, tokens):
    assert site.get("/open/std").status == 401
    assert site.get("/open/role", tokens.token()).status == 403
    assert site.get("/open/std", tokens.token()).status == 200
    site.refused("/open/std", tokens.token(exp=1), "expired")


def test_a_token_that_was_taken_away_is_remembered(site, tokens):
    target = "/cookie/cookie"
    assert ask(site, target, tokens.token(role="admin")).status == 200
    assert ask(site, target, tokens.token()).status == 403
    assert site.get(target).status == 401


# --- virtual hosts ---

def test_virtual_hosts_trust_their_own_issuers(site, tokens, strangers):
    one, two = tokens.token(), strangers.token()
    for _ in range(5):
        assert site.get("/p/host", one, host="one").status == 200
        assert site.get("/p/host", two, host="one").status == 401
        assert site.get("/p/host", two, host="two").status == 200
        assert site.get("/p/host", one, host="two").status == 401
