# SPDX-License-Identifier: Apache-2.0
"""Clients in browsers and MCP clients: CORS, and RFC 9728 metadata."""
import pytest

from testenv import env

pytestmark = pytest.mark.skipif(
    not env.knows("AuthBearerCrossOrigin")
    or not env.knows("AuthBearerResource"),
    reason="this module has no AuthBearerCrossOrigin and AuthBearerResource")


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    denied = "Require scope read"
    server = serve(
        base()
        .place("std")
        .place("cors", "AuthBearerCrossOrigin https://app.example",
               require=denied)
        .place("cors-any", "AuthBearerCrossOrigin *", require=denied)
        .place("resource",
               'AuthBearerResource https://api.example/mcp scopes="a b"',
               require=denied))
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    return server.warm("/p/std", tokens.token())


# --- CORS ---

@pytest.mark.parametrize("place, origin, allowed", [
    ("cors", "https://app.example", "https://app.example"),
    ("cors", "https://evil.example", None),
    ("cors", "https://app.example.evil", None),
    ("cors", "null", None),
    ("cors-any", "https://any.example", "*")])
def test_preflights(site, place, origin, allowed):
    answer = site.get("/p/" + place, method="OPTIONS", headers=[
        ("Origin", origin), ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", "authorization")])
    if not allowed:
        assert answer.header("Access-Control-Allow-Origin") is None
        return
    assert answer.status == 204
    assert answer.header("Access-Control-Allow-Origin") == allowed
    assert "PUT" in answer.header("Access-Control-Allow-Methods")
    assert "authorization" in \
        answer.header("Access-Control-Allow-Headers").lower()


def test_cors_on_every_answer(site, tokens):
    origin = [("Origin", "https://app.example")]
    for token, status in ((None, 401), ("x", 401), (tokens.token(), 403),
                          (tokens.token(scope="read"), 200)):
        answer = site.get("/p/cors", token, headers=origin)
        assert answer.status == status
        assert answer.header("Access-Control-Allow-Origin") == \
            "https://app.example"
        assert "WWW-Authenticate" in \
            answer.header("Access-Control-Expose-Headers")
        assert "Origin" in answer.header("Vary")


# --- RFC 9728 ---

def test_resource_metadata(site, tokens, issuer):
    where = "https://api.example/.well-known/oauth-protected-resource/mcp"
    for token in (None, "x", tokens.token()):
        answer = site.get("/p/resource", token)
        assert answer.challenge()["resource_metadata"] == where
    answer = site.get("/.well-known/oauth-protected-resource/mcp")
    document = answer.json()
    assert document["resource"] == "https://api.example/mcp"
    assert document["authorization_servers"] == [issuer.url]
    assert document["scopes_supported"] == ["a", "b"]
    assert site.get("/.well-known/oauth-protected-resource").status == 200
    assert site.get("/.well-known/oauth-protected-resource/x").status == 404
