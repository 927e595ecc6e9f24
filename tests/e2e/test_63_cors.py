# SPDX-License-Identifier: Apache-2.0
"""A place with AuthBearerCrossOrigin has one owner of its CORS headers: whatever
runs inside, however the request got there, and whether it is let in or not."""
import os
import re

import pytest

from testenv import env
from testenv.behind import BackEnd, Fcgi

pytestmark = pytest.mark.skipif(
    not env.knows("AuthBearerCrossOrigin"),
    reason="this module has no AuthBearerCrossOrigin")

APP, EVIL = "https://app.example", "https://evil.example"
OTHER = "https://other.example"

#: what a program says that thinks it decides about other origins
THEIRS = [("Access-Control-Allow-Origin", EVIL),
          ("access-control-allow-credentials", "true"),
          ("Access-Control-Allow-Methods", "PUT"),
          ("Access-Control-Allow-Headers", "*"),
          ("Access-Control-Allow-Private-Network", "true"),
          ("Access-Control-Max-Age", "86400"),
          ("Access-Control-Expose-Headers", "X-Secret")]
EXPOSED = "WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce"
OURS = {"access-control-allow-origin": [APP],
        "access-control-expose-headers": [EXPOSED]}
#: a program may let scripts read more of what it says; nothing else of it counts
BOTH = {**OURS, "access-control-expose-headers": [EXPOSED + ", X-Secret"]}

PROGRAM = "#!/bin/sh\n" \
    "[ -z \"$QUERY_STRING\" ] || printf 'Status: %s\\r\\n' $QUERY_STRING\n" \
    + "".join(f"printf '{name}: {value}\\r\\n'\n" for name, value in THEIRS) \
    + "printf 'Content-Type: text/plain\\r\\n\\r\\nbody\\n'\n"
ASIS = "Status: 200 OK\nContent-Type: text/plain\n" \
    + "".join(f"{name}: {value}\n" for name, value in THEIRS) + "\nbody\n"
SCRIPT = "function handle(r)\n" + "".join(
    f'r.{table}["{name}"] = "{value}"\n' for table in (
        "headers_out", "err_headers_out") for name, value in THEIRS) \
    + 'r:puts("body")\nreturn apache2.OK\nend\n'


def load(*names):
    folder = env.query("LIBEXECDIR")
    return [f"LoadModule {n}_module {folder}/mod_{n}.so" for n in names
            if n not in env.static_modules()]


@pytest.fixture(scope="module")
def backend():
    server = BackEnd(THEIRS + [("Cache-Control", "public, max-age=600"),
                               ("Vary", "Accept-Language")])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def fcgi(tmp_path_factory):
    folder = tmp_path_factory.mktemp("f")
    for above in (folder, *folder.parents[:2]):
        above.chmod(0o755)
    server = Fcgi(folder / "s", THEIRS)
    os.chmod(server.path, 0o777)
    yield server
    server.stop()


def bearer(*lines, origins=APP, require="Require valid-user"):
    return ["AuthType Bearer", f"AuthBearerCrossOrigin {origins}", *lines,
            require]


@pytest.fixture(scope="module")
def conf(base, backend, fcgi):
    """makes the configuration; what mod_cache does before or after the places"""
    proxy = f"ProxyPass http://127.0.0.1:{backend.port}/"

    def make(*more):
        made = base(*load("proxy_fcgi", "include", "dav", "dav_fs", "asis",
                          "lua", "cache", "cache_disk"), *more)
        made.add("Alias /c/dav ROOT/dav", "DavLockDB ROOT/tmp/locks",
                 "ScriptAliasMatch ^/c/cgi ROOT/cgi/cors",
                 "ScriptAliasMatch ^/c/failed ROOT/cgi/cors",
                 "ScriptAlias /open/cgi ROOT/cgi/cors",
                 "CacheRoot ROOT/tmp", "CacheKeyBaseURL http://x", "CacheHeader On",
                 "CacheEnable disk /c/cached", "CacheEnable disk /c/part")
        for name, lines in {
                "file": (), "cgi": (),
                "http": (proxy,),
                "fcgi": (f"SetHandler proxy:unix:{fcgi.path}|fcgi://x",),
                "dav": ("Dav On",),
                "page": (),
                "asis": (),
                "lua": ("SetHandler none",),
                "error": ("ErrorDocument 401 /open/cgi",
                          "ErrorDocument 403 /open/cgi",),
                "failed": ("ErrorDocument 500 /open/cgi",),
                "moves": (),
                "set": (proxy,
                        f"Header set Access-Control-Allow-Origin {OTHER}"),
                "always": (proxy, "Header always set "
                           f"Access-Control-Allow-Origin {OTHER}"),
                "trusted": (proxy, "Header always set "
                            "Access-Control-Allow-Credentials true"),
                "more": (proxy, "Header always merge "
                         "Access-Control-Expose-Headers X-Total"),
                "found": (proxy, "Header set "
                          "Access-Control-Expose-Headers X-Total")}.items():
            made.location(f"/c/{name}", *bearer(*lines))
        made.section("LocationMatch", "^/c/lua",
                     "LuaMapHandler . ROOT/handler.lua handle")
        # what mod_cache keeps in its quick handler, too: it came without a token
        for name in ("cached", "part"):
            made.location(f"/c/{name}", *bearer(
                "AuthBearerOptional On", proxy, require="Require all granted"))
        made.location("/c/denied", *bearer(require="Require all denied"))
        made.location("/c/hides", *bearer("RequestHeader unset Origin", proxy))
        for name, lines in {
                "plain": (), "own": (), "requested": (), "cookie": (),
                "source": ("AuthBearerSource header header:X-Token",),
                "header-set": (
                    "Header set Access-Control-Allow-Headers X-Mine",
                    "Header set Access-Control-Max-Age 5"),
                "header-always": (
                    "Header always set Access-Control-Allow-Headers X-Mine",
                    "Header always set Access-Control-Max-Age 5")}.items():
            made.location(f"/f/{name}", *bearer(*lines, origins=APP + {
                "own": " headers=X-Trace,If-Match,authorization",
                "requested": " headers=requested",
                "cookie": " credentials=On expose=X-Page"}.get(name, "")))
        made.location("/f/cookie", "AuthBearerSource cookie:t")
        made.location("/f/cookie/inner", "AuthBearerCrossOrigin *")
        # a place that says nothing, one that says off, another origin's
        made.location("/b/none", "AuthType Bearer", "Require valid-user",
                      proxy)
        made.location("/b/off", *bearer(proxy, origins="off"))
        made.location("/b/other", *bearer(proxy, origins=OTHER))
        made.location("/b/any", *bearer(proxy, origins="*"))
        made.location("/open", "Require all granted")
        made.add("RewriteEngine On")
        for name in ("open/cgi", "b/none/x", "b/off/x", "b/other/x", "c/http"):
            made.section("Directory", f"ROOT/htdocs/c/moves/{name}",
                         "RewriteEngine On", f'RewriteRule "^" "/{name}"')
        made.section("Directory", "ROOT/htdocs", "Options +Includes",
                     "AddOutputFilter INCLUDES .shtml",
                     "AddHandler send-as-is .asis",
                     "DirectoryIndex index.asis")
        made.section("Directory", "ROOT/htdocs/inner", *bearer(),
                     '<Files "index.asis">', f"AuthBearerCrossOrigin {OTHER}",
                     "</Files>")
        return made
    return make


@pytest.fixture(scope="module")
def start(serve, tokens):
    def begin(conf):
        server = serve(conf, start=False)
        text = (server.root / "httpd.conf").read_text()
        server.write("httpd.conf", text.replace("ROOT", str(server.root)))
        server.write("cgi/cors", PROGRAM, 0o755)
        server.write("handler.lua", SCRIPT)
        server.write("htdocs/c/file", "body\n")
        for name in ("cookie/inner",):
            server.write(f"htdocs/f/{name}", "body\n")
        server.write("htdocs/c/denied", "body\n")
        server.write("htdocs/c/error", "body\n")
        server.write("htdocs/c/asis/x.asis", ASIS)
        server.write("htdocs/inner/index.asis", ASIS)
        server.write("htdocs/c/page/x.shtml",
                     '<!--#include virtual="/c/part/x" -->')
        server.write("htdocs/open/part.shtml",
                     '<!--#include virtual="/c/part/x" -->')
        server.write("htdocs/c/page/other.shtml",
                     '<!--#include virtual="/b/any/x" -->')
        for name in ("open/cgi", "b/none/x", "b/off/x", "b/other/x", "c/http"):
            server.write(f"htdocs/c/moves/{name}/ok.txt", "ok\n")
        server.write("dav/file", "body\n")
        server.errorlog.allow_always("AH0163[01]|AH01629|AH01215|AH01797")
        return server.start().warm("/c/file", tokens.token())
    return begin


@pytest.fixture(scope="module")
def site(conf, start):
    return start(conf())


@pytest.fixture(scope="module", params=["On", "Off"])
def cached(conf, start, request):
    return start(conf(f"CacheQuickHandler {request.param}"))


def cors(answer):
    """The CORS fields of an answer, by name, every value that came."""
    found = {}
    for name, value in answer.headers:
        if name.lower().startswith("access-control-"):
            found.setdefault(name.lower(), []).append(value)
    return found


def ask(site, target, token, origin=APP, method="GET", **more):
    return site.get(target, token, method=method, headers=[
        ("Origin", origin)] if origin else [], **more)


def varies(answer):
    return [word.strip() for value in answer.all("Vary")
            for word in value.lower().split(",")]


# --- every handler ---

PROGRAMS = "cgi|http|fcgi|asis|lua|moves"

HANDLERS = [("file", "GET", 200), ("cgi", "GET", 200), ("cgi?403", "GET", 403),
            ("cgi?500", "GET", 500), ("cgi?304", "GET", 304),
            ("http/x", "GET", 200), ("http/x", "PUT", 200),
            ("http/x", "OPTIONS", 501), ("fcgi", "GET", 200),
            ("fcgi", "HEAD", 200), ("dav/file", "PROPFIND", 207),
            ("dav/new", "DELETE", 404), ("page/x.shtml", "GET", 200),
            ("page/other.shtml", "GET", 200), ("asis/x.asis", "GET", 200),
            ("lua", "GET", 200),
            ("moves/open/cgi/ok.txt", "GET", 200),
            ("moves/c/http/ok.txt", "GET", 200),
            ("moves/b/none/x/ok.txt", "GET", 200), ("none", "GET", 404)]


@pytest.mark.parametrize("name, method, status", HANDLERS)
def test_every_answer_says_what_the_place_says(site, tokens, name, method,
                                               status):
    target = "/c/" + name
    if name == "none":
        target = "/c/file/none"
    for origin in (APP, EVIL, None):
        answer = ask(site, target, tokens.token(), origin, method)
        assert answer.status == status, answer
        spoke = status != 501 and re.match(PROGRAMS, name)
        ours = BOTH if spoke else OURS
        assert cors(answer) == (ours if origin == APP else {}), origin
        assert varies(answer).count("origin") == 1, answer


@pytest.mark.parametrize("name, good, status", [
    ("cgi", False, 401), ("http/x", False, 401), ("denied", True, 403),
    ("error", False, 401)])
def test_so_does_every_refusal(site, tokens, name, good, status):
    for token in ([tokens.token()] if good else [None, "x.y.z"]):
        for origin in (APP, EVIL, None):
            answer = ask(site, "/c/" + name, token, origin)
            assert answer.status == status
            # what is closed to all asks nobody for a token
            assert bool(answer.header("WWW-Authenticate")) == (status == 401)
            # the page for an error is a program, too
            ours = BOTH if name == "error" else OURS
            assert cors(answer) == (ours if origin == APP else {})
            assert varies(answer).count("origin") == 1


def test_a_document_for_an_error_of_the_program(site, tokens):
    site.write("cgi/cors", "#!/bin/sh\n", 0o755)
    try:
        site.errorlog.allow("AH02|AH01|End of script")
        answer = ask(site, "/c/failed", tokens.token())
        assert answer.status == 500
        assert cors(answer) == OURS
    finally:
        site.write("cgi/cors", PROGRAM, 0o755)
    answer = ask(site, "/c/failed?500", tokens.token())
    assert (answer.status, cors(answer)) == (500, BOTH)


def test_a_place_that_says_nothing_leaves_the_program_alone(site, tokens):
    for name in ("none", "off"):
        answer = ask(site, f"/b/{name}/x", tokens.token())
        assert cors(answer)["access-control-allow-origin"] == [EVIL]
        assert len(cors(answer)) == len(THEIRS)


def test_any_origin(site, tokens):
    answer = ask(site, "/b/any/x", tokens.token(), EVIL)
    assert cors(answer) == {**BOTH, "access-control-allow-origin": ["*"]}
    assert "origin" not in varies(answer)


def test_the_origin_is_the_clients_also_where_the_program_does_not_see_it(
        site, tokens):
    answer = ask(site, "/c/hides/x", tokens.token())
    assert b"origin" not in answer.body
    assert cors(answer) == BOTH


# --- requests that move on ---

@pytest.mark.parametrize("target", ["/c/moves/b/other/x/ok.txt", "/inner/"])
def test_the_last_place_on_the_way_that_says_something(site, tokens, target):
    answer = ask(site, target, tokens.token(), APP)
    assert (answer.status, cors(answer)) == (200, {})
    answer = ask(site, target, tokens.token(), OTHER)
    assert cors(answer) == {**BOTH, "access-control-allow-origin": [OTHER]}


def test_a_place_that_says_off_on_the_way(site, tokens):
    answer = ask(site, "/c/moves/b/off/x/ok.txt", tokens.token(), APP)
    assert cors(answer)["access-control-allow-origin"] == [EVIL]


# --- the administrator's own lines ---

@pytest.mark.parametrize("name, more", [
    ("set", {"access-control-allow-origin": [OTHER]}),
    ("always", {"access-control-allow-origin": [OTHER]}),
    ("trusted", {"access-control-allow-credentials": ["true"]}),
    ("more", {"access-control-expose-headers": [EXPOSED + ", X-Total"]}),
    ("found", {"access-control-expose-headers": [EXPOSED + ", X-Total"]})])
def test_header_lines_have_the_last_word(site, tokens, name, more):
    found = {**BOTH, **more}
    if name in ("more", "found"):
        found["access-control-expose-headers"] = [
            EXPOSED + ", X-Secret, X-Total"]
    assert cors(ask(site, f"/c/{name}/x", tokens.token())) == found
    if name not in ("set", "found"):
        refused = ask(site, f"/c/{name}/x", None)
        assert (refused.status, cors(refused)) == (401, {**OURS, **more})


# --- preflights ---

ALWAYS = ["authorization", "content-type"]
BY_DEFAULT = ALWAYS + """accept last-event-id mcp-protocol-version mcp-method
mcp-name mcp-session-id dpop traceparent tracestate depth destination if
lock-token overwrite timeout""".split()


def preflight(site, name, asked="x-any", origin=APP):
    headers = [("Origin", origin), ("Access-Control-Request-Method", "PUT")]
    if asked is not None:
        headers.append(("Access-Control-Request-Headers", asked))
    answer = site.get(f"/f/{name}", method="OPTIONS", headers=headers)
    found = cors(answer)
    assert answer.status == 204 and answer.body == b""
    assert "access-control-expose-headers" not in found
    assert all(len(values) == 1 for values in found.values()), found
    return answer, {key[len("access-control-"):]: values[0]
                    for key, values in found.items()}


@pytest.mark.parametrize("name, asked, headers", [
    ("plain", "x-any", BY_DEFAULT), ("plain", None, BY_DEFAULT),
    ("own", "x-any", ALWAYS + ["x-trace", "if-match"]),
    ("source", None, ALWAYS + ["x-token"] + BY_DEFAULT[2:]),
    ("requested", "mcp-param-a,mcp-param-b", ALWAYS + [
        "mcp-param-a", "mcp-param-b"]),
    ("requested", "Authorization , , X-A", ALWAYS + ["x-a"]),
    ("requested", None, ALWAYS),
    # none of these is a list that a browser makes
    ("requested", "x-a, x b", ALWAYS), ("requested", "x-a;q=1", ALWAYS),
    ("requested", "x-a\tx-b", ALWAYS), ("requested", '"x-a"', ALWAYS),
    ("requested", "x-\xe4", ALWAYS), ("requested", "x-a: b", ALWAYS),
    ("requested", ",".join(f"x{i}" for i in range(129)), ALWAYS)])
def test_headers_of_preflights(site, name, asked, headers):
    answer, found = preflight(site, name, asked)
    assert found["allow-headers"].lower().split(", ") == headers
    assert found["allow-origin"] == APP and found["allow-methods"] == "PUT"
    assert "allow-credentials" not in found
    assert varies(answer).count("origin") == 1
    answer, found = preflight(site, name, asked, EVIL)
    assert found == {} and varies(answer).count("origin") == 1


def test_credentials_are_for_named_origins(site, tokens):
    assert preflight(site, "cookie")[1]["allow-credentials"] == "true"
    assert preflight(site, "cookie", origin=EVIL)[1] == {}
    jar = [("Cookie", f"t={tokens.token()}")]
    answer = site.get("/f/cookie", headers=[("Origin", APP), *jar])
    assert cors(answer) == {
        "access-control-allow-origin": [APP],
        "access-control-allow-credentials": ["true"],
        "access-control-expose-headers": ["WWW-Authenticate, X-Page"]}
    answer = site.get("/f/cookie", headers=[("Origin", EVIL), *jar])
    assert cors(answer) == {} and varies(answer).count("origin") == 1
    # a line of a place inside is whole: it has no credentials of another's
    answer, found = preflight(site, "cookie/inner")
    assert found["allow-origin"] == "*" and "allow-credentials" not in found
    answer = site.get("/f/cookie/inner", headers=[("Origin", APP), *jar])
    assert cors(answer) == {**OURS, "access-control-allow-origin": ["*"]}


@pytest.mark.parametrize("name", ["set", "always"])
def test_header_lines_have_the_last_word_on_preflights_too(site, name):
    found = preflight(site, "header-" + name)[1]
    assert found["allow-headers"] == "X-Mine"
    assert found["max-age"] == "5"
    assert found["allow-origin"] == APP


# --- caches ---

def test_answers_of_a_cache(cached):
    for _ in range(3):
        answer = ask(cached, "/c/cached/x", None)
        assert (answer.status, cors(answer)) == (200, BOTH), answer
    assert answer.header("X-Cache").startswith("HIT")
    for origin in (EVIL, None):
        for _ in range(2):
            answer = ask(cached, "/c/cached/x", None, origin)
            assert (answer.status, cors(answer)) == (200, {})
    assert answer.header("X-Cache").startswith("HIT")


def test_what_a_cache_kept_as_part_of_a_page(cached):
    answer = ask(cached, "/open/part.shtml", None)
    assert (answer.status, cors(answer)) == (200, {})
    answer = ask(cached, "/c/part/x", None)
    assert (answer.status, cors(answer)) == (200, BOTH)
    assert answer.header("X-Cache").startswith("HIT")


# --- the error page of a part ---

#: the program is a page with a part; a filter holds it back until all of it is there
HOLDERS = ["INCLUDES", "INCLUDES;DEFLATE", "INCLUDES;BUFFER",
           "INCLUDES;SUBSTITUTE"]


@pytest.fixture(scope="module")
def held(serve, base, tokens):
    conf = base(*load("include", "filter", "deflate", "buffer",
                      "substitute")).place("std")
    for i, filters in enumerate(HOLDERS):
        conf.location(f"/held/{i}.cgi", *bearer(
            f"SetOutputFilter {filters}", 'Substitute "s/page/text/"'))
    conf.section("Directory", "ROOT/htdocs/held", "Options +ExecCGI +Includes",
                 "AddHandler cgi-script .cgi")
    conf.section("Directory", "ROOT/htdocs/part", "RewriteEngine On",
                 'RewriteRule "^" "/denied/x" [PT]')
    conf.location("/part", "Require all granted")
    conf.location("/denied", "AuthType Bearer", "Require claim role boss")
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root)))
    page = PROGRAM.replace("text/plain", "text/html").replace(
        "body", '<!--#include virtual="/part/x" -->')
    for i in range(len(HOLDERS)):
        server.write(f"htdocs/held/{i}.cgi", page, 0o755)
    server.write("htdocs/part/x", "part\n")
    server.errorlog.allow_always("AH0163[01]|include:error")
    return server.start().warm("/p/std", tokens.token())


@pytest.mark.parametrize("page", range(len(HOLDERS)))
def test_the_error_page_of_a_part_is_sent_under_our_headers(held, tokens, page):
    """httpd writes it past the filters of the page, and under the page's header."""
    answer = held.get(f"/held/{page}.cgi", tokens.token(), headers=[
        ("Origin", APP), ("Accept-Encoding", "gzip")])
    assert answer.status == 200 and b"insufficient_scope" in answer.body, answer
    assert cors(answer) == BOTH


@pytest.mark.parametrize("page", range(len(HOLDERS)))
def test_preflights_where_filters_wait_for_a_page(held, page):
    """No handler runs, but all filters of the place are there for Header lines."""
    answer = held.get(f"/held/{page}.cgi", method="OPTIONS", headers=[
        ("Origin", APP), ("Access-Control-Request-Method", "GET"),
        ("Accept-Encoding", "gzip")])
    assert (answer.status, answer.body) == (204, b"")
    found = cors(answer)
    assert found["access-control-allow-origin"] == [APP]
    assert found["access-control-allow-methods"] == ["GET"]
    assert "access-control-expose-headers" not in found
