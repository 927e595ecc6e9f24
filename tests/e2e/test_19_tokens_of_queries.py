# SPDX-License-Identifier: Apache-2.0
"""A token that comes in a query stays between client and us: no program is told it,
however it was reached, and no log, however early a request ends; what is no token
where it stands is left alone."""
import base64
import hashlib
import itertools
import re
import socket
import subprocess
import time

import pytest

from testenv import env
from testenv.behind import BackEnd

BASIC = ["AuthType Basic", "AuthName plain", "AuthBasicProvider file",
         "AuthUserFile ROOT/users", "Require valid-user"]
QUERY = ["AuthType Bearer", "AuthBearerSource query", "Require valid-user"]
BOB = ("Authorization", "Basic " + base64.b64encode(b"bob:secret").decode())


numbers = itertools.count()


def write_users(site):
    digest = base64.b64encode(hashlib.sha1(b"secret").digest()).decode()
    site.write("users", f"bob:{{SHA}}{digest}\n")


# --- every way into a place -------------------------------------------------------

#: how a program of a place that takes tokens from queries is reached: what is asked
#: for, and the lines of the first place
WAYS = {
    "straight": ("e.cgi", ["<Files e.cgi>", *QUERY, "</Files>"]),
    "index": ("", ["DirectoryIndex e.cgi", "<Files e.cgi>", *QUERY, "</Files>"]),
    "index-away": ("", ["DirectoryIndex /q/e.cgi"]),
    "fallback": ("nothing", ["FallbackResource /q/e.cgi"]),
    "fallback-path": ("nothing/at/all", ["FallbackResource /q/e.cgi"]),
    "action": ("x.act", ["Action x-act /q/e.cgi", "AddHandler x-act .act"]),
    "rewrite": ("x", ["RewriteEngine On", 'RewriteRule "^x$" "/q/e.cgi"']),
    "rewrite-twice": ("y", ["RewriteEngine On", 'RewriteRule "^y$" "x"',
                            'RewriteRule "^x$" "/q/e.cgi?c=3" [QSA]']),
    "location": ("local.cgi", []),
    "part": ("page.shtml", []),
    "part-deep": ("deep.shtml", []),
}
LOCAL = "#!/bin/sh\nprintf 'Location: /q/e.cgi?%s\\r\\n\\r\\n' \"$QUERY_STRING\"\n"


@pytest.fixture(scope="module")
def ways(serve, base, tokens):
    conf = base().place("std", "AuthBearerSource header query")
    program = ["Options +ExecCGI +Includes", "AddHandler cgi-script .cgi",
               "AddType text/html .shtml", "AddOutputFilter INCLUDES .shtml"]
    conf.section("Directory", "ROOT/htdocs", *program)
    conf.section("Directory", "ROOT/htdocs/q", *QUERY)
    conf.section("Directory", "ROOT/htdocs/own", "AuthType Bearer",
                 "AuthBearerSource query cookie:tok", "AuthBearerForward Off",
                 "Require valid-user")
    for first, way in itertools.product(("open", "basic"), WAYS):
        conf.section("Directory", f"ROOT/htdocs/{first}/{way}",
                     *(BASIC if first == "basic" else []), *WAYS[way][1])
    site = serve(conf, start=False, modules=[
        "auth_basic", "authn_file", "include", "actions"]).fill()
    write_users(site)
    for name in ("q", "own"):
        site.write(f"htdocs/{name}/e.cgi", env.ENV_CGI, 0o755)
    for first, way in itertools.product(("open", "basic"), WAYS):
        folder = f"htdocs/{first}/{way}"
        site.write(f"{folder}/e.cgi", env.ENV_CGI, 0o755)
        site.write(f"{folder}/local.cgi", LOCAL, 0o755)
        site.write(f"{folder}/x.act", "")
        site.write(f"{folder}/page.shtml",
                   '<!--#include virtual="/q/e.cgi?$QUERY_STRING" -->')
        site.write(f"{folder}/deep.shtml",
                   '<!--#include virtual="page.shtml?$QUERY_STRING" -->')
    for first in ("open", "basic"):
        site.write(f"htdocs/{first}/part/own.shtml",
                   '<!--#include virtual="/own/e.cgi" -->')
    site.errorlog.allow_always("AH0163[01]|AH01629|include:error")
    return site.start().warm("/p/std", tokens.token())


#: where the token is in a query
QUERIES = ["access_token={}", "a=1&access_token={}&b=2", "access%5ftoken={}"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", ["open", "basic"])
def test_no_program_is_told_the_token(ways, tokens, first, way, query):
    token = tokens.token()
    target = f"/{first}/{way}/{WAYS[way][0]}?" + query.format(token)
    answer = ways.get(target, headers=[BOB] if first == "basic" else [])
    assert answer.status == 200, answer
    pairs = [text.split("=", 1) for text in answer.text().split("\0")]
    seen = {name: value for name, *value in pairs}
    assert seen["REMOTE_USER"] == ["alice"], seen
    assert [n for n, v in seen.items() if token[-40:] in "".join(v)] == []
    assert "access_token" not in answer.text()
    assert "access%5ftoken" not in answer.text()
    assert ("a=1" in seen["QUERY_STRING"][0]) == ("a=1" in query), seen


def test_a_program_of_another_place_keeps_what_is_no_token(ways):
    """The word of a client, not ours to take away where nobody asks for it."""
    ways.write("htdocs/open/straight/plain.cgi", env.ENV_CGI, 0o755)
    seen = ways.get("/open/straight/plain.cgi?access_token=some-word&b=2") \
        .environment()
    assert seen["QUERY_STRING"] == "access_token=some-word&b=2"
    assert seen["REQUEST_URI"].endswith("?access_token=some-word&b=2")


@pytest.mark.parametrize("page", ["open", "basic"])
def test_no_part_with_a_token_of_its_own_is_told_the_page_s(ways, tokens, page):
    """mod_include gives parts the page's query in variables of its own."""
    mine, other = tokens.token(), tokens.token(sub="carol")
    answer = ways.get(f"/{page}/part/own.shtml?a=1&access_token={other}", headers=[
        ("Cookie", f"tok={mine}"), *([BOB] if page == "basic" else [])])
    seen = answer.environment()
    assert seen["REMOTE_USER"] == "alice"
    assert [n for n, v in seen.items() if other[-40:] in v] == []
    assert [n for n, v in seen.items() if mine[-40:] in v] == []


# --- the server that a name belongs to ------------------------------------------

#: (where the place with a query is, the host that is asked) -> is it a token there
HOSTS = {("first", "first"): True, ("first", "other"): False,
         ("other", "first"): False, ("other", "other"): True,
         ("main", "first"): True, ("main", "other"): True}


@pytest.fixture(scope="module", params=["first", "other", "main"])
def hosts(request, serve, base, tokens, backend):
    where = request.param
    conf = base('LogFormat "%v \\"%r\\" %>s \\"%{Referer}i\\"" short').place("std")
    place = ['<Location "/q">', "AuthType Bearer",
             "AuthBearerSource query:id header", "Require valid-user",
             "</Location>"]
    if where == "main":
        conf.add(*place)
    for name in ("first", "other"):
        conf.section("VirtualHost", "127.0.0.1:PORT", f"ServerName {name}",
                     "DocumentRoot ROOT/htdocs", "CustomLog ROOT/short.log short",
                     "ScriptAlias /e ROOT/cgi/env", 'AliasMatch "^/p/" '
                     '"ROOT/htdocs/ok.txt"', '<Location "/e">',
                     "Require all granted", "</Location>",
                     f"ProxyPass /b http://127.0.0.1:{backend.port}",
                     *(place if where == name else []))
    server = serve(conf, start=False)
    server.where = where
    server.fill()
    return server.start().warm("/p/std", tokens.token(), host="first")


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


def logged(site, name, mark, seconds=5):
    """The line of a log that has this mark; httpd writes it after the answer."""
    deadline = time.monotonic() + seconds
    while True:
        path = site.root / name
        for line in path.read_text().splitlines() if path.exists() else []:
            if mark in line:
                return line
        assert time.monotonic() < deadline, f"no line with {mark} in {name}"
        time.sleep(0.02)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("host", ["first", "other"])
@pytest.mark.parametrize("target", ["/e", "/b/x", "/ok.txt"])
def test_a_name_of_another_server_means_nothing_here(hosts, target, host, own):
    """In a Referer of another site, programs see what is there."""
    taken = HOSTS[hosts.where, host]
    mark = f"m{next(numbers)}x"
    site = host if own else "shop.example"
    referer = f"http://{site}/shop?id=seventy-seven&y=2"
    answer = hosts.get(f"{target}?{mark}=1&id=fifty-five", host=host,
                       headers=[("Referer", referer)])
    assert answer.status == 200
    line = logged(hosts, "short.log", f'{host} "GET {target}?{mark}')
    assert ("fifty-five" in line) != taken, line
    assert ("seventy-seven" in line) != taken, line
    assert "y=2" in line
    if target == "/ok.txt":
        return
    # a program of a place that takes no token from queries has its own
    assert "fifty-five" in answer.text()
    assert ("seventy-seven" in answer.text()) != (taken and own)


# --- logs ------------------------------------------------------------------------

COMBINED = '"%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\" ' \
    '%U %q"'


@pytest.fixture(scope="module")
def early(serve, base, tokens):
    """A server that writes as most do."""
    conf = base("LogLevel warn auth_bearer:warn", f"LogFormat {COMBINED} combined",
                "CustomLog ROOT/extra.log combined", "LimitRequestFieldSize 8190",
                "Alias /docs ROOT/docs", "Alias /files ROOT/docs",
                "Protocols h2c http/1.1", "ErrorDocument 400 /error.shtml",
                "ErrorDocument 431 /error.shtml", "ErrorDocument 417 /error/env",
                "ScriptAlias /error/ ROOT/cgi/").place("std")
    conf.section("Directory", "ROOT/docs", *QUERY)
    conf.section("Directory", "ROOT/htdocs", "Options +Includes",
                 "AddType text/html .shtml", "AddOutputFilter INCLUDES .shtml")
    site = serve(conf, start=False, modules=["http2", "include"]).fill()
    site.write("docs/a.html", "here\n")
    # tells its variables, and has httpd complain of the request
    site.write("htdocs/error.shtml", "<!--#printenv --><!--#no -->")
    site.errorlog.allow_always("AH0163[01]|AH01629|AH00127|AH10034|http2:warn|"
                               "AH10244|include:error|AH01225|AH01270")
    return site.start().warm("/p/std", tokens.token())


def told(site, mark, token):
    """The line of the access log; that of no log has a piece of the token."""
    line = logged(site, "extra.log", mark)
    for path in site.log_files():
        text = path.read_text(errors="replace")
        assert token[-24:] not in text, path.name
    return line


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("target", ["/docs/", "/docs/a.html/", "/files/x/",
                                    "/p/std/../../docs/", "/other/"])
def test_a_path_that_is_too_long(early, tokens, target, good):
    token = tokens.token(**{} if good else {"exp": 1})
    mark = f"mark{next(numbers)}x"
    early.get(f"{target}{mark}{'a' * 4100}?b=1&access_token={token}")
    line = told(early, mark, token)
    assert "b=1" in line
    if target == "/docs/":  # the line that this is about was written
        assert "b=1" in early.errorlog.wait(f"AH00127.*{mark}")


def broken(name, uri, referer, mark):
    """A request that httpd refuses before it knows its place."""
    start, fields = f"GET {uri} HTTP/1.1", ["Host: x", f"Referer: {referer}"]
    if name == "expect":
        fields.append("Expect: something")
    elif name == "host":
        fields[0] = "Host: a b"
    elif name == "no host":
        fields = fields[1:]
    elif name == "field":
        fields.append("Cookie: x=" + "a" * 9000)
    elif name == "coding":
        fields.append("Transfer-Encoding: foo")
    elif name == "user":
        start = f"GET http://u:p@x{uri} HTTP/1.1"
    elif name == "absolute":
        start, fields[0] = f"GET http://x{uri} HTTP/1.1", "Host: a b"
    elif name == "dots":
        start = f"GET /../..{uri} HTTP/1.1"
    elif name == "NUL":
        start = f"GET /%00{uri} HTTP/1.1"
    elif name == "version":
        start = f"GET {uri} HTTP/9.9"
    elif name == "blank":
        start = f"GET  {uri} HTTP/1.1"
    fields.append(f"User-Agent: {mark}")
    return "\r\n".join([start, *fields, "Connection: close", "", ""]).encode()


@pytest.mark.parametrize("name", [
    "expect", "host", "no host", "field", "coding", "user", "absolute", "dots",
    "NUL", "version", "blank"])
def test_a_request_that_is_refused_early(early, tokens, name):
    token = tokens.token()
    mark = f"agent{next(numbers)}x"
    uri = f"/docs/{mark}?c=3&access_token={token}"
    request = broken(name, uri, f"http://x/docs/?d=4&access_token={token}", mark)
    with socket.create_connection(("127.0.0.1", early.port), 20) as sock:
        sock.sendall(request)
        got = b""
        while piece := sock.recv(65536):
            got += piece
    assert re.match(rb"HTTP/1\.1 4\d\d", got), got[:200]
    assert token[-24:].encode() not in got  # nor is the error document told it
    if name in ("host", "no host", "field", "coding", "user", "blank"):
        assert b"REDIRECT_STATUS=4" in got, got
    told(early, mark, token)


def test_a_stream_that_is_refused_early(early, tokens, mpm):
    if mpm != "event":
        pytest.skip("mod_http2 does not work in prefork")
    token = tokens.token()
    mark = f"agent{next(numbers)}x"
    done = subprocess.run([
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
        "--http2-prior-knowledge", "-A", mark, "-H", "Cookie: x=" + "a" * 9000,
        "-e", f"http://x/docs/a.html?d=4&access_token={token}",
        f"http://127.0.0.1:{early.port}/docs/a.html?access_token={token}"],
        capture_output=True, text=True)
    assert done.stdout == "431", done
    told(early, mark, token)
