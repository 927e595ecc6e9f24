# SPDX-License-Identifier: Apache-2.0
"""What a client writes into its credentials changes nothing else of its request, and
what an administrator sets stays: copies of a token are taken away, not what looks
like one."""
import socket

import pytest

from testenv import mint
from testenv.behind import BackEnd

#: place -> its lines
PLACES = {
    "cookie": ["AuthBearerSource cookie:token", "Require valid-user"],
    "own": ["AuthBearerSource header:X-Token", "Require valid-user"],
    "off": ["AuthBearerForward Off", "Require valid-user"],
    "optional": ["AuthBearerSource cookie:token", "AuthBearerOptional On",
                 "Require all granted"],
    "local": ["AuthBearerSource cookie:token", "Require local",
              "Require valid-user"],
    "page": ["AuthBearerSource cookie:token", "ErrorDocument 401 /ok.txt",
             "Require valid-user"],
    "page-off": ["AuthBearerForward Off", "ErrorDocument 401 /ok.txt",
                 "Require valid-user"],
}


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def site(serve, base, tokens, backend):
    conf = base("KeepAlive On", 'SetEnvIf Remote_Addr "." ZONE=untrusted-zone',
                "RequestHeader set X-Zone untrusted-zone early").place("std")
    for name, lines in PLACES.items():
        conf.location(f"/f/{name}", "AuthType Bearer", *lines)
        conf.location(f"/b/{name}", "AuthType Bearer", *lines,
                      f"ProxyPass http://127.0.0.1:{backend.port}/")
    server = serve(conf, start=False)
    for name in PLACES:
        server.write(f"htdocs/f/{name}/x", "here\n")
    server.errorlog.allow_always("AH0163[01]|AH01629|AH01093|MAB010[56]")
    return server.start().warm("/p/std", tokens.token())


INNER = b"GET /p/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH = b"%010d" % len(INNER)
#: what the client has looked for -> the fields that frame its message
FRAMES = {LENGTH: [b"Content-Length: " + LENGTH],
          b"foofoofoo, chunked": [b"Transfer-Encoding: foofoofoo, chunked"]}


def answers(site, target, fields):
    """How many requests httpd saw in one message."""
    head = b"\r\n".join([b"POST " + target.encode() + b" HTTP/1.1", b"Host: x",
                         *fields])
    with socket.create_connection(("127.0.0.1", site.port), 10) as sock:
        sock.sendall(head + b"\r\n\r\n" + INNER)
        sock.shutdown(socket.SHUT_WR)
        got = b""
        while piece := sock.recv(65536):
            got += piece
    return got.count(b"HTTP/1.1 ")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("root", ["f", "b"])
@pytest.mark.parametrize("name", PLACES)
def test_no_credentials_remove_a_field_that_frames_the_message(
        site, tokens, name, root, good, frame):
    token = tokens.token().encode()
    for secret in (b"Authorization: X " + frame, b"Authorization: Bearer " + frame,
                   b"Authorization: " + frame, b"Cookie: token=" + frame,
                   b"X-Token: " + frame):
        more = [b"Cookie: token=" + token, b"X-Token: " + token] if good else []
        assert answers(site, f"/{root}/{name}/x",
                       [*more, secret, *FRAMES[frame]]) == 1, secret


@pytest.mark.parametrize("frame", ["Transfer-Encoding: {}, chunked",
                                   "Transfer-Encoding: chunked, {}"])
def test_nor_does_a_good_token(site, tokens, frame):
    token = tokens.token()
    fields = [b"Authorization: Bearer " + token.encode(),
              frame.format(token).encode()]
    assert answers(site, "/f/off/x", fields) == 1


@pytest.mark.parametrize("secret", ["untrusted-zone", "X untrusted-zone",
                                    "Bearer untrusted-zone"])
def test_what_the_administrator_sets_stays(site, tokens, secret):
    token = mint.note(tokens.token())
    headers = [("Cookie", f"token={token}"), ("Authorization", secret)]
    answer = site.get("/b/cookie/x", headers=headers)
    assert answer.status == 200 and '"x-zone", "untrusted-zone"' in answer.text()
    assert "authorization" not in answer.text()


# --- pages that are made of parts -----------------------------------------------

@pytest.fixture(scope="module")
def pages(serve, base, tokens):
    conf = base("FilterDeclare parts CONTENT_SET",
                "FilterProvider parts INCLUDES \"%{CONTENT_TYPE} =~ m#^text/html#\"",
                "AliasMatch ^/part$ ROOT/cgi/env").place("std")
    conf.section("Directory", "ROOT/htdocs", "Options +Includes +Indexes",
                 "Header set Cache-Control max-age=600", "AddType text/html .shtml")
    conf.section("Directory", "ROOT/htdocs/filter", "FilterChain parts")
    conf.location("/part", "AuthType Bearer", "AuthBearerSource cookie:token",
                  "Require valid-user")
    conf.section("Files", '"secret*"', "AuthType Bearer",
                 "AuthBearerSource cookie:token", "Require valid-user")
    server = serve(conf, start=False,
                   modules=["include", "filter", "autoindex"]).fill()
    server.write("htdocs/filter/page.shtml", '<!--#include virtual="/part" -->')
    server.write("htdocs/list/secret-plan.txt", "plan\n")
    for number in range(200):
        server.write(f"htdocs/list/many/an-ordinary-file-{number}.txt", "")
    server.write("htdocs/list/many/secret-plan.txt", "plan\n")
    server.errorlog.allow_always("AH0163[01]|AH01629|include:error")
    return server.start().warm("/p/std", tokens.token())


@pytest.mark.parametrize("page, mark", [("/filter/page.shtml", "alice"),
                                        ("/list/", "secret-plan"),
                                        ("/list/many/", "secret-plan")])
def test_a_page_with_parts_for_a_token_is_private(pages, tokens, page, mark):
    token = mint.note(tokens.token())
    answer = pages.get(page, headers=[("Cookie", f"token={token}")])
    assert answer.status == 200 and mark in answer.text()
    assert "private" in answer.header("Cache-Control")
    stranger = pages.get(page)
    assert stranger.status == 200 and mark not in stranger.text()
    assert "private" not in stranger.header("Cache-Control")
