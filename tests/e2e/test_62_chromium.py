# SPDX-License-Identifier: Apache-2.0
"""AuthBearerCrossOrigin before the only judge that counts: a browser. Pages of
two origins call a place that allows one of them; each page tells its own
server what it got."""
import http.server
import json
import queue
import threading

import pytest

from testenv import env, mint
from testenv.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium")

PAGE = """<!DOCTYPE html><script>
const asks = ASKS, NEXT = NEXTPAGE;
async function ask(url, token, method, body, cache = 'no-store') {
  const headers = {};
  if (token) headers.Authorization = 'Bearer ' + token;
  if (body) headers['Content-Type'] = 'application/json';
  try {
    const got = await fetch(url, {method, headers, body, cache});
    const text = await got.text();
    return {status: got.status, text,
            challenge: got.headers.get('WWW-Authenticate'),
            own: got.headers.get('X-User')};
  } catch (error) {
    return {blocked: String(error)};
  }
}
(async () => {
  const told = {};
  for (const [name, ...how] of asks) told[name] = await ask(...how);
  await fetch('/told', {method: 'POST', body: JSON.stringify(told)});
  if (NEXT) location = NEXT;
})();
</script>"""


class Pages:
    """A server of pages at an origin of its own."""

    def __init__(self):
        self.asks = []
        self.next = None
        self.told = queue.Queue()
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, body=b""):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                self.answer(PAGE.replace("ASKS", json.dumps(pages.asks))
                            .replace("NEXTPAGE", json.dumps(pages.next))
                            .encode())

            def do_POST(self):
                size = int(self.headers["Content-Length"])
                pages.told.put(json.loads(self.rfile.read(size)))
                self.answer()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,),
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def friend():
    pages = Pages()
    yield pages
    pages.stop()


@pytest.fixture(scope="module")
def stranger():
    pages = Pages()
    yield pages
    pages.stop()


@pytest.fixture(scope="module")
def site(serve, base, tokens, friend):
    where = f"AuthBearerCrossOrigin {friend.origin}"
    server = serve(
        base().place("cors", where, require="Require scope read")
        .place("any", "AuthBearerCrossOrigin *")
        .place("off")
        .place("fresh", where, "Header set Cache-Control max-age=600")
        .place("vary", where, "Header set Cache-Control max-age=600",
               "Header merge Vary Authorization")
        .place("doc", 'AuthBearerResource https://api.example/doc', where))
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    return server.warm("/p/off", tokens.token())


@pytest.fixture(scope="module")
def told(site, tokens, friend, stranger, tmp_path_factory):
    """What the page of the friend was told, and what that of the stranger."""
    at = f"http://127.0.0.1:{site.port}"
    good, poor = tokens.token(scope="read"), tokens.token()
    friend.asks = stranger.asks = [
        ["good", at + "/p/cors", good, "GET"],
        ["none", at + "/p/cors", None, "GET"],
        ["wrong", at + "/p/cors", mint.note(good[:-8] + "AAAAAAAA"), "GET"],
        ["form", at + "/p/cors", "x y", "GET"],
        ["poor", at + "/p/cors", poor, "GET"],
        ["json", at + "/p/cors", good, "POST", "{}"],
        ["put", at + "/p/cors", None, "PUT", "{}"],
        ["any", at + "/p/any", poor, "GET"],
        ["any-none", at + "/p/any", None, "GET"],
        ["off", at + "/p/off", good, "GET"],
        ["off-none", at + "/p/off", None, "GET"],
        ["metadata", at + "/.well-known/oauth-protected-resource/doc", None,
         "GET"],
    ] + [[name, f"{at}/p/{name.split('-')[0]}", token, "GET", None, "default"]
         for name, token in (("fresh", good), ("fresh-none", None),
                             ("vary", good), ("vary-none", None))]
    friend.next = stranger.origin + "/"
    browser = Browser(tmp_path_factory.mktemp("chromium"),
                      friend.origin + "/")
    try:
        return [browser.wait(pages) for pages in (friend, stranger)]
    except queue.Empty:
        pytest.fail("the pages told nothing: "
                    + browser.log.read_text()[-2000:])
    finally:
        browser.stop()


def test_a_page_of_the_friend_gets_in_with_a_token(told):
    answer = told[0]["good"]
    assert (answer["status"], answer["text"]) == (200, "ok\n")
    assert answer["challenge"] is None
    # other headers stay hidden
    assert answer["own"] is None
    assert told[0]["json"]["status"] in (200, 405)


@pytest.mark.parametrize("name, status, code, error", [
    ("none", 401, "auth.authorization_header_missing", None),
    ("form", 401, "auth.authorization_token_invalid_format",
     "invalid_request"),
    ("wrong", 401, "invalid_token", "invalid_token"),
    ("poor", 403, "insufficient_scope", "insufficient_scope"),
    ("put", 401, "auth.authorization_header_missing", None)])
def test_a_page_of_the_friend_reads_why_not(told, name, status, code, error):
    answer = told[0][name]
    assert answer.get("status") == status, answer
    assert json.loads(answer["text"])["code"] == code
    assert answer["challenge"].startswith(
        f'{env.BARE}, error="{error}"' if error else env.BARE)


def test_a_page_of_a_stranger_reads_nothing(told):
    for name in ("good", "none", "wrong", "form", "poor", "json", "put"):
        assert "blocked" in told[1][name], (name, told[1][name])


def test_every_origin(told):
    for page in told:
        assert page["any"]["status"] == 200
        assert page["any-none"]["status"] == 401
        assert page["any-none"]["challenge"] == env.BARE


def test_a_place_without_is_closed_to_all_origins(told):
    for page in told:
        assert "blocked" in page["off"] and "blocked" in page["off-none"]


def test_the_metadata_of_a_resource_is_for_all(told):
    for page in told:
        assert json.loads(page["metadata"]["text"])["resource"] == \
            "https://api.example/doc"


def test_what_the_browser_kept(told):
    # why the documentation wants Vary: a browser does not look at the token
    assert told[0]["fresh"]["status"] == told[0]["vary"]["status"] == 200
    assert told[0]["fresh-none"]["status"] == 200
    assert told[0]["vary-none"]["status"] == 401
