# SPDX-License-Identifier: Apache-2.0
"""Requests that make httpd do more than one thing: sub-requests, internal
redirects, ErrorDocument, DirectoryIndex, mod_dav, HTTP/2, WebSocket. The
identity is right everywhere and proven once; a place with another policy
proves again."""
import re
import socket
import threading

import pytest

from testenv import env, mint

try:
    from h2 import connection as h2_connection
except ImportError:
    h2_connection = None

#: a program that says who asks
WHO = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
echo "[user=$REMOTE_USER type=$AUTH_TYPE role=$ROLE sub=$HTTP_X_SUB]"
"""
ALICE = "[user=alice type=Bearer role=admin sub=alice]\n"
NOBODY = "[user= type= role= sub=]\n"


class WebSocket:
    """Says 101 to an upgrade, then the user it was told of, then echoes."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.asked += 1
            threading.Thread(target=self.answer, args=(connection,),
                             daemon=True).start()

    @staticmethod
    def answer(connection):
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(4096)
                if not more:
                    return
                head += more
            users = re.findall(rb"(?im)^x[-_]sub: *(.*?)\r$", head)
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n"
                               b"Upgrade: websocket\r\nConnection: Upgrade"
                               b"\r\n\r\n" + b",".join(users) + b"\n")
            while True:
                data = connection.recv(4096)
                if not data:
                    return
                connection.sendall(data)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture(scope="module")
def websocket():
    server = WebSocket()
    yield server
    server.stop()


def load(*names):
    folder = env.query("LIBEXECDIR")
    return [f"LoadModule {n}_module {folder}/mod_{n}.so" for n in names
            if n not in env.static_modules()]


PROGRAM = ["AuthBearerClaim role env:ROLE", "AuthBearerClaim sub header:X-Sub"]


#: asks, before anything else happens, who would be let in and what he would be
LOOK_AHEAD = [
    'RewriteCond "%{LA-U:REMOTE_USER}" "^mallory$"',
    "RewriteRule ^/ahead/ - [F]",
    'RewriteCond "%{LA-U:REMOTE_USER}%{LA-U:ENV:ROLE}" "^mallory$"',
    "RewriteRule ^/ahead/ - [F]"]


@pytest.fixture(scope="module")
def site(serve, base, tokens, websocket, mpm):
    conf = base(*load("include", "dav", "dav_fs", "autoindex"), "DavLockDB ROOT/run/locks",
                *PROGRAM)
    if mpm == "event":
        conf.add(*load("http2"), "Protocols h2c http/1.1")
    conf.place("std") \
        .location("/bearer", "SetHandler bearer-status") \
        .location("/s", "AuthType Bearer", "Require valid-user") \
        .location("/s/role", "Require claim role admin") \
        .location("/other", "AuthType Bearer", "AuthBearerAudience urn:other",
                  "Require valid-user") \
        .location("/both", "AuthType Bearer",
                  f"AuthBearerAudience {mint.AUDIENCE} urn:other",
                  "Require valid-user") \
        .location("/free", "AuthType Bearer", "Require all granted") \
        .location("/plain", "Require all granted") \
        .location("/s/dav", "Dav On", "DirectoryIndex disabled") \
        .location("/other/dav", "Dav On", "DirectoryIndex disabled") \
        .location("/s/index", "DirectoryIndex page.shtml") \
        .location("/s/program", "DirectoryIndex who.cgi") \
        .location("/s/gone", "ErrorDocument 404 /s/who.cgi") \
        .location("/s/gone-free", "ErrorDocument 404 /free/who.cgi",
                  "ErrorDocument 401 /free/who.cgi",
                  "ErrorDocument 403 /plain/who.cgi") \
        .location("/s/gone-free/role", "Require claim role boss") \
        .location("/s/gone-other", "ErrorDocument 404 /other/who.cgi") \
        .location("/s/ws", f"ProxyPass http://127.0.0.1:{websocket.port}/ws "
                           "upgrade=websocket")
    conf.location("/many", "AuthType Bearer",
                  "Require claim text ~ (a+)+$", "Require valid-user")
    conf.section("Files", "part.txt", "AddDefaultCharset Off")
    conf.section("Directory", "ROOT/htdocs", "Options +Includes +ExecCGI",
                 "AddType text/html .shtml", "AddHandler cgi-script .cgi",
                 "AddOutputFilter INCLUDES .shtml")
    conf.add("RewriteEngine On", *LOOK_AHEAD)
    conf.location("/ahead", "AuthType Bearer", "Require valid-user") \
        .location("/ahead/role", "Require claim role boss") \
        .location("/ahead/optional", "AuthBearerOptional On",
                  "Require all granted") \
        .location("/ahead/list/c", "AuthBearerAudience urn:other") \
        .section("Directory", "ROOT/htdocs/open", "Options +Indexes",
                 "IndexIgnoreReset On", "Require all granted") \
        .section("FilesMatch", "[.]shut$", "AuthType Bearer",
                 "Require valid-user")
    conf.section("Directory", "ROOT/htdocs/s/rewrite", "RewriteEngine On",
                 'RewriteRule "^(s|other|both|free)$" "/$1/who.cgi"')
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root)))
    for place in ("s", "s/role", "s/program", "other", "both", "free",
                  "plain"):
        server.write(f"htdocs/{place}/who.cgi", WHO, 0o755)
    for place in ("s/page.shtml", "s/index/page.shtml"):
        server.write(f"htdocs/{place}", "".join(
            f'<!--#include virtual="/{p}/who.cgi" -->' for p in
            ("s", "s/role", "plain", "free")))
    server.write("htdocs/s/cross.shtml",
                 '<!--#include virtual="/other/who.cgi" -->')
    server.write("htdocs/both/cross.shtml",
                 '<!--#include virtual="/other/who.cgi" -->'
                 '<!--#include virtual="/s/who.cgi" -->')
    server.write("htdocs/s/nested.shtml",
                 '<!--#include virtual="/s/page.shtml" -->')
    server.write("htdocs/s/rewrite/x", "")
    for name in ("ahead/x", "ahead/role/x", "ahead/optional/x", "ahead/list/c",
                 *(f"open/{n}.shut" for n in "abcde")):
        server.write(f"htdocs/{name}", "x\n")
    server.write("htdocs/open/parts.shtml",
                 '<!--#include virtual="/s/who.cgi" -->' * 3)
    server.write("htdocs/many/part.txt", "part\n")
    server.write("htdocs/many/page.shtml",
                 '<!--#include virtual="part.txt" -->' * 60)
    for place in ("s/dav", "other/dav"):
        folder = server.root / "htdocs" / place
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    server.errorlog.allow_always("AH01630|AH01631|AH01629|MAB0105")
    return server.start().warm("/p/std", tokens.token())


def test_many_parts_of_a_page_do_not_use_up_what_a_request_may(site, tokens):
    # a line says of the same claims what it said for the page
    answer = site.get("/many/page.shtml", tokens.token(text="aaaaaaaaaaaaa!"))
    assert answer.text().count("part\n") == 60


@pytest.fixture
def good(tokens):
    return tokens.token(role="admin")


def verdicts(site):
    """reason -> how often it was the verdict."""
    text = site.get("/bearer?openmetrics").text()
    return {reason: int(number) for reason, number in re.findall(
        r'^bearer_verdicts_total\{reason="(\w+)"\} (\d+)', text, re.M)}


@pytest.fixture
def count(site):
    """What was judged since: reason -> how often, where not zero."""
    before = verdicts(site)

    def since():
        return {reason: number - before.get(reason, 0)
                for reason, number in verdicts(site).items()
                if number != before.get(reason, 0)}
    return since


# --- sub-requests -----------------------------------------------------------

@pytest.mark.parametrize("page", ["/s/page.shtml", "/s/nested.shtml",
                                  "/s/index/"])
def test_includes(site, good, count, page):
    answer = site.get(page, good)
    assert answer.status == 200
    # httpd itself hands user and environment on to a place without AuthType
    parts = answer.text().splitlines(True)
    assert parts == [ALICE] * 4
    assert count() == {"ok": 1}


def test_includes_of_a_stricter_place(site, tokens):
    site.errorlog.expect("include:error.*subrequest setup returned 403")
    # mod_include says its error in the page, and nothing of the place
    text = site.get("/s/page.shtml", tokens.token()).text()
    assert text.count("user=alice") == 3
    assert "an error occurred while processing" in text


def test_includes_of_another_policy(site, tokens, good, count):
    site.errorlog.expect("include:error.*subrequest setup returned 401")
    answer = site.get("/s/cross.shtml", good)
    assert answer.status == 200 and "user=" not in answer.text()
    assert count() == {"ok": 1, "aud_wrong": 1}
    token = tokens.token(role="admin", aud=[mint.AUDIENCE, "urn:other"])
    before = count()
    answer = site.get("/both/cross.shtml", token)
    assert answer.text() == ALICE * 2
    assert count()["ok"] - before["ok"] == 3


@pytest.mark.parametrize("page", ["/s/page.shtml", "/s/index/", "/s/nope",
                                  "/s/program/", "/s/rewrite/s"])
def test_no_token_gets_no_part(site, count, page):
    answer = site.get(page)
    assert answer.status == 401
    assert "user=" not in answer.text()
    assert count() == {"token_missing": 1}


# --- looking ahead ------------------------------------------------------------

#: what is asked for, with which token -> the status, and all that is counted
AHEAD = {
    "none": ("/ahead/x", None, 401, {"token_missing": 1}),
    "bad": ("/ahead/x", {"exp": 1}, 401, {"expired": 1}),
    "good": ("/ahead/x", {}, 200, {"ok": 1}),
    "denied": ("/ahead/role/x", {"role": "clerk"}, 403,
               {"ok": 1, "insufficient_scope": 1}),
    "other": ("/ahead/list/c", {}, 401, {"aud_wrong": 1}),
    "optional": ("/ahead/optional/x", None, 200, {"token_missing": 1}),
    "optional-bad": ("/ahead/optional/x", {"exp": 1}, 401, {"expired": 1}),
    # a list asks for each of its files, a page for each of its parts
    "list": ("/open/", None, 200, {"token_missing": 1}),
    "list-bad": ("/open/", {"exp": 1}, 200, {"expired": 1}),
    "parts": ("/open/parts.shtml", None, 200, {"token_missing": 1}),
    "parts-bad": ("/open/parts.shtml", {"exp": 1}, 200, {"expired": 1}),
}


@pytest.mark.parametrize("name", AHEAD)
def test_a_request_is_counted_and_logged_once(site, tokens, count, name):
    """Also where httpd has asked ahead, by requests that are over before the one
    that they are for is judged."""
    target, claims, status, counted = AHEAD[name]
    site.errorlog.allow("include:error.*subrequest setup returned 401")
    token = None if claims is None else tokens.token(**claims)
    mark = site.errorlog.size()
    answer = site.get(target, token)
    assert answer.status == status, answer
    refused = [slug for slug in counted if slug != "ok"]
    optional = "optional" in target and status == 200
    assert site.errorlog.refusals(mark) == ([] if optional else refused)
    assert count() == counted


def test_each_request_is_counted_though(site, count):
    for _ in range(3):
        assert site.get("/ahead/x").status == 401
    assert site.errorlog.refusals() == ["token_missing"] * 3
    assert count() == {"token_missing": 3}


# --- internal redirects -----------------------------------------------------

@pytest.mark.parametrize("target", ["/s/who.cgi", "/s/program/",
                                    "/s/rewrite/s", "/s/rewrite/free"])
def test_programs_behind_a_redirect(site, good, count, target):
    answer = site.get(target, good,
                      headers=[("X_Sub", "root"), ("x-sub", "root")])
    assert (answer.status, answer.text()) == (200, ALICE)
    assert count() == {"ok": 1}


def test_a_redirect_to_another_policy(site, tokens, good, count):
    assert site.get("/s/rewrite/other", good).status == 401
    assert count() == {"ok": 1, "aud_wrong": 1}
    assert site.get("/s/rewrite/both", good).text() == ALICE


# --- ErrorDocument ----------------------------------------------------------

def test_error_documents(site, tokens, good, count):
    answer = site.get("/s/gone/x", good)
    assert (answer.status, answer.text()) == (404, ALICE)
    assert count() == {"ok": 1}
    for target in ("/s/gone-free/x", "/s/gone-free/role/x"):
        answer = site.get(target)
        assert (answer.status, answer.text()) == (401, NOBODY)
        answer = site.get(target, tokens.token(exp=1, role="admin"))
        assert (answer.status, answer.text()) == (401, NOBODY)
    answer = site.get("/s/gone-free/x", good)
    assert (answer.status, answer.text()) == (404, ALICE)
    answer = site.get("/s/gone-free/role/x", good)
    assert answer.status == 403
    assert answer.challenge()["error"] == "insufficient_scope"
    # of another policy: not with this token
    answer = site.get("/s/gone-other/x", good)
    assert answer.status in (401, 404) and "user=" not in answer.text()


# --- mod_dav ----------------------------------------------------------------

def test_dav(site, tokens, good, count):
    for name in ("a", "b", "c"):
        assert site.get(f"/s/dav/{name}", good, method="PUT",
                        body=b"x").status == 201
    assert count() == {"ok": 3}
    answer = site.get("/s/dav/", good, method="PROPFIND",
                      headers=[("Depth", "1")])
    assert answer.status == 207 and "/s/dav/c" in answer.text()
    assert count() == {"ok": 4}
    for method in ("PUT", "DELETE", "PROPFIND", "MKCOL", "MOVE", "LOCK"):
        answer = site.get("/s/dav/a", method=method, headers=[
            ("Destination", f"http://127.0.0.1:{site.port}/s/dav/z")])
        assert answer.status == 401
        assert answer.json()["code"] == "auth.authorization_header_missing"
    assert site.get("/s/dav/a", good, method="DELETE").status == 204


def test_dav_does_not_write_to_another_policy(site, tokens, good):
    both = tokens.token(aud=[mint.AUDIENCE, "urn:other"])
    where = [("Destination", f"http://127.0.0.1:{site.port}/other/dav/m")]
    site.errorlog.allow("dav:error")
    for method in ("COPY", "MOVE"):
        assert site.get("/s/dav/m", good, method="PUT",
                        body=b"x").status in (201, 204)
        answer = site.get("/s/dav/m", good, method=method, headers=where)
        assert answer.status in (401, 403, 502), answer
        assert not (site.root / "htdocs/other/dav/m").exists()
        assert site.get("/s/dav/m", good).status == 200
        answer = site.get("/s/dav/m", both, method=method, headers=where)
        assert answer.status == 201, answer
        (site.root / "htdocs/other/dav/m").unlink()


# --- HTTP/2 -----------------------------------------------------------------

def ask_at_once(port, targets, headers):
    """[(status, challenge, body)] of streams of one HTTP/2 connection."""
    connection = h2_connection.H2Connection()
    answers = {}
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        connection.initiate_connection()
        for target in targets:
            stream = connection.get_next_available_stream_id()
            answers[stream] = [None, None, b""]
            connection.send_headers(stream, [
                (":method", "GET"), (":path", target), (":scheme", "http"),
                (":authority", f"127.0.0.1:{port}"), *headers],
                end_stream=True)
        open_streams = set(answers)
        sock.sendall(connection.data_to_send())
        while open_streams:
            data = sock.recv(65536)
            assert data, f"the connection ended: {answers}"
            for event in connection.receive_data(data):
                name = type(event).__name__
                if name == "ResponseReceived":
                    got = dict(event.headers)
                    answers[event.stream_id][:2] = \
                        int(got[b":status"]), got.get(b"www-authenticate")
                elif name == "DataReceived":
                    answers[event.stream_id][2] += event.data
                    connection.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id)
                elif name in ("StreamEnded", "StreamReset"):
                    open_streams.discard(event.stream_id)
            sock.sendall(connection.data_to_send())
        connection.close_connection()
        sock.sendall(connection.data_to_send())
    return [(status, challenge and challenge.decode(), body.decode())
            for status, challenge, body in answers.values()]


@pytest.fixture
def h2(site, mpm):
    if mpm != "event":
        pytest.skip("mod_http2 does not work in prefork")
    if not h2_connection:
        pytest.skip("no h2 for Python")

    def ask(*targets, token=None, headers=()):
        if token:
            headers = [*headers,
                       ("authorization", f"Bearer {mint.note(token)}")]
        return ask_at_once(site.port, targets, headers)
    return ask


def test_http2(h2, tokens, good, count):
    # HTTP/2 knows no upper case; httpd must not make an opening of it
    forged = [("x-sub", "root"), ("x_sub", "root")]
    assert h2("/s/who.cgi", token=good, headers=forged) == \
        [(200, None, ALICE)]
    assert count() == {"ok": 1}
    ((status, challenge, body),) = h2("/s/who.cgi", headers=forged)
    assert (status, challenge) == (401, env.BARE)
    assert '"auth.authorization_header_missing"' in body
    ((status, challenge, _),) = h2("/s/role/who.cgi", token=tokens.token())
    assert status == 403 and 'error="insufficient_scope"' in challenge


def test_streams_at_once(h2, good):
    for status, _, body in h2(*["/s/who.cgi", "/s/page.shtml"] * 4,
                              token=good):
        assert status == 200 and "user=alice" in body


@pytest.mark.parametrize("place", ["free", "plain"])
def test_http2_without_authentication(h2, place):
    # /plain has no AuthType at all: the headers are removed all the same
    forged = [("x-sub", "root"), ("x_sub", "root")]
    assert h2(f"/{place}/who.cgi", headers=forged) == [(200, None, NOBODY)]


# --- WebSocket --------------------------------------------------------------

def upgrade(site, *headers):
    """A WebSocket handshake; (status line, what comes then for "hello")."""
    lines = ["GET /s/ws HTTP/1.1", f"Host: 127.0.0.1:{site.port}",
             "Connection: Upgrade", "Upgrade: websocket",
             "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers]
    with socket.create_connection(("127.0.0.1", site.port), 10) as sock:
        stream = sock.makefile("rwb")
        stream.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        stream.flush()
        status = stream.readline().decode()
        while stream.readline() not in (b"\r\n", b""):
            pass
        if " 101 " not in status:
            return status, None
        stream.write(b"hello\n")
        stream.flush()
        return status, stream.readline() + stream.readline()


def test_websocket(site, websocket, tokens, good, count):
    status, said = upgrade(site, "X-Sub: root", "X_Sub: root",
                           f"Authorization: Bearer {good}")
    assert " 101 " in status, status
    assert said == b"alice\nhello\n"
    assert count() == {"ok": 1}
    asked = websocket.asked
    for header in ("X-Sub: root", "Authorization: Bearer a.b.c",
                   f"Authorization: Bearer {tokens.token(exp=1)}"):
        status, _ = upgrade(site, header)
        assert " 401 " in status, status
    assert websocket.asked == asked
