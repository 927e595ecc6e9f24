# SPDX-License-Identifier: Apache-2.0
"""What the MCP conformance suite asks of a server that is a resource (2026-07-28): the
audience of tokens, metadata, challenges, and scopes for one operation at a time. Its
own scenarios for that are not in a release, or need opaque tokens of fixed texts."""
import time
from urllib.parse import urlsplit

import pytest

from testenv import env, mint
from testenv.behind import BackEnd
from testenv.conf import Conf

pytestmark = pytest.mark.skipif(not env.knows("AuthBearerResource"),
                                reason="this module has no AuthBearerResource")

WELL_KNOWN = "/.well-known/oauth-protected-resource"
VERSION = "2026-07-28"
#: RFC 6750 3.1; the suite warns of all others
ERRORS = (None, "invalid_request", "invalid_token", "insufficient_scope")
#: the two scopes of each operation of the suite's fixtures
OPERATIONS = {
    "tool": ("tools/call", "test_simple_text",
             "mcp:tools:call mcp:tools:test_simple_text"),
    "resource": ("resources/read", "test://static-text",
                 "mcp:resources:read mcp:resources:static"),
    "prompt": ("prompts/get", "test_simple_prompt",
               "mcp:prompts:get mcp:prompts:test_simple_prompt")}


@pytest.fixture(scope="module")
def backend():
    server = BackEnd([])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def login(make_issuer):
    """Over http on the loopback, with RFC 8414 metadata only, as the suite's."""
    made = make_issuer("", mint.usual_keys(), tls=False)
    made.discovery_path = "/.well-known/oauth-authorization-server"
    return made


@pytest.fixture(scope="module")
def site(serve, login, backend):
    rules = []
    for method, name, scopes in OPERATIONS.values():
        rules += ["<RequireAll>", "Require expr \"%{HTTP:Mcp-Method} == "
                  f"'{method}' && %{{HTTP:Mcp-Name}} == '{name}'\"",
                  *[f"Require scope {scope}" for scope in scopes.split()],
                  "</RequireAll>"]
    proxy = f"ProxyPass http://127.0.0.1:{backend.port}/"
    server = serve(
        Conf("AuthBearerFetch http=On miss=1s",
             f"AuthBearerIssuer {login.url}")
        .location("/mcp", "AuthType Bearer",
                  "AuthBearerResource http://127.0.0.1:PORT/mcp "
                  'scopes="mcp:tools:call mcp:resources:read"',
                  "Require valid-user", proxy)
        .location("/step", "AuthType Bearer",
                  "AuthBearerResource http://127.0.0.1:PORT/step",
                  "<RequireAny>", *rules, "</RequireAny>", proxy),
        start=False)
    server.fill()
    server.errorlog.allow_always("AH01630|AH01631|AH01629|MAB01")
    return server.start().warm("/mcp", minted(server, login))


def minted(site, login, path="/mcp", **claims):
    aud = f"http://127.0.0.1:{site.port}{path}"
    return mint.Mint(login.url, mint.key("P-256", "ec1"), aud).token(**claims)


def call(site, token=None, path="/mcp", method="server/discover", name=None):
    headers = [("Content-Type", "application/json"),
               ("Accept", "application/json, text/event-stream"),
               ("MCP-Protocol-Version", VERSION), ("Mcp-Method", method)]
    if name:
        headers.append(("Mcp-Name", name))
    return site.get(path, token, headers=headers, method="POST",
                    body=b'{"jsonrpc":"2.0","id":1}')


def test_audience_of_tokens(site, login):
    good = minted(site, login)
    assert call(site, good).status == 200
    now = int(time.time())
    bad = {
        "none": None,
        "wrong audience": minted(site, login, "/other"),
        "audience with a slash": minted(site, login, "/mcp/"),
        "no audience": minted(site, login, aud=None),
        "expired": minted(site, login, iat=now - 7200, exp=now - 3600),
        "untrusted key": mint.Mint(
            login.url, mint.key("P-256", "stranger"),
            f"http://127.0.0.1:{site.port}/mcp").token()}
    for name, token in bad.items():
        answer = call(site, token)
        assert answer.status == 401, name
        found = answer.challenge()
        assert found.get("error") == ("invalid_token" if token else None), name
        assert found["resource_metadata"].endswith(WELL_KNOWN + "/mcp"), name


def test_a_resource_has_no_case_in_scheme_and_host(site, login):
    token = minted(site, login, aud=f"HTTP://127.0.0.1:{site.port}/mcp")
    assert call(site, token).status == 200
    for aud in (f"HTTP://127.0.0.1:{site.port}/MCP",
                f"HTTP://127.0.0.1:{site.port}/mcp/",
                "HTTP://127.0.0.1/mcp"):
        assert call(site, minted(site, login, aud=aud)).status == 401


@pytest.mark.parametrize("path", ["/mcp", "/step"])
def test_metadata(site, login, path):
    origin = f"http://127.0.0.1:{site.port}"
    where = call(site, None, path, *OPERATIONS["tool"][:2]).challenge()[
        "resource_metadata"]
    assert where == origin + WELL_KNOWN + path
    answer = site.get(urlsplit(where).path)
    document = answer.json()
    # same origin, and a prefix of the address that was called
    assert document["resource"] == origin + path
    assert document["authorization_servers"] == [login.url]
    assert document["bearer_methods_supported"] == ["header"]
    assert "offline_access" not in document.get("scopes_supported", [])
    assert all(document.values()), "RFC 9728 3.2: no empty member"
    assert site.get(WELL_KNOWN).json()["resource"] == origin + "/mcp"


def test_an_unauthorized_answer(site):
    answer = call(site, method="tools/list")
    assert answer.status == 401
    assert set(answer.json()) >= {"code", "message"}
    assert answer.challenge()["resource_metadata"].startswith("http")
    for token in (None, "x.y.z", "x y"):
        answer = call(site, token)
        assert answer.challenge().get("error") in ERRORS
        assert answer.status in (400, 401)


@pytest.mark.parametrize("kind", OPERATIONS)
@pytest.mark.parametrize("held", [0, 1])
def test_scopes_step_up(site, login, kind, held):
    method, name, scopes = OPERATIONS[kind]
    low = minted(site, login, "/step", scope=" ".join(
        ["mcp:baseline", *scopes.split()[:held]]))
    answer = call(site, low, "/step", method, name)
    assert answer.status == 403
    found = answer.challenge()
    assert found["error"] == "insufficient_scope"
    # all of the operation in one challenge, and of no other operation
    assert found["scope"] == scopes
    assert found["resource_metadata"].endswith(WELL_KNOWN + "/step")
    # without a token, the same is asked for
    assert call(site, None, "/step", method,
                name).challenge()["scope"] == scopes
    full = minted(site, login, "/step", scope=scopes)
    assert call(site, full, "/step", method, name).status == 200
    others = [one for one in OPERATIONS if one != kind]
    for other in others:
        assert call(site, full, "/step", *OPERATIONS[other][:2]).status == 403
