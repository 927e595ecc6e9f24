# SPDX-License-Identifier: Apache-2.0
"""What reaches a program or a back end under an exported name comes from us, or
from nobody: in every place of the server, whether it is ours or not, and at every
moment, also before we know the place. And a token that does not go on does not go
on as a copy that another module made of it earlier."""
import http.client
import itertools
import json
import shutil
import socket
import tempfile
import time
from pathlib import Path

import pytest

from testenv import env
from testenv.behind import BackEnd, Fcgi

MODULES = ["include", "lua", "proxy_fcgi", "http2"]

#: names that some place of the server exports to
TARGETS = ["X-User", "X-Role", "X-If", "X-Files", "X-Proxy", "X-Inner"]

LUA = """
local function told(r, where)
    local given = r.headers_in["X-User"]
    if given then r.err_headers_out["Seen-Lua-" .. where] = given end
end
function quick(r) told(r, "quick") return apache2.DECLINED end
function translate(r) told(r, "translate") return apache2.DECLINED end
function storage(r) told(r, "storage") return apache2.DECLINED end
"""

#: what looks at the header before anybody knows the place ...
EARLY = """
SetEnvIf X-User (.+) COPY_SETENVIF=$1
SetEnvIfNoCase x-user (.+) COPY_NOCASE=$1
SetEnvIf ^X.User$ (.+) COPY_REGEX=$1
SetEnvIfExpr "req('X-User') =~ /(.+)/" COPY_EXPR=$1
RequestHeader set X-Early "expr=%{req:X-User}" early
RewriteEngine On
RewriteCond %{HTTP:X-User} (.+)
RewriteRule .* - [E=COPY_REWRITE:%1]
RewriteRule .* - [E=COPY_DIRECT:%{HTTP:X-User}]
RewriteCond %{HTTP:X-User} .
RewriteRule ^/c/routed/ - [F]
<If "%{HTTP:X-User} =~ /./">
Header always set Seen-If-Server yes
</If>
<If "-n req('X-User')">
Header always set Seen-If-Function yes
</If>
LuaQuickHandler ROOT/hooks.lua quick
LuaHookTranslateName ROOT/hooks.lua translate early
LuaHookMapToStorage ROOT/hooks.lua storage
"""
#: ... and inside of it
WITHIN = """
SetEnvIf X-User (.+) COPY_WITHIN=$1
<If "%{HTTP:X-User} =~ /./">
Header always set Seen-If-Within yes
</If>
Header always set Seen-Request "expr=%{req:X-User}"
"""
#: a program that reads its body, and sends the client on within httpd
AWAY = """#!/bin/sh
cat >/dev/null
printf 'Location: /app/public\\r\\n\\r\\n'
"""


def spellings(name):
    """One name for every program that makes a variable of it."""
    return [name, name.lower(), name.upper(), name.replace("-", "_"),
            name.replace("-", "_").lower(), name.replace("-", "_").upper()]


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def program():
    folder = Path(tempfile.mkdtemp(prefix="mab-fcgi-"))
    folder.chmod(0o755)
    server = Fcgi(folder / "s")
    (folder / "s").chmod(0o777)
    yield server
    server.stop()
    shutil.rmtree(folder)


SECURE = ["AuthType Bearer", "AuthBearerClaim sub header:X-User",
          "Require valid-user"]
#: name -> lines; each is a place of the back end and of both kinds of programs
PLACES = {
    "secure": SECURE,
    "public": [],
    "bearer": ["AuthType Bearer", "Require valid-user"],
    "optional": ["AuthType Bearer", "AuthBearerOptional On",
                 "AuthBearerClaim sub header:X-User", "Require all granted"],
    "none": ["AuthType Bearer", "AuthBearerClaim none", "Require valid-user"],
    "denied": [*SECURE[:-1], "Require claim role boss"],
}


@pytest.fixture(scope="module", params=["last", "first"])
def site(request, serve, base, tokens, backend, program, mpm):
    proxy = f"http://127.0.0.1:{backend.port}/"
    conf = base(*EARLY.splitlines(), "MergeTrailers On", "ProxyRequests On",
                f"ProxyPass /app/ {proxy}", f"ProxyPass /pages/part {proxy}",
                "ScriptAliasMatch ^/(c|t)/ ROOT/cgi/env",
                "ErrorDocument 404 /app/error",
                "ErrorDocument 400 /c/error")
    if mpm == "event":
        conf.add("Protocols h2c http/1.1")
    conf.place("std")
    for name, lines in PLACES.items():
        error = "ErrorDocument 401 /app/error\nErrorDocument 403 /app/error"
        conf.location(f"/app/{name}", *lines) \
            .location(f"/c/{name}", *lines, *WITHIN.splitlines()) \
            .location(f"/f/{name}", *lines, *WITHIN.splitlines(),
                      f'SetHandler "proxy:unix:{program.path}|fcgi://localhost/"') \
            .location(f"/gone/{name}", *lines, error)
    conf.location("/c/expr", 'Require expr "%{HTTP:X-User} =~ /./"') \
        .location("/c/bearer-expr", "AuthType Bearer",
                  'Require expr "%{HTTP:X-User} =~ /./"') \
        .location("/c/if", '<If "true">',
                  "AuthBearerClaim sub header:X-If", "</If>") \
        .location("/c/secure/inner", "AuthBearerClaim sub header:X-Inner")
    conf.section("Directory", "ROOT/htdocs", '<Files "*.none">',
                 "AuthBearerClaim sub header:X-Files", "</Files>",
                 "Options +Includes", "AddOutputFilter INCLUDES .shtml")
    conf.section("Proxy", f'"{proxy}proxied"',
                 "AuthBearerClaim sub header:X-Proxy")
    conf.section("Directory", "ROOT/htdocs/pages/secure", *SECURE)
    conf.location("/pages/secure", *SECURE)
    conf.section("Directory", "ROOT/htdocs/moved", "RewriteEngine On",
                 'RewriteRule "^(.+)$" "/app/$1"')
    conf.section("Directory", "ROOT/htdocs/moved-secure", *SECURE,
                 "RewriteEngine On", 'RewriteRule "^(.+)$" "/app/$1"')
    for host, lines in (("usual", ()), ("other", (
            '<Location "/exports">', "AuthType Bearer",
            "AuthBearerClaim role header:X-Role", "Require valid-user",
            "</Location>")), ("silent", ("<Location />",
                                         "AuthBearerClaim none",
                                         "</Location>"))):
        conf.section("VirtualHost", "127.0.0.1:PORT", f"ServerName {host}",
                     "RewriteOptions Inherit", *lines)
    server = serve(conf, start=False, modules=MODULES if mpm == "event" else
                   MODULES[:-1], first=request.param == "first")
    server.write("hooks.lua", LUA)
    server.write("cgi/away", AWAY, 0o755)
    for name in ("pages", "pages/secure"):
        server.write(f"htdocs/{name}/x.shtml",
                     '<!--#include virtual="/app/public" -->'
                     '<!--#include virtual="/pages/part" -->'
                     '<!--#include virtual="/c/public" -->'
                     '<!--#echo var="HTTP_X_USER" -->'
                     '<!--#printenv -->')
    for name in ("moved", "moved-secure"):
        server.write(f"htdocs/{name}/x", "")
    server.errorlog.allow_always(r"AH0163[01]|AH01629|AH10244|AH00128")
    return server.fill().start().warm("/p/std", tokens.token())


counter = itertools.count()


@pytest.fixture
def mark():
    """What the client would like a program to believe."""
    return f"root{next(counter)}"


def forged(mark, targets=TARGETS):
    return [(spelling, mark) for name in targets
            for spelling in spellings(name)]


def clean(answer, mark, *statuses):
    """The client's word reached nobody: each program and back end tells all it
    was told, and what looks at headers says so in the answer."""
    assert answer.status in statuses, answer
    said = answer.text() + "\n" + "\n".join(f"{k}: {v}"
                                            for k, v in answer.headers)
    at = said.find(mark)
    assert at < 0, said[max(0, at - 300):at + 100]
    for name, _ in answer.headers:
        assert not name.lower().startswith(("seen-if", "seen-lua")), answer
    return answer


def heard(answer, name):
    """What a back end got under this name."""
    headers = json.loads(answer.body)["headers"]
    return [v for k, v in headers
            if k.replace("_", "-") == name.lower()]


# --- every place -------------------------------------------------------------

#: paths beside the place that exports, as people and programs spell them
BESIDE = ["public", "secure;x", "SECURE", "Secure", "secure%3bx", "secure.",
          "secure%20", "securex", "x/secure", "x/../public", "./public",
          "secure/../public", "%73ecure;x", "", "nope/nope", "optional"]


@pytest.mark.parametrize("host", [None, "usual", "other", "silent"])
@pytest.mark.parametrize("path", BESIDE)
def test_beside_the_place_that_exports_nobody_is_named(site, tokens, mark, path,
                                                       host):
    for token in (None, tokens.token()):
        answer = clean(site.get(f"/app/{path}", token, host=host,
                                headers=forged(mark)), mark, 200)
        for name in TARGETS:
            assert heard(answer, name) in ([], ["alice"])
        if path not in ("optional",):
            assert not heard(answer, "X-User")


@pytest.mark.parametrize("spelling", [
    s for name in TARGETS for s in spellings(name)])
def test_every_name_is_ours_in_every_spelling(site, mark, spelling):
    for path in ("/app/public", "/app/secure;x", "/f/public", "/c/public"):
        clean(site.get(path, headers=[(spelling, mark)]), mark, 200)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("kind", ["app", "c", "f"])
def test_in_every_kind_of_place_the_name_is_ours(site, tokens, mark, kind, name):
    good = tokens.token()
    for token in (None, good, tokens.token(exp=1), "junk"):
        answer = clean(site.get(f"/{kind}/{name}", token,
                                headers=forged(mark)), mark, 200, 401, 403)
        if answer.status != 200:
            continue
        assert kind != "c" or answer.environment().get("HTTP_X_USER") in (
            ("alice",) if token == good and name in ("secure", "optional")
            else (None,))
        if kind == "app":
            assert heard(answer, "X-User") == (
                ["alice"] if token == good and name in ("secure", "optional")
                else [])


def test_a_forward_proxy_gives_on_no_forged_name(site, backend, mark):
    clean(site.get(f"http://127.0.0.1:{backend.port}/x", headers=forged(mark)),
          mark, 200)


#: all that may stand between the letters and digits of a header's name; some back
#: ends make "_" of each (RFC 3875 says so of "-" only)
BETWEEN = "!#$%&'*+-.^_`|~"


@pytest.mark.parametrize("path", ["public", "secure;x", "secure", "optional"])
@pytest.mark.parametrize("sign", BETWEEN)
def test_no_sign_makes_a_second_name_for_a_back_end(site, tokens, mark, sign,
                                                    path):
    headers = [(name.replace("-", sign), mark) for target in TARGETS
               for name in (target, target.lower())]
    for token in (None, tokens.token()):
        answer = clean(site.get(f"/app/{path}", token, headers=headers), mark,
                       200, 401)
        if token and path in ("secure", "optional"):
            assert heard(answer, "X-User") == ["alice"]


@pytest.mark.parametrize("sign", BETWEEN)
def test_nor_in_a_trailer(site, mark, sign):
    name = f"X{sign}User"
    answer = raw(site.port, bytes_of(
        site, "/cgi/away", [("Transfer-Encoding", "chunked"), ("Trailer", name),
                            ("Connection", "close")],
        "POST", f"3\r\nabc\r\n0\r\n{name}: {mark}\r\n\r\n".encode()))[0]
    assert answer.status == 200 and mark not in answer.text(), answer


def test_other_headers_are_untouched(site):
    others = ["X-Userx", "XUser", "X-User-Id", "X.User.Id", "X..User", ".User",
              "X-User.", "X.Token", "X.Other"]
    answer = site.get("/app/public", headers=[(name, "a") for name in others])
    got = [k for k, v in json.loads(answer.body)["headers"] if v == "a"]
    assert sorted(got) == sorted(name.lower() for name in others)


# --- every moment ------------------------------------------------------------

@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("kind", ["c", "f"])
@pytest.mark.parametrize("spelling", ["X-User", "x-user", "X-USER"])
def test_what_looks_early_sees_no_forged_name(site, tokens, mark, kind, name,
                                              spelling):
    """SetEnvIf, rewriting per server, early RequestHeader, <If> outside and inside
    of the place, hooks of programs."""
    for token in (None, tokens.token()):
        clean(site.get(f"/{kind}/{name}", token, headers=[(spelling, mark)]),
              mark, 200, 401, 403)


def test_a_rewrite_of_the_server_does_not_decide_by_it(site, mark):
    assert site.get("/c/routed/x").status == 200
    assert site.get("/c/routed/x", headers=[("X-User", mark)]).status == 200


@pytest.mark.parametrize("place", ["expr", "bearer-expr"])
def test_a_require_line_does_not_decide_by_it(site, tokens, mark, place):
    for token in (None, tokens.token()):
        answer = site.get(f"/c/{place}/x", token, headers=[("X-User", mark)])
        assert answer.status in (401, 403)


# --- requests within requests -----------------------------------------------

@pytest.mark.parametrize("path", ["/nope", "/gone/secure/x", "/gone/denied/x",
                                  "/gone/public/x", "/gone/bearer/x"])
def test_an_error_document_names_nobody(site, tokens, mark, path):
    for token in (None, tokens.token(), tokens.token(exp=1)):
        # the status is the back end's
        answer = clean(site.get(path, token, headers=forged(mark)), mark, 200)
        assert heard(answer, "X-User") in ([], ["alice"])
        if token is None:
            assert heard(answer, "X-User") == []


def raw(port, *requests):
    """Sends bytes, returns all answers of the one connection."""
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        answers = []
        sock.sendall(b"".join(requests))
        reader = sock.makefile("rb")

        class Wrapped:
            @staticmethod
            def makefile(*_):
                return reader
        for _ in requests:
            response = http.client.HTTPResponse(Wrapped)
            # the reader is for all of them
            response._close_conn = lambda: None
            response.begin()
            answers.append(env.Answer(response, response.read()))
        reader.close()
        return answers


def bytes_of(site, target, headers, method="GET", body=b""):
    lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{site.port}",
             *(f"{k}: {v}" for k, v in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize("broken", [
    "GET /c/public HTTP/1.1\r\nX-User: MARK\r\n\r\n",
    "GET /c/public HTTP/1.1\r\nHost: x y/\r\nX-User: MARK\r\n\r\n",
    "GET /%zz HTTP/1.1\r\nHost: x\r\nX-User: MARK\r\n\r\n"],
    ids=["no-host", "bad-host", "bad-path"])
def test_an_error_document_of_a_broken_request_names_nobody(site, mark, broken):
    """Also where httpd has not read all of it, or does not know the host."""
    answer = raw(site.port, broken.replace("MARK", mark).encode())[0]
    assert answer.status in (400, 404)
    assert "GATEWAY_INTERFACE" in answer.text()
    assert mark not in answer.text(), answer


@pytest.mark.parametrize("path", ["/pages/x.shtml", "/pages/secure/x.shtml"])
def test_a_part_of_a_page_names_nobody(site, tokens, mark, path):
    for token in (None, tokens.token()):
        answer = clean(site.get(path, token, headers=forged(mark)), mark, 200,
                       401)
        if answer.status == 200:
            assert '"path": "/public"' in answer.text()


@pytest.mark.parametrize("path", ["/moved/x", "/moved-secure/x",
                                  "/moved/secure;x", "/moved/public"])
def test_after_a_rewrite_nobody_is_named(site, tokens, mark, path):
    for token in (None, tokens.token()):
        answer = clean(site.get(path, token, headers=forged(mark)), mark, 200,
                       401)
        if answer.status == 200:
            assert heard(answer, "X-User") in ([], ["alice"])


@pytest.mark.parametrize("path", ["/app/public", "/app/secure;x", "/cgi/away"])
def test_a_trailer_names_nobody(site, mark, path):
    """MergeTrailers On makes headers of what comes after the body."""
    answer = raw(site.port, bytes_of(
        site, path, [("Transfer-Encoding", "chunked"), ("Trailer", "X-User"),
                     ("Connection", "close")], "POST",
        b"3\r\nabc\r\n0\r\n" + f"X-User: {mark}\r\nx_user: {mark}\r\n\r\n"
        .encode()))[0]
    assert answer.status == 200, answer
    assert mark not in answer.text(), answer


@pytest.mark.parametrize("path", ["/app/public", "/app/secure;x", "/c/public",
                                  "/f/public", "/app/optional"])
def test_the_next_request_of_a_connection_names_nobody(site, tokens, mark, path):
    token = tokens.token()
    first = bytes_of(site, "/app/secure", [("Authorization",
                                            f"Bearer {token}")])
    second = bytes_of(site, path, forged(mark))
    answers = raw(site.port, first, second, second)
    assert heard(answers[0], "X-User") == ["alice"]
    for answer in answers[1:]:
        clean(answer, mark, 200)
        assert "alice" not in answer.text()


def test_a_stream_of_a_connection_names_nobody(site, tokens, mark, mpm):
    if mpm != "event":
        pytest.skip("mod_http2 does not work in prefork")
    chains = pytest.importorskip("test_46_chains")
    if not chains.h2_connection:
        pytest.skip("no h2 for Python")
    answers = chains.ask_at_once(
        site.port, ["/app/public", "/app/secure;x", "/c/public", "/app/secure"],
        [("x-user", mark), ("x_user", mark), ("x-role", mark)])
    assert [a[0] for a in answers] == [200, 200, 200, 401]
    assert not any(mark in body for _, _, body in answers)


# --- copies of the token -----------------------------------------------------

#: how another module copies what holds the token, before we know the place;
#: HEADER is what holds it
COPIES = {
    "SetEnvIf": ["SetEnvIf HEADER ^(.+)$ COPY=$1"],
    "SetEnvIf-HTTP": ["SetEnvIf HEADER ^(.+)$ HTTP_AUTHORIZATION=$1"],
    "SetEnvIfNoCase": ["SetEnvIfNoCase HEADER ([A-Za-z0-9_.-]{40,}) COPY=$1"],
    "SetEnvIfExpr": ["SetEnvIfExpr \"req('HEADER') =~ /^(.+)$/\" COPY=$1"],
    "RewriteCond": ["RewriteCond %{HTTP:HEADER} ^(.+)$",
                    "RewriteRule .* - [E=COPY:%1]"],
    "RewriteRule": ["RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:HEADER}]"],
    "within": ["<Location />", "SetEnvIf HEADER ^(.+)$ COPY=$1", "</Location>"],
}
QUERY_COPIES = {
    "SetEnvIfExpr": ['SetEnvIfExpr "%{QUERY_STRING} =~ /^(.+)$/" COPY=$1'],
    "RewriteCond": ["RewriteCond %{QUERY_STRING} ^(.+)$",
                    "RewriteRule .* - [E=COPY:%1]"],
    "RewriteRule": ["RewriteRule .* - [E=COPY:%{THE_REQUEST}]"],
    "SetEnvIf": ["SetEnvIf Request_URI . SEEN=1"],
}
#: name -> what holds the token, lines of the place
HIDDEN = {
    "off": ("Authorization", ["AuthBearerForward Off"]),
    "own-off": ("X-Token", ["AuthBearerSource header:X-Token",
                            "AuthBearerForward Off"]),
    "cookie": ("Cookie", ["AuthBearerSource cookie:tok"]),
    "query": (None, ["AuthBearerSource query"]),
}
BEHIND = ["cgi", "http", "fcgi", "redirect", "index"]


@pytest.fixture(scope="module", params=["last", "first"])
def copier(request, serve, base, tokens, backend, program):
    """A virtual host for each way of copying and each source; in each all kinds
    of programs, in a place that hides the token and in one that does not."""
    conf = base().place("std")
    conf.section("Directory", "ROOT/htdocs", "Options +ExecCGI",
                 "AddHandler cgi-script .cgi", "DirectoryIndex who.cgi")
    conf.section("VirtualHost", "127.0.0.1:PORT", "ServerName usual")
    for name, (header, lines) in HIDDEN.items():
        for how, copy in (COPIES if header else QUERY_COPIES).items():
            conf.section(
                "VirtualHost", "127.0.0.1:PORT", f"ServerName {name}.{how}",
                "RewriteEngine On",
                *(line.replace("HEADER", header or "") for line in copy),
                "ScriptAliasMatch ^/(hide|show)/cgi ROOT/cgi/env",
                '<LocationMatch "^/(hide|show)/">', "AuthType Bearer",
                "Require valid-user",
                # what is left of the variables goes on to a back end
                *(f'RequestHeader set X-Var-{i} "%{{{v}}}e"' for i, v in
                  enumerate(("COPY", "HTTP_AUTHORIZATION", "REDIRECT_COPY",
                             "REDIRECT_HTTP_AUTHORIZATION"))),
                "</LocationMatch>",
                '<LocationMatch "^/hide/">', *lines, "</LocationMatch>",
                '<LocationMatch "^/show/">', *(
                    line for line in lines if "Forward" not in line),
                "</LocationMatch>",
                *(f'<Location "/{kind}/http">\n'
                  f"ProxyPass http://127.0.0.1:{backend.port}/\n</Location>\n"
                  f'<Location "/{kind}/fcgi">\nSetHandler '
                  f'"proxy:unix:{program.path}|fcgi://localhost/"\n</Location>\n'
                  f'<Directory "ROOT/htdocs/{kind}/redirect">\n'
                  'RewriteEngine On\nRewriteRule "^.+$" "/after/who.cgi"\n'
                  "</Directory>" for kind in ("hide", "show")))
    server = serve(conf, start=False, modules=["proxy_fcgi"],
                   first=request.param == "first")
    for path in ("after/who.cgi", "hide/index/who.cgi", "show/index/who.cgi"):
        server.write(f"htdocs/{path}", env.ENV_CGI, 0o755)
    for path in ("hide/redirect/x", "show/redirect/x"):
        server.write(f"htdocs/{path}", "")
    return server.fill().start().warm("/p/std", tokens.token())


def bring(site, name, how, kind, behind, token):
    """Asks a program with a token; what it was told, as text."""
    path = {"redirect": "redirect/x", "index": "index/"}.get(behind, behind)
    target, headers = f"/{kind}/{path}", []
    if name == "query":
        target += f"?a=b&access_token={token}"
    else:
        headers = [("Authorization", f"Bearer {token}")] if name == "off" else \
            [("X-Token", token)] if name == "own-off" else \
            [("Cookie", f"a=b; tok={token}")]
    answer = site.get(target, headers=headers, host=f"{name}.{how}")
    assert answer.status == 200, answer
    text = answer.text()
    assert "GET" in text
    return text


CASES = [(name, how) for name, (header, _) in HIDDEN.items()
         for how in (COPIES if header else QUERY_COPIES)]


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("name, how", CASES)
def test_a_copy_of_a_hidden_token_goes_no_further(copier, tokens, name, how,
                                                  behind):
    token = tokens.token(nonce=time.monotonic_ns())
    told = bring(copier, name, how, "hide", behind, token)
    at = told.find(token.split(".")[2][:20])
    assert at < 0, told[max(0, at - 900):at + 40]


@pytest.mark.parametrize("behind", ["cgi", "http", "fcgi"])
@pytest.mark.parametrize("how", sorted(COPIES))
def test_a_copy_of_a_token_that_is_forwarded_is_there(copier, tokens, how,
                                                      behind):
    """Else the test above would show nothing; and programs rely on it."""
    token = tokens.token()
    assert token in bring(copier, "off", how, "show", behind, token)
