# SPDX-License-Identifier: Apache-2.0
"""Tokens that were proven before: what a hit may and may not save."""
import time

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.mint import Mint, key

EC, NEW = key("P-256", "ec1"), key("P-256", "new1")


@pytest.fixture(scope="module")
def two(make_issuer):
    return make_issuer("/second", [NEW])


@pytest.fixture(scope="module")
def site(serve, base, issuer, two, tokens):
    conf = base() \
        .place("a", "AuthBearerAudience any") \
        .place("b", "AuthBearerAudience urn:b") \
        .place("old", "AuthBearerAudience any", "AuthBearerCheck max-age=10s") \
        .place("at", "AuthBearerAudience any", "AuthBearerCheck type=at+jwt") \
        .place("alg", "AuthBearerAudience any", "AuthBearerAlgorithms RS256") \
        .place("jti", "AuthBearerAudience any", "AuthBearerCheck require=jti") \
        .place("two", f"AuthBearerIssuer {two.url}", "AuthBearerAudience any") \
        .place("role", "AuthBearerAudience any",
               require="Require claim role admin")
    conf.location("/status", "SetHandler bearer-status",
                  "Require all granted")
    server = serve(conf)
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    return server.warm("/p/a", tokens.token())


def checked(site):
    """How many signatures all children have checked so far."""
    counts = site.get("/status?json").json()["sum"]["verify"]
    return sum(latency["count"] for latency in counts.values())


def test_a_signature_is_checked_once_in_a_child(site, tokens):
    token = tokens.token(aud="urn:once")
    before = checked(site)
    for _ in range(60):
        site.accepted("/p/a", token)
    # each child proves it for itself, and then never again
    assert 1 <= checked(site) - before <= len(site.children())


def test_a_hit_opens_no_other_place(site, tokens):
    # CWE-345: liboauth2's cache knew neither verifier nor audience
    token = tokens.token(aud="urn:a")
    for _ in range(6):
        site.accepted("/p/a", token)
    site.refused("/p/b", token, "aud_wrong")
    site.refused("/p/jti", token, "claim_missing")
    site.refused("/p/two", token, "iss_unknown")
    site.refused("/p/alg", token, "alg_forbidden")
    assert site.get("/p/role", token).status == 403
    site.accepted("/p/b", tokens.token(aud="urn:b"))


def test_a_hit_is_judged_by_the_type_of_the_place(site, tokens):
    token = tokens.token(header={"typ": "JWT"})
    for _ in range(4):
        site.accepted("/p/a", token)
    site.refused("/p/at", token, "typ_wrong")


def test_a_hit_does_not_outlive_the_token(site, tokens):
    now = int(time.time())
    # leeway is 30 s: this one has some 3 s to live
    token = tokens.token(exp=now - 27)
    site.accepted("/p/a", token)
    deadline = time.monotonic() + 20
    while site.get("/p/a", token).status == 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    site.refused("/p/a", token, "expired")


def test_another_spelling_is_another_token(site, tokens):
    token = tokens.token()
    for _ in range(4):
        site.accepted("/p/a", token)
    head, body, signature = token.split(".")
    # one signature in 256 ends with "AA" itself
    other = "AA" if signature[-2:] != "AA" else "BA"
    site.refused("/p/a", f"{head}.{body}.{signature[:-2]}{other}", "sig_wrong")
    site.refused("/p/a", f"{head}.{body}.{signature}AA", "sig_length")
    forged = tokens.token(sub="mallory").split(".")[1]
    site.refused("/p/a", f"{head}.{forged}.{signature}", "sig_wrong")


def test_the_twin_of_a_signature_is_proven_for_itself(site, tokens):
    token = tokens.token(aud="urn:twin")
    for _ in range(60):
        site.accepted("/p/a", token)
    before = checked(site)
    site.accepted("/p/a", mint.note(mint.twin(token, EC)), "alice")
    assert checked(site) == before + 1


def test_a_removed_key_takes_its_tokens_along(serve_once, make_issuer,
                                              authority):
    issuer = make_issuer("/gone", [EC])
    tokens = Mint(issuer.url, EC, "urn:x")
    server = serve_once(Conf(
        f"AuthBearerFetch ca={authority.ca} miss=1s",
        "AuthBearerAudience urn:x",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    old = tokens.token()
    server.warm("/p/a", old)
    for _ in range(8):
        server.accepted("/p/a", old)
    issuer.rotate(NEW, keep=False)
    deadline = time.monotonic() + 20
    while server.get("/p/a", tokens.token(NEW)).status != 200:
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.2)
    for _ in range(8):
        server.refused("/p/a", old, "key_unknown")


def test_off_is_off(serve_once, base, tokens):
    server = serve_once(base("AuthBearerCache off").place("a").location(
        "/status", "SetHandler bearer-status", "Require all granted"))
    token = tokens.token()
    server.warm("/p/a", token)
    before = checked(server)
    for _ in range(20):
        server.accepted("/p/a", token)
    assert checked(server) - before == 20
