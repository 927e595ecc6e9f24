# SPDX-License-Identifier: Apache-2.0
"""Clients that we did not write find out by themselves where to get a token,
and get in: the MCP SDK and oauth4webapi, before oidc-provider.

Needs mod_ssl, and what test_95_real_issuer.py needs; see oidc/clients."""
from pathlib import Path

import pytest

from oidc.real import RealIssuer, Script, flow, install
from testenv import env, mint
from testenv.conf import Conf
from testenv.issuer import free_port

pytestmark = pytest.mark.skipif(not env.knows("AuthBearerResource"),
                                reason="this module has no AuthBearerResource")
WELL_KNOWN = "/.well-known/oauth-protected-resource"


@pytest.fixture(scope="session")
def real(tmp_path_factory, authority):
    issuer = RealIssuer(install("issuer", tmp_path_factory.mktemp("issuer")),
                        authority, "/oidc")
    yield issuer
    issuer.stop()


@pytest.fixture(scope="session")
def clients(tmp_path_factory):
    return install("clients", tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="session")
def backend(clients):
    server = Script(clients, "mcp-backend.mjs")
    yield server
    server.stop()


def load_ssl():
    if "ssl" in env.static_modules():
        return ""
    path = Path(env.query("LIBEXECDIR")) / "mod_ssl.so"
    if not path.exists():
        pytest.skip("no mod_ssl")
    return f"LoadModule ssl_module {path}"


class Site:
    """httpd over TLS before the MCP server: a resource at /mcp that demands
    a scope, and one at /free that does not."""

    def __init__(self, serve, issuer, authority, backend):
        port = free_port()
        self.origin = f"https://127.0.0.1:{port}"
        conf = Conf(load_ssl(), f"Listen 127.0.0.1:{port}",
                    f"AuthBearerFetch ca={authority.ca} miss=1s")
        places = Conf("SSLEngine on", f"SSLCertificateFile {authority.pair}")
        for name, demand in (("/mcp", "Require scope read"),
                             ("/free", "Require valid-user")):
            places.location(
                name, "AuthType Bearer", f"AuthBearerIssuer {issuer.url}",
                f'AuthBearerResource {self.origin}{name} scopes="read write"',
                "AuthBearerClaim sub header:X-Sub", demand,
                f"ProxyPass {backend.url}")
        conf.section("VirtualHost", f"127.0.0.1:{port}", *places.lines)
        self.server = serve(conf)
        # a 403, and mod_ssl's remark that it has no session cache
        self.server.errorlog.allow_always(
            "AH01630|AH01631|AH01629|AH01873")


@pytest.fixture(scope="module")
def site(serve, real, authority, backend):
    return Site(serve, real, authority, backend)


@pytest.fixture
def run(clients, authority):
    def run(name, *arguments):
        told = flow(clients, authority, name, *arguments)
        assert told["ok"], told
        if "headers" in told:
            mint.note(told["headers"]["authorization"])
        return told
    return run


# --- the MCP SDK ------------------------------------------------------------

@pytest.mark.parametrize("place", ["/mcp", "/free"])
def test_mcp_for_a_person(site, run, real, place):
    told = run("mcp-flow.mjs", site.origin + place, "bob")
    assert told["headers"]["x-sub"] == "bob"
    # the challenge's scope, else all that the metadata names
    assert told["scope"] == ("read" if place == "/mcp" else "read write")
    url = site.origin + place
    assert told["requests"][:2] == [
        ["POST", url, 401, None],
        ["GET", site.origin + WELL_KNOWN + place, 200, None]]
    # in any order: the GET runs beside the others
    ours = [request for request in told["requests"] if request[1] == url]
    assert sorted(ours[1:]) == [["GET", url, 405, "Bearer"],
                                ["POST", url, 200, "Bearer"],
                                ["POST", url, 200, "Bearer"],
                                ["POST", url, 202, "Bearer"]]


def test_mcp_for_a_program(site, run, real):
    told = run("mcp-flow.mjs", site.origin + "/mcp", "--cc", "cc:cc-secret",
               real.url, "read")
    assert told["headers"]["x-sub"] == "cc"
    assert told["scope"] == "read"


# --- oauth4webapi -----------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oauth4webapi(site, run, real, method):
    url = site.origin + "/mcp"
    told = run("oauth4webapi-flow.mjs", url, real.url, "cc:cc-secret", method,
               "read")
    # 405 and 406 are the MCP server's: it wants POST, and another Accept
    assert told["call"]["status"] == {"GET": 405, "POST": 406}[method]
    assert told["metadata"]["resource"] == url
    assert told["metadata"]["authorization_servers"] == [real.url]
    assert told["metadata"]["bearer_methods_supported"] == ["header"]
    errors = {}
    for name in ("none", "bad", "dpop"):
        assert told[name]["status"] == 401
        (only,) = told[name]["challenges"]
        assert only["scheme"] == "bearer"
        assert only["parameters"]["resource_metadata"] == \
            site.origin + WELL_KNOWN + "/mcp"
        errors[name] = only["parameters"].get("error")
    assert errors == {"none": None, "bad": "invalid_token", "dpop": None}


def test_oauth4webapi_without_the_scope(site, run, real):
    told = run("oauth4webapi-flow.mjs", site.origin + "/mcp", real.url,
               "cc:cc-secret", "GET", "write")
    (only,) = told["call"]["challenges"]
    assert told["call"]["status"] == 403
    assert only["parameters"]["error"] == "insufficient_scope"
    assert only["parameters"]["scope"] == "read"
