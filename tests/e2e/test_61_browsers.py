# SPDX-License-Identifier: Apache-2.0
"""Clients in browsers and MCP clients: CORS, and RFC 9728 metadata."""
import pytest

from testenv import env, mint
from testenv.behind import BackEnd

pytestmark = pytest.mark.skipif(
    not env.knows("AuthBearerCrossOrigin")
    or not env.knows("AuthBearerResource"),
    reason="this module has no AuthBearerCrossOrigin and AuthBearerResource")


METADATA = "/.well-known/oauth-protected-resource"


@pytest.fixture(scope="module")
def backend():
    server = BackEnd([("Access-Control-Allow-Origin", "https://evil.example"),
                      ("Access-Control-Expose-Headers", "X-Secret")])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def site(serve, base, tokens, backend):
    denied = "Require scope read"
    server = serve(
        base()
        .place("std")
        .place("cors", "AuthBearerCrossOrigin https://app.example",
               require=denied)
        .place("cors-any", "AuthBearerCrossOrigin *", require=denied)
        .place("resource",
               'AuthBearerResource https://api.example/mcp scopes="a b"',
               require=denied)
        .location("/p/second", "AuthType Bearer",
                  "AuthBearerResource https://api.example/second",
                  "Require valid-user")
        .place("operation", "AuthBearerResource https://api.example/operation",
               require="""
               <RequireAny>
               <RequireAll>
               Require not env HEAD
               Require scope read
               Require scope write admin
               Require claim tier gold
               </RequireAll>
               <RequireAll>
               Require env HEAD
               Require scope look
               </RequireAll>
               </RequireAny>""")
        .add("SetEnvIf Request_Method ^HEAD$ HEAD")
        .location("/p/behind", "AuthType Bearer",
                  "AuthBearerCrossOrigin https://app.example",
                  f"ProxyPass http://127.0.0.1:{backend.port}/",
                  "Require valid-user"))
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


def test_cors_headers_of_a_back_end_give_way(site, tokens):
    answer = site.get("/p/behind/x", tokens.token(),
                      headers=[("Origin", "https://app.example")])
    assert answer.status == 200
    assert answer.header("Access-Control-Allow-Origin") == \
        "https://app.example"
    # but for the names that scripts may read
    assert answer.header("Access-Control-Expose-Headers") == \
        "WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce, X-Secret"
    # nor does the back end's word open the place to another origin
    answer = site.get("/p/behind/x", method="OPTIONS", headers=[
        ("Origin", "https://evil.example"),
        ("Access-Control-Request-Method", "PUT")])
    assert answer.header("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("method, ours", [
    ("put", 204), ("X" * 40, None), ("P\x0bT", None), ("", None)])
def test_odd_preflights(site, method, ours):
    answer = site.get("/p/cors", method="OPTIONS", headers=[
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", method)])
    assert answer.status == ours or answer.status in (400, 401)
    if answer.status != 204:
        assert answer.header("Access-Control-Allow-Methods") is None


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


def test_challenges_name_the_scopes(site, tokens):
    assert site.get("/p/resource").challenge()["scope"] == "read"
    assert site.get("/p/resource",
                    tokens.token()).challenge()["scope"] == "read"


@pytest.mark.parametrize("scope, wanted", [
    (None, "read write admin"), ("read", "read write admin"),
    ("read write", "read write admin"), ("x", "read write admin"),
    # it has all of them: more scopes would not help
    ("read write admin", None)])
def test_one_challenge_names_all_scopes_of_an_operation(site, tokens, scope,
                                                        wanted):
    """httpd leaves off at the first line that fails; a client would be sent to its
    issuer for each scope."""
    more = {"scope": scope} if scope else {}
    answer = site.get("/p/operation", tokens.token(**more))
    assert answer.status == 403
    found = answer.challenge()
    assert found["error"] == "insufficient_scope"
    assert found.get("scope") == wanted
    assert found["resource_metadata"] == \
        f"https://api.example{METADATA}/operation"
    good = tokens.token(scope="read write admin", tier="gold")
    assert site.get("/p/operation", good).status == 200
    # what another method demands is not of this operation
    assert site.get("/p/operation", tokens.token(**more),
                    method="HEAD").challenge()["scope"] == "look"
    for token in (None, "x.y.z", mint.note(good[:-8] + "AAAAAAAA")):
        answer = site.get("/p/operation", token)
        assert answer.status == 401
        assert answer.challenge()["scope"] == "read write admin"
        assert "resource_metadata" in answer.challenge()


@pytest.mark.parametrize("path, resource", [
    ("", "https://api.example/mcp"), ("/mcp", "https://api.example/mcp"),
    ("/second", "https://api.example/second")])
def test_metadata_for_every_client(site, path, resource):
    get = site.get(METADATA + path, headers=[("Origin", "https://x.example")])
    assert get.json()["resource"] == resource
    assert get.header("Access-Control-Allow-Origin") == "*"
    assert get.header("WWW-Authenticate") is None
    head = site.get(METADATA + path, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Length") == str(len(get.body))
    assert head.header("ETag") == get.header("ETag")
    for method in ("GET", "HEAD"):
        for tag, status in ((get.header("ETag"), 304), ("*", 304),
                            ('"other"', 200)):
            answer = site.get(METADATA + path, method=method,
                              headers=[("If-None-Match", tag)])
            assert answer.status == status
            assert bool(answer.body) == (status == 200 and method == "GET")
    answer = site.get(METADATA + path, method="OPTIONS", headers=[
        ("Origin", "https://x.example"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "mcp-protocol-version")])
    assert answer.status == 204
    assert "GET" in answer.header("Access-Control-Allow-Methods")
    assert answer.header("Access-Control-Allow-Headers") == "*"
    answer = site.get(METADATA + path, method="POST", body=b"x")
    assert answer.status == 405 and "GET" in answer.header("Allow")


@pytest.mark.parametrize("path", ["/mc", "/mcp/", "/mcp/x", "/MCP", "x",
                                  "/..", "/%2e", "//mcp"])
def test_metadata_has_exact_addresses(site, path):
    assert site.get(METADATA + path).status in (400, 404)
