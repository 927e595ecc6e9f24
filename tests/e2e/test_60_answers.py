# SPDX-License-Identifier: Apache-2.0
"""Answers: status, challenge, body, and who wins over them."""
import json
import time

import pytest

from testenv.env import BARE
from testenv.errorlog import SENTENCES
from testenv.mint import DROP, key

MISSING = "auth.authorization_header_missing"
FORMAT = "auth.authorization_token_invalid_format"
SCHEME = "auth.authorization_token_type_not_supported"


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    denied = "Require scope read"
    server = serve(
        base()
        .place("std")
        .place("scope", require=denied)
        .place("realm", 'AuthName "a \\"good\\" realm"', require=denied)
        .place("quiet", "AuthBearerErrors json detail=Off")
        .place("off", "AuthBearerErrors off", require=denied)
        .place("text", 'ErrorDocument 401 "own 401"',
               'ErrorDocument 403 "own 403"', require=denied)
        .place("page", "ErrorDocument 401 /own.html",
               "ErrorDocument 403 /own.html", require=denied)
        .place("url", "ErrorDocument 403 http://elsewhere.example/no",
               require=denied)
    )
    server.write("htdocs/own.html", "<p>own page</p>")
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    return server.warm("/p/std", tokens.token())


def plain(slug):
    """A sentence as a challenge may quote it."""
    return SENTENCES[slug].replace('"', "'").replace("=", ":")


@pytest.mark.parametrize("header, code, error, slug", [
    (None, MISSING, None, "token_missing"),
    ("", MISSING, None, "token_missing"),
    ("Bearer", FORMAT, "invalid_request", "token_format"),
    ("Basic", FORMAT, "invalid_request", "token_format"),
    ("Basic eA==", SCHEME, None, "token_scheme"),
    ("Bearer x", "invalid_token", "invalid_token", "jws_parts")])
def test_the_exact_answer(site, header, code, error, slug):
    headers = [] if header is None else [("Authorization", header)]
    answer = site.get("/p/std", headers=headers)
    assert answer.status == 401
    value = answer.header("WWW-Authenticate")
    if error:
        assert value.startswith(f'{BARE}, error="{error}"')
        told = answer.challenge()["error_description"]
        assert told.startswith(
            "the Authorization header is not of the form Bearer <token>"
            if slug == "token_format" else plain(slug))
        assert set(answer.challenge()) == {"realm", "error",
                                           "error_description"}
    else:
        assert value == BARE
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Cache-Control") == "no-store"
    body = answer.json()
    assert list(body) == ["code", "status", "message"]
    assert (body["code"], body["status"]) == (code, 401)
    assert body["message"]
    assert answer.header("Content-Length") == str(len(answer.body))


def test_a_denial(site, tokens):
    answer = site.get("/p/scope", tokens.token(scope="write"))
    assert answer.status == 403
    assert answer.header("WWW-Authenticate").startswith(
        f'{BARE}, error="insufficient_scope"')
    assert answer.challenge()["scope"] == "read"
    assert answer.header("Cache-Control") == "no-store"
    body = answer.json()
    assert list(body) == ["code", "status", "message"]
    assert (body["code"], body["status"]) == ("insufficient_scope", 403)


def test_a_realm_is_named_when_the_administrator_does(site, tokens):
    for token in (None, "x", tokens.token()):
        value = site.get("/p/realm", token).header("WWW-Authenticate")
        assert value.startswith('Bearer realm="a \\"good\\" realm"'), value


#: how a server is named -> the realm of its challenges
NAMES = {
    "own": "own.example", "port": "port.example", "alias": "own.example",
    "main": "127.0.0.1",
}


@pytest.fixture(scope="module", params=["named", "nameless"])
def named(request, serve, base, tokens):
    conf = base().place("std").place("scope", require="Require scope read")
    conf.place("none", "AuthName none", "AuthBearerErrors off")
    conf.section("VirtualHost", "127.0.0.1:PORT", "ServerAlias main")
    conf.section("VirtualHost", "127.0.0.1:PORT", "ServerName own.example",
                 "ServerAlias alias", "UseCanonicalName Off")
    conf.section("VirtualHost", "127.0.0.1:PORT",
                 "ServerName https://port.example:8443")
    server = serve(conf, start=False).fill()
    if request.param == "nameless":
        text = (server.root / "httpd.conf").read_text()
        server.write("httpd.conf", text.replace("ServerName 127.0.0.1\n", ""))
    # httpd itself guesses then, and says so
    server.errorlog.allow_always("AH00558|AH00557|AH0163[01]|AH01629")
    server.nameless = request.param == "nameless"
    return server.start().warm("/p/std", tokens.token())


@pytest.mark.parametrize("host", [*NAMES, 'x"y', "evil.example"])
def test_a_realm_is_the_server_s_name(named, tokens, host):
    """And never the client's word, nor what httpd guesses of the machine."""
    name = {"own": "own.example", "port": "port.example"}.get(host, host)
    want = NAMES.get(host, "127.0.0.1")
    if named.nameless and want == "127.0.0.1":
        want = "restricted"
    if '"' in host:
        assert named.get("/p/std", host=host).status == 400
        return
    for token in (None, "x", tokens.token()):
        answer = named.get("/p/scope", token, host=name)
        assert answer.challenge()["realm"] == want
        assert named.get("/p/none", "x", host=name).challenge()["realm"] == "none"


def test_a_success_has_nothing_of_it(site, tokens):
    answer = site.get("/p/std", tokens.token())
    assert answer.status == 200
    assert answer.all("WWW-Authenticate") == []
    assert answer.body == b"ok\n"


@pytest.mark.parametrize("token", [None, "x"])
@pytest.mark.parametrize("place", ["std", "text", "page", "off"])
def test_head_is_like_get_without_the_body(site, token, place):
    get = site.get("/p/" + place, token)
    head = site.get("/p/" + place, token, method="HEAD")
    assert head.status == get.status == 401
    assert head.body == b""
    assert head.header("Content-Type") == get.header("Content-Type")
    assert head.header("WWW-Authenticate") == get.header("WWW-Authenticate")
    if place == "std":
        assert head.header("Content-Length") == str(len(get.body))


@pytest.mark.parametrize("token, status", [(None, 401), ("x", 401),
                                           ("good", 403)])
def test_an_error_document_wins_over_the_body_only(site, tokens, token,
                                                   status):
    sent = tokens.token() if token == "good" else token
    answer = site.get("/p/text", sent)
    assert answer.status == status
    assert answer.text() == f"own {status}"
    assert answer.header("WWW-Authenticate").startswith("Bearer")
    answer = site.get("/p/page", sent)
    assert answer.status == status
    assert "own page" in answer.text()
    assert answer.header("WWW-Authenticate").startswith("Bearer")
    assert answer.header("Content-Type").startswith("text/html")


def test_an_error_document_elsewhere_is_a_redirect(site, tokens):
    answer = site.get("/p/url", tokens.token())
    assert answer.status == 302
    assert answer.header("Location") == "http://elsewhere.example/no"


def test_bodies_off(site, tokens):
    for token, status in ((None, 401), ("x", 401), (tokens.token(), 403)):
        answer = site.get("/p/off", token)
        assert answer.status == status
        assert answer.header("WWW-Authenticate").startswith("Bearer")
        assert not answer.header("Content-Type").startswith(
            "application/json")


def test_without_detail_all_bad_tokens_look_the_same(site, tokens):
    bad = ["x", "a.b.c", tokens.token(exp=1), tokens.token(aud="x"),
           tokens.token(iss="https://x.example"), tokens.token(sub=DROP),
           tokens.token(key("P-256", "stranger")),
           tokens.token(key("P-256", "stranger"), {"kid": "ec1"})]
    seen = set()
    for token in bad:
        answer = site.get("/p/quiet", token)
        assert answer.status == 401
        seen.add((answer.header("WWW-Authenticate"), answer.body,
                  tuple(n for n, _ in answer.headers)))
    assert len(seen) == 1, seen
    assert len(set(site.errorlog.refusals())) == 8, \
        "the log still knows: " + str(site.errorlog.refusals())


def test_with_detail_the_reason_is_told_without_the_token(site, tokens):
    token = tokens.token(exp=1)
    answer = site.refused("/p/std", token, "expired")
    assert answer.challenge()["error_description"].startswith(
        plain("expired"))
    for part in token.split("."):
        assert part not in answer.text() + str(answer.headers)


def test_hostile_tokens_do_not_shape_the_answer(site, tokens):
    evil = '"><script>\r\nX-Evil: 1\r\n\r\n'
    for token in (tokens.token(iss=evil), tokens.token(header={"typ": evil}),
                  tokens.forge(header=tokens.header(kid=evil)),
                  tokens.forge(header=tokens.header(alg=evil))):
        answer = site.get("/p/std", token)
        assert answer.status == 401
        assert answer.header("X-Evil") is None
        assert "<script>" not in answer.text() + str(answer.headers)
        answer.challenge()
        json.loads(answer.body)


def test_the_access_log_knows_why(site, tokens):
    site.refused("/p/std", tokens.token(exp=1), "expired")
    site.get("/p/scope", tokens.token())
    # httpd writes the line after the answer
    deadline = time.monotonic() + 10
    while True:
        lines = (site.root / "access.log").read_text().splitlines()[-2:]
        if lines[-1].endswith("insufficient_scope") \
                or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert lines[0].endswith(" invalid_token expired"), lines
    assert lines[1].endswith(" insufficient_scope insufficient_scope"), lines


def test_each_refusal_is_logged_once(site, tokens):
    site.get("/p/page", tokens.token(exp=1))
    assert site.errorlog.refusals() == ["expired"]
