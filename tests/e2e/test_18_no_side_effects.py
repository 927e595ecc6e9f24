# SPDX-License-Identifier: Apache-2.0
"""What a client writes into its credentials changes nothing else of its request, and
what an administrator sets stays: copies of a token are taken away, not what looks
like one."""
import socket

import pytest

from testenv import env, mint
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
    server.errorlog.allow_always("AH0163[01]|AH01629|AH01093|MAB010[56]|MAB0410")
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


# --- what an administrator locks by ----------------------------------------------

#: place -> where its tokens are, and what a client writes that holds a text
WRITES = {
    "cookie": ("AuthBearerSource cookie:token", "Authorization: x {}",
               "Authorization: {}", "Authorization: Bearer {}",
               "Cookie: token={}"),
    "query": ("AuthBearerSource query", "Authorization: x {}",
              "?access_token={}"),
    "own": ("AuthBearerSource header:X-Token", "X-Token: {}",
            "Authorization: Basic {}"),
    "off": ("AuthBearerForward Off", "Authorization: Bearer {}"),
}
#: what of the administrator's a text could be a copy of
MARK, MODE = "blocked-client", "production-locked"


@pytest.fixture(scope="module")
def locked(serve, base, tokens):
    """Places that a client is kept out of, whatever its token is worth."""
    conf = base(f'SetEnvIf Remote_Addr "^127" blocked={MARK}').place("std")
    rewrites = ["RewriteEngine On", f"RewriteCond %{{ENV:blocked}} ={MARK}",
                'RewriteRule "f.txt" - [F]']
    inner = ["<Files f.txt>", "<RequireAll>", "Require valid-user",
             "Require not env blocked", "</RequireAll>", "</Files>"]
    for name, (source, *_) in WRITES.items():
        folder = f"ROOT/htdocs/k/{name}"
        where = ["AuthType Bearer", source]
        valid = "Require valid-user"
        conf.section("Directory", f"{folder}/rewrite", *where, valid, *rewrites)
        conf.section("Directory", f"{folder}/all", *where, "Require all granted",
                     *rewrites)
        conf.section("Directory", f"{folder}/index", *where, valid,
                     "DirectoryIndex f.txt", *inner)
        conf.section("Directory", f"{folder}/set", *where, valid,
                     f"SetEnv APP_MODE {MODE}", "Options +ExecCGI",
                     "AddHandler cgi-script .cgi", "DirectoryIndex e.cgi",
                     f"RequestHeader set X-Realm {MODE}", 'RequestHeader set '
                     'X-Forwarded-User "expr=%{REMOTE_USER}"')
    site = serve(conf, start=False).fill()
    for name in WRITES:
        for kind in ("rewrite", "all", "index"):
            site.write(f"htdocs/k/{name}/{kind}/f.txt", "secret\n")
        site.write(f"htdocs/k/{name}/set/e.cgi", (
            site.root / "cgi/env").read_text(), 0o755)
    site.errorlog.allow_always("AH0163[01]|AH01629|MAB010[56]")
    return site.start().warm("/p/std", tokens.token())


def sent(target, name, token, text):
    """The target and headers with a good token (or none), and in turn each thing
    that a client may write beside it."""
    source, *writes = WRITES[name]
    own = {"cookie": "Cookie: token={}", "query": "?access_token={}",
           "own": "X-Token: {}", "off": "Authorization: Bearer {}"}[name]
    for write in [None, *writes]:
        query, headers = "", []
        for form, value in ((own, token), (write, text)):
            if not form or not value:
                continue
            form = form.format(value)
            if form[0] == "?":
                query += ("&" if query else "?") + form[1:]
            else:
                headers.append(tuple(form.split(": ", 1)))
        yield target + query, headers


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("kind, target", [
    ("rewrite", "f.txt"), ("all", "f.txt"), ("index", "")])
def test_no_text_of_a_client_takes_a_lock_away(locked, tokens, kind, target,
                                               name, good):
    token = tokens.token() if good else None
    for where, headers in sent(f"/k/{name}/{kind}/{target}", name, token, MARK):
        answer = locked.get(where, headers=headers)
        assert answer.status in (400, 401, 403), (where, headers)
        assert "secret" not in answer.text()


@pytest.mark.parametrize("target", ["", "e.cgi"])
@pytest.mark.parametrize("name", WRITES)
def test_no_text_of_a_client_takes_what_others_set(locked, tokens, name, target):
    token = tokens.token(sub="alice.smith")
    for text in (MODE, "alice.smith", MARK, "127.0.0.1"):
        for where, headers in sent(f"/k/{name}/set/{target}", name, token, text):
            answer = locked.get(where, headers=headers)
            if answer.status in (400, 401):  # two tokens
                continue
            seen = answer.environment()
            assert seen.get("APP_MODE") == MODE, (where, headers)
            assert seen.get("HTTP_X_REALM") == MODE, (where, headers)
            assert seen.get("HTTP_X_FORWARDED_USER") == "alice.smith", headers
            assert seen.get("blocked") == MARK, (where, headers)
            assert seen["HTTP_HOST"].startswith("127.0.0.1:"), headers


# --- trailers --------------------------------------------------------------------

@pytest.fixture(scope="module")
def merged(serve, base, tokens, backend):
    """A server that makes headers of trailers when a body has been read."""
    conf = base("MergeTrailers On").place(
        "std", "AuthBearerClaim sub header:X-Sub")
    page = ["Options +Includes +ExecCGI", "SetOutputFilter INCLUDES"]
    bearer = ["AuthType Bearer", "Require valid-user"]
    conf.location("/back", f"ProxyPass http://127.0.0.1:{backend.port}/")
    conf.section("Directory", "ROOT/htdocs/open", *page)
    conf.section("Directory", "ROOT/htdocs/user", *bearer, *page)
    for name, lines in {"env": [], "sub": [
            "AuthBearerClaim sub header:X-Sub"]}.items():
        conf.add(f"ScriptAlias /t/{name} ROOT/cgi/reads")
        conf.location(f"/t/{name}", *bearer, *lines)
    for name in ("open", "user"):
        conf.add(f"ScriptAlias /part/{name} ROOT/cgi/env")
    conf.section("Location", "/part/user", *bearer)
    server = serve(conf, start=False, modules=["include"]).fill()
    server.write("cgi/reads", env.ENV_CGI.replace("printf", "cat >/dev/null\nprintf"),
                 0o755)
    for folder in ("open", "user"):
        for name, part in {"back": "/back/x", "open": "/part/open",
                           "user": "/part/user", "sub": "/t/sub"}.items():
            server.write(f"htdocs/{folder}/{name}.html",
                         f'<!--#include virtual="{part}" -->')
    server.errorlog.allow_always("AH0163[01]|AH01629|include:error|AH01215")
    return server.start().warm("/p/std", tokens.token())


def post(site, target, token, trailers):
    """The body of the answer to a request with trailers."""
    fields = [f"POST {target} HTTP/1.1", "Host: x", "Connection: close",
              "Transfer-Encoding: chunked",
              *([f"Authorization: Bearer {token}"] if token else []), "", "3",
              "abc", "0", *(f"{k}: {v}" for k, v in trailers), "", ""]
    with socket.create_connection(("127.0.0.1", site.port), 20) as sock:
        sock.sendall("\r\n".join(fields).encode())
        got = b""
        while piece := sock.recv(65536):
            got += piece
    head, _, body = got.decode("latin-1").partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200"), got
    return body


FORGED = [("X-Sub", "forged-root"), ("X_Sub", "forged-root"),
          ("x-sub", "forged-root")]


@pytest.mark.parametrize("part", [
    "back", "sub", "open", "user"])
@pytest.mark.parametrize("folder", ["open", "user"])
def test_trailers_forge_no_header_of_a_part(merged, tokens, folder, part):
    body = post(merged, f"/{folder}/{part}.html", tokens.token(),
                [*FORGED, ("X-Other", "other-trailer")])
    assert "forged-root" not in body
    assert ("HTTP_X_SUB=alice" in body) == (part == "sub")
    # what the test rests on: trailers come this far, others stay
    assert "other-trailer" in body


@pytest.mark.parametrize("target", ["/back/x", "/t/env", "/t/sub"])
def test_trailers_forge_no_header_of_a_request(merged, tokens, target):
    assert "forged-root" not in post(merged, target, tokens.token(), FORGED)


# --- what httpd does beside any AuthType -------------------------------------------

@pytest.fixture(scope="module")
def pages_within(serve, base, tokens):
    """An error page in the place that refuses, and a front controller."""
    conf = base().place("std")
    conf.section("Directory", "ROOT/htdocs/in", "Options +ExecCGI",
                 "AddHandler cgi-script .cgi", "ErrorDocument 401 /in/401.html",
                 "ErrorDocument 403 /in/403.html", "AuthType Bearer",
                 "AuthBearerSource cookie:tok", "AuthBearerClaim sub header:X-User",
                 "AuthBearerClaim sub env:CLAIM_SUB",
                 "AuthBearerClaim nope header:X-Nope", "CGIPassAuth On",
                 "DirectoryIndex env.cgi", "FallbackResource /in/env.cgi",
                 'RequestHeader set Authorization "Basic c3Zj"',
                 "RequestHeader set X-User svc-user",
                 "RequestHeader set X-Nope svc-nope", "SetEnv CLAIM_SUB override",
                 "SetEnv CLAIM_NOPE x",
                 "Require claim role admin")
    server = serve(conf, start=False).fill()
    for name in ("401", "403"):
        server.write(f"htdocs/in/{name}.html", f"page {name}\n")
    server.write("htdocs/in/secret.html", "secret\n")
    server.write("htdocs/in/env.cgi", "#!/bin/sh\n"
                 "printf 'Content-Type: text/plain\\n\\n'\nexec env -0\n", 0o755)
    server.errorlog.allow_always("AH0163[01]|AH01629|AH00128")
    return server.start().warm("/p/std", tokens.token())


def test_an_error_page_in_the_place_itself_is_shown(pages_within, tokens):
    answer = pages_within.get("/in/secret.html")
    assert (answer.status, answer.text()) == (401, "page 401\n")
    assert answer.challenge() == env.REALM
    poor = [("Cookie", f"tok={mint.note(tokens.token())}")]
    answer = pages_within.get("/in/secret.html", headers=poor)
    assert (answer.status, answer.text()) == (403, "page 403\n")
    # and is a page like any other when somebody asks for it
    assert pages_within.get("/in/401.html").status == 401


@pytest.mark.parametrize("path", ["/in/env.cgi", "/in/", "/in/nothing"])
def test_late_lines_of_the_administrator_stay(pages_within, tokens, path):
    good = [("Cookie", f"tok={mint.note(tokens.token(role='admin'))}")]
    seen = pages_within.get(path, headers=good).environment()
    assert seen["REMOTE_USER"] == "alice"
    wanted = {"HTTP_AUTHORIZATION": "Basic c3Zj", "HTTP_X_USER": "svc-user",
              "HTTP_X_NOPE": "svc-nope", "CLAIM_SUB": "override",
              "CLAIM_NOPE": "x"}
    assert {name: seen.get(name) for name in wanted} == wanted
