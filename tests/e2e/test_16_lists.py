# SPDX-License-Identifier: Apache-2.0
"""Lists of a request (Connection, cookies, the query) are taken apart as httpd and
mod_proxy do, and put together byte for byte without what is taken out; a token in
a query is taken out however the request ends."""
import itertools
import json
import tempfile
import time
from pathlib import Path

import pytest

from testenv import mint
from testenv.behind import BackEnd, Fcgi

FORMAT = "auth.authorization_token_invalid_format"
MISSING = "auth.authorization_header_missing"


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def fcgi():
    # pytest's own folders are closed to httpd's children
    with tempfile.TemporaryDirectory(prefix="mab-fcgi-") as folder:
        Path(folder).chmod(0o755)
        server = Fcgi(Path(folder) / "sock")
        (Path(folder) / "sock").chmod(0o777)
        yield server
        server.stop()


def handlers(path, backend, fcgi):
    """handler -> (lines for the server, lines for the place)."""
    return {
        "http": ([], [f"ProxyPass http://127.0.0.1:{backend.port}/at"]),
        "raw": ([f"ProxyPass {path}/ http://127.0.0.1:{backend.port}/at/ "
                 "nocanon"], []),
        "cgi": ([f"ScriptAliasMatch ^{path}(/.*)?$ ROOT/cgi/env"], []),
        "fcgi": ([f"ProxyPass {path}/ "
                  f"unix:{fcgi.path}|fcgi://localhost/at/"], []),
    }


HANDLERS = ["http", "raw", "cgi", "fcgi"]


@pytest.fixture(scope="module")
def site(serve, base, tokens, backend, fcgi):
    places = {
        "claim": ["AuthType Bearer", "AuthBearerClaim sub header:X-User",
                  "AuthBearerClaim role header:X-Role", "Require valid-user"],
        "cookie": ["AuthType Bearer", "AuthBearerSource cookie:tok",
                   "Require valid-user"],
        "optional": ["AuthType Bearer", "AuthBearerSource header cookie:tok",
                     "AuthBearerOptional On", "Require all granted"],
        "query": ["AuthType Bearer", "AuthBearerSource header query",
                  "Require valid-user"],
        "plain": ["Require all granted"],
    }
    conf = base()
    for place, lines in places.items():
        for handler in HANDLERS:
            path = f"/{place}/{handler}"
            server, own = handlers(path, backend, fcgi)[handler]
            conf.add(*server).location(path, *lines, *own)
    conf.place("std")
    server = serve(conf, start=False, modules=["proxy_fcgi"]).fill()
    return server.start().warm("/p/std", tokens.token())


def received(answer):
    """Header -> value, wherever it arrived."""
    assert answer.status == 200, answer
    if not answer.body.startswith(b"{"):
        found = answer.environment()
    else:
        found = json.loads(answer.body)
        if "headers" in found:
            pairs = found["headers"]
            assert len(pairs) == len(dict(pairs)), pairs
            return dict(pairs)
    return {name[5:].lower().replace("_", "-"): value
            for name, value in found.items() if name.startswith("HTTP_")}


# --- Connection -----------------------------------------------------------------

#: X-A and X-B are a client's own; X-User and X-Role are exported
NAMED = [
    "X-User", "x-user", "close, X-User", "close; X-User", "close;X-User",
    "X-User; close", "X-User;", ";X-User", ";;X-User", ",;, X-User", "close X-User",
    "X-User close", "close\tX-User", "close ;\tX-User", "X-User;q=1",
    "X-A; X-User", "X-User; X-A", "X-A, X-User; X-B", "X-User X-Role",
    "X-User;X-Role", "X-Role, X-User, X-A;X-B", 'a"b; c"; X-User',
    'a"b, X-A"; X-User', "X-User, X-User; X-User", "X-User \t ; \t X-A",
    "X-UserX, X-User", "xX-User; X-User", "X-User;X-A X-B,X-Role"]
#: here it does not stand
UNNAMED = ["close", "close; X-A", "close;X-A ,  X-B", "X-A  X-B", "xX-User",
           "X-UserX ; X-A", 'a"b; X-User', '"X-User"', "X-User=1", ";;X-A;;",
           "X_User; X-A", "keep-alive ,, X-A"]
OWN = [("X-A", "a"), ("X-B", "b"), ("X-User", "root"), ("X-Role", "boss")]


@pytest.mark.parametrize("value", NAMED + UNNAMED)
@pytest.mark.parametrize("handler", ["http", "raw"])
def test_connection_takes_no_exported_header_away(site, tokens, handler, value):
    headers = [*OWN, ("Connection", value)]
    beside = received(site.get(f"/plain/{handler}/x", headers=headers))
    ours = received(site.get(f"/claim/{handler}/x",
                             tokens.token(role="admin"), headers=headers))
    assert (ours["x-user"], ours["x-role"]) == ("alice", "admin")
    # whatever else a client may have removed is
    for name in ("x-a", "x-b", "connection"):
        assert ours.get(name) == beside.get(name), name


@pytest.mark.parametrize("value", UNNAMED)
@pytest.mark.parametrize("handler", ["cgi", "fcgi"])
def test_connection_arrives_as_it_was_sent(site, tokens, handler, value):
    headers = [*OWN, ("Connection", value)]
    beside = received(site.get(f"/plain/{handler}/x", headers=headers))
    ours = received(site.get(f"/claim/{handler}/x", tokens.token(),
                             headers=headers))
    assert ours.get("connection") == beside.get("connection")


# --- cookies -----------------------------------------------------------------------

#: {} is the token
COOKIES = [
    "tok={}", "a=1; tok={}", "tok={}; a=1", "a=1; tok={}; b=2", "a=1;tok={};b=2",
    "note=a admin=1; tok={}", "tok={}; note=a admin=1", "note=a  b\tc; tok={}",
    "note= ; tok={}", "a=1;  b=2; tok={}", "a=1 ; tok={} ; b=2", "\ta=1;\ttok={}\t;b",
    "a=1;;tok={};;b=2", ";tok={};", "; ; tok={}", "a; tok={}; =b; =",
    'a="x y"; tok={}', "a=1, b=2; tok={}", "xtok=1; tok={}; tokx=2",
    "note=x tok=evil; tok={}", "note=x\ttok=evil; tok={}", "tok={}; tok=",
    "tok =evil; tok={}", "TOK=evil; tok={}", "a=tok=evil; tok={}",
    "note=x, tok=evil; tok={}", "$Version=1; tok={}", "a=%3B tok=1; tok={}",
    "a=\xe4 \xf6; tok={}", "tok={}; a=b c ; d = e", " a = b ;tok={}"]
#: there is no token here
BARE = ["note=x tok={}", "note=x\ttok={}", "note=x  tok={}; b=1", "a tok={}",
        "tok ={}", "a=1, tok={}", "x=;y= tok={}", "TOK={}", "$tok={}",
        "note=a tok={} b; c=1"]


def without_token(cookies):
    """What is between the ";", without the token."""
    rest = ";".join(piece for piece in cookies.split(";")
                    if not piece.strip(" \t").startswith("tok="))
    return rest.strip(" \t")


def cookie(answer):
    value = received(answer).get("cookie", "")
    return value.encode("utf-8", "surrogateescape").strip(b" \t")


@pytest.mark.parametrize("form", COOKIES)
@pytest.mark.parametrize("handler", ["http", "cgi"])
@pytest.mark.parametrize("place", ["cookie", "optional"])
def test_all_cookies_but_the_tokens_arrive_byte_for_byte(
        site, tokens, place, handler, form):
    sent = form.format(mint.note(tokens.token()))
    answer = site.get(f"/{place}/{handler}/x", headers=[("Cookie", sent)])
    assert (answer.status, answer.header("X-User")) == (200, "alice")
    rest = without_token(sent)
    beside = site.get(f"/plain/{handler}/x",
                      headers=[("Cookie", rest)] if rest else [])
    assert cookie(answer) == cookie(beside)


@pytest.mark.parametrize("form", BARE)
@pytest.mark.parametrize("handler", ["http", "cgi"])
def test_a_blank_plants_no_token(site, tokens, handler, form):
    sent = form.format(mint.note(tokens.token()))
    answer = site.get(f"/cookie/{handler}/x", headers=[("Cookie", sent)])
    assert (answer.status, answer.json()["code"]) == (401, MISSING)
    # it is a cookie like any other, and leaves nobody in
    answer = site.get(f"/optional/{handler}/x", headers=[("Cookie", sent)])
    assert (answer.status, answer.header("X-User") or "") == (200, "")
    beside = site.get(f"/plain/{handler}/x", headers=[("Cookie", sent)])
    assert cookie(answer) == cookie(beside)
    # nor does it say another user than a token does
    mallory = form.format(mint.note(tokens.token(sub="mallory")))
    answer = site.get(f"/optional/{handler}/x", tokens.token(),
                      headers=[("Cookie", mallory)])
    assert (answer.status, answer.header("X-User")) == (200, "alice")


# --- the query: a token by another spelling --------------------------------------

SECOND = ["access%5ftoken=", "access%5Ftoken=", "%61ccess_token=",
          "access_toke%6E=", "a=1;access_token=", ";access_token=",
          "a;access_token=", "a=1;access%5ftoken=",
          "%61%63%63%65%73%73%5f%74%6f%6b%65%6e="]
OTHER = ["xaccess%5ftoken=", "access%5ftokenx=", "access%255ftoken=",
         "a=b;xaccess_token=", "access%5ftoken", "a=access%5ftoken",
         "access%token=", "access%5token=", "access%5gtoken=", "a=1;b=2;c",
         "%3baccess_token", "a=%26access_token%3D"]


def logged(site, mark, *tokens):
    """Waits until the request with this mark is in both access logs; returns
    the lines of all logs that have a piece of one of the tokens."""
    deadline = time.monotonic() + 10
    names = [n for n in ("access.log", "extra.log") if (site.root / n).exists()]
    while not all(mark in (site.root / n).read_text("latin-1") for n in names):
        assert time.monotonic() < deadline, site.said()
        time.sleep(0.01)
    pieces = [piece for token in tokens
              for piece in (token, token[:24], token[-24:])]
    return [f"{name}: {line}" for name in [*names, "error.log"]
            for line in (site.root / name).read_text("latin-1").splitlines()
            if mark in line and any(piece in line for piece in pieces)]


@pytest.fixture
def mark():
    """A word that is in the target of this test's requests only."""
    return f"m{time.monotonic_ns():x}"


@pytest.mark.parametrize("spelling", SECOND)
@pytest.mark.parametrize("handler", HANDLERS)
def test_another_spelling_is_a_second_token(
        site, tokens, backend, fcgi, mark, handler, spelling):
    first, second = (mint.note(tokens.token(sub=s)) for s in ("a", "mallory"))
    target = f"/query/{handler}/{mark}"
    asked = len(backend.asked), len(fcgi.asked)
    for query, token in ((f"{spelling}{second}", first),
                         (f"access_token={first}&{spelling}{second}", None),
                         (f"{spelling}{second}&access_token={first}", None)):
        answer = site.get(f"{target}?x=1&{query}", token)
        assert answer.status in (400, 401), answer
        assert answer.json()["code"] == FORMAT
    assert (len(backend.asked), len(fcgi.asked)) == asked
    assert not logged(site, mark, first, second)


@pytest.mark.parametrize("spelling", SECOND)
@pytest.mark.parametrize("handler", HANDLERS)
def test_another_spelling_alone_reaches_nobody(
        site, tokens, mark, handler, spelling):
    token = mint.note(tokens.token())
    answer = site.get(f"/query/{handler}/{mark}?x=1&{spelling}{token}")
    assert answer.status in (200, 400, 401)
    assert token not in answer.text()
    assert not logged(site, mark, token)


@pytest.mark.parametrize("other", OTHER)
@pytest.mark.parametrize("handler", HANDLERS)
def test_what_is_no_spelling_of_it_is_left_alone(site, tokens, handler, other):
    def query(answer):
        assert answer.status == 200, answer
        found = json.loads(answer.body) if answer.body.startswith(b"{") \
            else answer.environment()
        return found.get("path") or found["REQUEST_URI"].replace(
            "/query/", "/plain/") + "?" + found["QUERY_STRING"]

    token = mint.note(tokens.token())
    beside = query(site.get(f"/plain/{handler}/x?{other}1"))
    assert query(site.get(f"/query/{handler}/x?{other}1", token)) == beside
    assert query(site.get(f"/query/{handler}/x?access_token={token}&{other}1")
                 ) == beside
    assert query(site.get(f"/query/{handler}/x?{other}1&access_token={token}")
                 ) == beside


# --- the query: however the request ends ------------------------------------------

ORIGIN = "https://app.example"
PREFLIGHT = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]
#: how it ends -> (lines of the place, the request, the status)
ENDS = {
    "satisfied": (["Satisfy Any", "Order deny,allow", "Allow from all",
                   "Require valid-user"], {}, 200),
    "denied": (["Order allow,deny", "Deny from all", "Require valid-user"], {},
               403),
    "denied-any": (["Satisfy Any", "Order allow,deny", "Deny from all",
                    "Require all denied"], {}, 403),
    "ip": (["Require ip 192.0.2.1"], {}, 403),
    "all": (["Require all denied"], {}, 403),
    "granted": (["Require all granted"], {}, 200),
    "user": (["Require valid-user"], {}, 200),
    "methods": (["AllowMethods POST", "Require valid-user"], {}, 405),
    "preflight": ([f"AuthBearerCrossOrigin {ORIGIN}", "Require valid-user"],
                  {"method": "OPTIONS", "headers": PREFLIGHT}, 204),
    "trace": (["Require valid-user"], {"method": "TRACE"}, 405),
    "brewed": (["Satisfy Any", "Order deny,allow", "Allow from all",
                "Require valid-user"], {"method": "BREW"}, None),
    "forbidden": (["Require valid-user"], {}, 403),   # by mod_rewrite
    "moved": (["Require valid-user"], {}, 302),
    "gone": (["Require valid-user"], {}, None),       # or what comes first
    "slash": (["Require valid-user"], {}, 404),
    "path": (["Require valid-user"], {}, 400),
    "header": (["Require valid-user"], {"headers": [("X Y", "z")]}, 400),
    "document": (["Order allow,deny", "Deny from all", "Require valid-user",
                  "ErrorDocument 403 /cgi/env"], {}, 403),
}
PATHS = {"slash": "a%2Fb", "path": "%2e%2e/../../../../../x"}


@pytest.fixture(scope="module", params=["first", "last"])
def ending(request, serve, base, tokens, backend, fcgi):
    conf = base("TraceEnable Off", "RewriteEngine On",
                'RewriteRule "^/e/[a-z]+/forbidden/" "-" [F]',
                'RewriteRule "^/e/[a-z]+/moved/" "/ok.txt" [R]',
                'RedirectMatch gone "^/e/[a-z]+/gone/"',
                'LogFormat "%r %q %U %f" extra', "CustomLog extra.log extra")
    for handler, (end, (lines, _, _)) in itertools.product(HANDLERS,
                                                           ENDS.items()):
        path = f"/e/{handler}/{end}"
        server, own = handlers(path, backend, fcgi)[handler]
        conf.add(*server).location(path, "AuthType Bearer",
                                   "AuthBearerSource header query", *lines,
                                   *own)
    conf.section("Proxy", f'"http://127.0.0.1:{backend.port}/closed/*"',
                 "AuthType Bearer", "AuthBearerSource query",
                 "Order allow,deny", "Deny from all", "Require valid-user")
    conf.section("Proxy", f'"http://127.0.0.1:{backend.port}/open/*"',
                 "AuthType Bearer", "AuthBearerSource query", "Satisfy Any",
                 "Order deny,allow", "Allow from all", "Require valid-user")
    conf.place("brewed", "AuthBearerSource query", "Satisfy Any",
               "Order deny,allow", "Allow from all")
    conf.add("ProxyRequests On").place("std")
    # httpd's own: what it says by default must not have it either
    conf.add("LogLevel warn")
    server = serve(conf, start=False, first=request.param == "first",
                   modules=["access_compat", "allowmethods",
                            "proxy_fcgi"]).fill()
    server.errorlog.allow_always("AH0|AH1|MAB0410")
    return server.start().warm("/p/std", tokens.token())


QUERIES = ["access_token={}", "a=1&access_token={}&b=2", "access_token={}&",
           "a=1&access%5ftoken={}", "a=1;access_token={}",
           "access_token={}&access_token={}"]


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("end", ENDS)
def test_a_token_in_the_query_goes_nowhere_however_it_ends(
        ending, tokens, mark, end, handler):
    _, more, status = ENDS[end]
    wrong = []
    for query, exp in itertools.product(QUERIES, (4102444800, 1)):
        token = mint.note(tokens.token(exp=exp))
        one = mark + token[-6:]
        answer = ending.get(f"/e/{handler}/{end}/{one}/{PATHS.get(end, 'x')}?"
                            + query.replace("{}", token), **more)
        assert status is None or answer.status in (status, 400, 401), answer
        wrong += logged(ending, one, token)
        # the program of an ErrorDocument tells what it sees, too
        if token in answer.text():
            wrong.append(f"answer: {query}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("place", ["closed", "open"])
def test_nor_where_httpd_is_asked_to_forward(
        ending, tokens, backend, mark, place, query):
    token = mint.note(tokens.token())
    answer = ending.get(f"http://127.0.0.1:{backend.port}/{place}/{mark}?"
                        + query.replace("{}", token))
    assert not logged(ending, mark, token)
    assert token not in answer.text()
    assert (answer.status == 200) == (place == "open")


#: httpd's own complaints at its default LogLevel that name the target: what is
#: asked for, how, and the words
COMPLAINTS = {
    "invalid URI path": ("/e/cgi/path/{mark}/%2e%2e/../../../../x", {}),
    "client denied by server configuration: proxy:":
        ("/e/raw/denied/{mark}", {}),
    "Invalid method in request": ("/p/brewed/{mark}", {"method": "BREW"}),
}


@pytest.mark.parametrize("words", COMPLAINTS)
@pytest.mark.parametrize("query", QUERIES)
def test_nor_into_what_httpd_complains_of(ending, tokens, mark, query, words):
    target, more = COMPLAINTS[words]
    token = mint.note(tokens.token())
    ending.get(target.format(mark=mark) + "?" + query.replace("{}", token),
               **more)
    assert not logged(ending, mark, token)
    lines = [line for line in ending.errorlog.recent()
             if words in line and mark in line]
    assert len(lines) == 1, ending.errorlog.recent()


def test_what_is_no_token_stays_in_the_log(ending, mark):
    """What the tests above look at would show it."""
    ending.get(f"/e/cgi/denied/{mark}?a=1&xaccess_token=seen-{mark}&b")
    query = f"?a=1&xaccess_token=seen-{mark}&b"
    seen = logged(ending, mark, query)
    assert [line.split(":")[0] for line in seen] == ["access.log", "extra.log"]
