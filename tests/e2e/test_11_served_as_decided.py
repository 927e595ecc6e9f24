# SPDX-License-Identifier: Apache-2.0
"""What httpd decided by is what is served: a token that is taken out of a query
leaves path, file and handler as they were when the sections were chosen, and a
back end gets exactly the other pairs."""
import itertools
import json

import pytest

from testenv import mint
from testenv.behind import BackEnd, Fcgi

#: only a token with the role may have it
SECRET = "for administrators only"
CGI = f"#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n{SECRET}'\n"

#: where a token may come from: the lines, and whether nobody is let in, too
SOURCES = {
    "query": (["AuthBearerSource query"], False),
    "both": (["AuthBearerSource header query"], False),
    "named": (["AuthBearerSource header cookie:tok query:access_token"], False),
    "optional": (["AuthBearerSource header query", "AuthBearerOptional On"],
                 True),
}
HEADER = "header"   # a place without a query source
HANDLERS = ["http", "pattern", "within", "balancer", "rewrite", "fcgi", "file",
            "cgi", "dav"]
#: what chose the stricter section
INNER = {
    "location": ('<Location "{path}/admin.php">', "</Location>"),
    "match": ('<LocationMatch "^{path}/admin\\.php$">', "</LocationMatch>"),
    "files": ('<Directory "ROOT/htdocs{path}">\n<Files "admin.php">',
              "</Files>\n</Directory>"),
    "if": ('<If "%{{REQUEST_URI}} == \'{path}/admin.php\'">', "</If>"),
}
#: what is in which folder of its own: only files have a <Files>
PLACES = [(handler, inner) for handler in HANDLERS for inner in INNER
          if inner != "files" or handler in ("fcgi", "file", "cgi", "dav")]
#: as a client may write it; {} is the stricter place's path
CUT = ["{}%3F", "{}%3f", "{}%3Fx", "{}%3Fx=1", "{}%3F/more", "{}%3F%3F",
       "{}%3F%26", "{}%3Faccess_token=x", "{}%3F%20x", "{}%3F/"]
#: what of the query is there besides
QUERIES = ["?access_token=", "?&access_token=", "?a=1&access_token=",
           "?access_token=&"]


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


def modules(kinds):
    wanted = {"fcgi": ["proxy_fcgi"], "dav": ["dav", "dav_fs"],
              "balancer": ["slotmem_shm", "proxy_balancer",
                           "lbmethod_byrequests"]}
    return [name for kind in kinds for name in wanted.get(kind, [])]


def serves(handler, path, port):
    """(lines for the server, lines for the place) that have the handler serve
    what is below a path."""
    to = f"http://127.0.0.1:{port}{path}"
    folder = f'<Directory "ROOT/htdocs{path}">'
    return {
        "http": ([f"ProxyPass {path}/ {to}/"], []),
        "pattern": ([f'ProxyPassMatch "^{path}/(.*)$" "{to}/$1"'], []),
        "within": ([], [f"ProxyPass {to}"]),
        "balancer": ([f'<Proxy "balancer://b{path.replace("/", "-")}">\n'
                      f"BalancerMember http://127.0.0.1:{port}\n</Proxy>",
                      f"ProxyPass {path}/ balancer://b"
                      f"{path.replace('/', '-')}{path}/"], []),
        "rewrite": (["RewriteEngine On",
                     f'RewriteRule "^{path}/(.*)$" "{to}/$1" [P]'], []),
        "fcgi": ([folder, 'SetHandler "proxy:unix:ROOT/run/fcgi.sock|'
                          'fcgi://localhost"', "</Directory>"], []),
        "file": ([folder, "Require all granted", "</Directory>"], []),
        "cgi": ([folder, "Options +ExecCGI", "SetHandler cgi-script",
                 "</Directory>"], []),
        "dav": ([folder, "Dav On", "DirectoryIndex disabled", "</Directory>"],
                []),
    }[handler]


@pytest.fixture(scope="module")
def site(serve, base, tokens, backend):
    conf = base("DavLockDB ROOT/run/locks", "AcceptPathInfo On")
    for source, (handler, inner) in itertools.product([*SOURCES, HEADER],
                                                      PLACES):
        path = f"/{source}/{handler}/{inner}"
        lines, optional = SOURCES.get(source, ([], False))
        require = f"Require {'all granted' if optional else 'valid-user'}"
        server, place = serves(handler, path, backend.port)
        begin, end = (text.format(path=path) for text in INNER[inner])
        strict = [begin, "AuthType Bearer", "Require claim role admin", end]
        if inner == "files":
            # <Location> comes after <Files>, and would undo it
            conf.section("Directory", f'"ROOT/htdocs{path}"',
                         "AuthType Bearer", *lines, require)
            conf.add(*server, *strict)
            continue
        conf.add(*server).location(path, "AuthType Bearer", *lines, *place,
                                   require)
        conf.add(*strict)
        if source == HEADER and inner == "location":
            path = "/plain" + path
            server, place = serves(handler, path, backend.port)
            conf.add(*server).location(path, "Require all granted", *place)
    conf.section("Directory", '"ROOT/htdocs/chains"', "Options +Includes",
                 "AddOutputFilter INCLUDES .shtml", "Options +ExecCGI",
                 "AddHandler cgi-script .cgi", "Require all granted")
    site = serve(conf, start=False,
                 modules=["include", *modules(HANDLERS)]).fill()
    for source in [*SOURCES, HEADER, "plain/" + HEADER]:
        for handler, inner in PLACES:
            for name in ("admin.php", "odd?name", "ok"):
                site.write(f"htdocs/{source}/{handler}/{inner}/{name}",
                           CGI if handler == "cgi" else SECRET, 0o755)
            (site.root / f"htdocs/{source}/{handler}/{inner}").chmod(0o777)
    site.fcgi = Fcgi(site.root / "run/fcgi.sock")
    (site.root / "run/fcgi.sock").chmod(0o777)
    site.errorlog.allow_always("AH01630|AH01631|AH01629|AH01276")
    yield site.start().warm("/both/file/location/ok", tokens.token())
    site.fcgi.stop()


@pytest.fixture
def asked(site, backend):
    """What back ends were asked for in this test."""
    http, fcgi = len(backend.asked), len(site.fcgi.asked)

    def since():
        return backend.asked[http:] + site.fcgi.asked[fcgi:]
    return since


def holders(tokens):
    """(who, token, whether it is in the query)."""
    return [("nobody", None, False),
            ("poor", tokens.token(), True), ("poor", tokens.token(), False),
            ("admin", tokens.token(role="admin"), True),
            ("admin", tokens.token(role="admin"), False),
            ("expired", tokens.token(exp=1, role="admin"), True),
            ("expired", tokens.token(exp=1, role="admin"), False)]


def ask(site, target, query, token, in_query, **more):
    """Asks with the token in the query, or in the header."""
    if token and in_query:
        at = query.index("access_token=") + len("access_token=")
        query = query[:at] + mint.note(token) + query[at:]
        token = None
    return site.get(target + query, token, **more)


def refused(handler):
    """mod_rewrite says its own no to a question mark that it would decode."""
    return (400, 403) if handler == "rewrite" else (400,)


# --- the stricter place is not reached through a looser one -----------------

@pytest.mark.parametrize("handler, inner", PLACES)
@pytest.mark.parametrize("source", SOURCES)
def test_a_path_with_a_question_mark_is_a_bad_request(
        site, tokens, asked, source, handler, inner):
    path = f"/{source}/{handler}/{inner}/admin.php"
    site.errorlog.allow("AH0|AH10")
    wrong = []
    queries = itertools.cycle(QUERIES)
    for spelling, (who, token, in_query), query in zip(*zip(
            *itertools.product(CUT, holders(tokens))), queries):
        answer = ask(site, spelling.format(path), query, token, in_query)
        if answer.status not in refused(handler) or SECRET in answer.text():
            wrong.append((spelling, query, who, in_query, answer.status))
    assert not wrong, wrong
    assert not asked()


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("source", SOURCES)
def test_it_is_one_without_a_query_too(site, tokens, asked, source, handler):
    path = f"/{source}/{handler}/location/admin.php"
    site.errorlog.allow("AH0|AH10")
    for spelling, token in itertools.product(
            CUT, [None, tokens.token(), tokens.token(role="admin")]):
        assert site.get(spelling.format(path), token).status \
            in refused(handler)
    assert not asked()


@pytest.mark.parametrize("handler, inner", PLACES)
@pytest.mark.parametrize("source", SOURCES)
def test_the_stricter_place_is_for_those_who_may(
        site, tokens, asked, source, handler, inner):
    """What the tests above rest on: it is there, and closed."""
    path = f"/{source}/{handler}/{inner}/admin.php"
    query = "?access_token="
    for token, status in ((None, 401), (tokens.token(), 403),
                          (tokens.token(exp=1, role="admin"), 401)):
        answer = ask(site, path, query, token, True)
        assert answer.status == status, answer
    assert not asked()
    assert ask(site, path, query, tokens.token(role="admin"),
               True).status == 200


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("source", SOURCES)
def test_nor_by_a_part_of_a_page_or_a_redirect(
        site, tokens, asked, source, handler):
    path = f"/{source}/{handler}/location/admin.php"
    site.errorlog.allow("AH0|AH10|include:error")
    for number, spelling in enumerate(CUT):
        to = spelling.format(path) + "?access_token="
        site.write(f"htdocs/chains/{number}.shtml",
                   f'[<!--#include virtual="{to}" -->]')
        site.write(f"htdocs/chains/{number}.cgi",
                   f"#!/bin/sh\nprintf 'Location: {escaped(to)}\\n\\n'\n",
                   0o755)
        for token in (None, tokens.token(), tokens.token(role="admin")):
            part = site.get(f"/chains/{number}.shtml", token)
            assert part.status == 200 and SECRET not in part.text()
            redirect = site.get(f"/chains/{number}.cgi", token)
            assert redirect.status in refused(handler), redirect
    assert not asked()


def escaped(text):
    """For printf."""
    return text.replace("%", "%%")


# --- mod_dav: what is written is what was named ------------------------------

@pytest.mark.parametrize("method, status", [
    ("PUT", 201), ("DELETE", 204), ("MKCOL", 201), ("PROPFIND", 207),
    ("PROPPATCH", 207), ("COPY", 201), ("MOVE", 201), ("LOCK", 200)])
@pytest.mark.parametrize("inner", ["files", "location"])
@pytest.mark.parametrize("source", SOURCES)
def test_a_file_is_not_written_past_its_place(
        site, tokens, source, inner, method, status):
    path = f"/{source}/dav/{inner}"
    folder = site.root / f"htdocs{path}"
    before = sorted(p.name for p in folder.iterdir())
    site.errorlog.allow("dav|AH")
    destination = [("Destination", f"http://127.0.0.1:{site.port}{path}/new")]
    for spelling, (_, token, in_query) in itertools.product(
            CUT, holders(tokens)):
        answer = ask(site, spelling.format(path + "/admin.php"),
                     "?access_token=", token, in_query, method=method,
                     body=b"mine" if method == "PUT" else b"",
                     headers=destination)
        assert answer.status == 400, (spelling, answer)
        assert (folder / "admin.php").read_text() == SECRET
        assert sorted(p.name for p in folder.iterdir()) == before


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize("inner", ["files", "location"])
@pytest.mark.parametrize("source", SOURCES)
def test_nor_where_it_is_the_destination(site, tokens, source, inner, method):
    path = f"/{source}/dav/{inner}"
    folder = site.root / f"htdocs{path}"
    site.errorlog.allow("dav|AH")
    for spelling, query, token in itertools.product(
            CUT, ["", *QUERIES], [tokens.token(), tokens.token(role="admin")]):
        site.write(f"htdocs{path}/mine", "mine")
        to = f"http://127.0.0.1:{site.port}{spelling.format(path)}{query}"
        to = to.replace(path, path + "/admin.php", 1)
        answer = site.get(path + "/mine", token, method=method,
                          headers=[("Destination", to), ("Overwrite", "T")]) \
            if source != "query" else site.get(
                f"{path}/mine?access_token={mint.note(token)}", method=method,
                headers=[("Destination", to), ("Overwrite", "T")])
        assert answer.status >= 400, (to, answer)
        assert (folder / "admin.php").read_text() == SECRET
        assert (folder / "mine").read_text() == "mine"
    (folder / "mine").unlink()


# --- elsewhere a question mark is a letter like any other --------------------

@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("name", ["odd%3Fname", "odd%3fname", "ok%3Fx=1",
                                  "ok%3F"])
def test_a_question_mark_is_served_where_no_query_is_looked_at(
        site, tokens, handler, name):
    path = f"/{HEADER}/{handler}/location/{name}"
    site.errorlog.allow("AH0|AH10")
    for query in ("", "?a=1", "?access_token=x&a=1"):
        beside = site.get("/plain" + path + query)
        ours = site.get(path + query, tokens.token())
        assert ours.status == beside.status
        assert what(ours) == what(beside).replace("/plain/", "/")
    assert site.get(path).status == 401 or handler == "rewrite"


def what(answer):
    """What was served: the file, or what the back end was asked for."""
    if answer.status != 200 or not answer.body.startswith(b"{"):
        return answer.text()
    seen = json.loads(answer.body)
    names = ("path", "SCRIPT_FILENAME", "SCRIPT_NAME", "PATH_INFO",
             "QUERY_STRING", "REQUEST_URI", "DOCUMENT_URI")
    return json.dumps([seen.get(name) for name in names])


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["ok%253F", "ok%26", "ok%3D", "o%6B"])
def test_no_other_letter_is_a_bad_request(site, tokens, source, handler, name):
    path = f"/{source}/{handler}/location/{name}"
    beside = site.get(f"/plain/{HEADER}/{handler}/location/{name}")
    site.errorlog.allow("AH0|AH10")
    answer = ask(site, path, "?access_token=", tokens.token(), True)
    assert answer.status == beside.status


# --- a back end gets exactly the other pairs ----------------------------------

TOKEN = "access_token="
#: what is in a query beside the token
PAIRS = ["access_token={}", "a=1&access_token={}", "access_token={}&a=1",
         "a=1&access_token={}&b=2", "a=1&&access_token={}&b", "&access_token={}",
         "access_token={}&", "&&access_token={}&&", "a=%26&access_token={}&b=%3D",
         "a=b?c=d&access_token={}", "access_token={}&a=b?access_token=x",
         "?access_token=x&access_token={}", "xaccess_token=1&access_token={}",
         "access_token={}&access_tokenx=1", "a;b=1&access_token={}&c=%3b",
         "a=/../&access_token={}&b=//", "access_token&access_token={}&=",
         "a=%253F&access_token={}&b=%2F", "access_token={}&a=1&access_token="]
#: what is there where the token is in the header
OTHERS = ["a=1&&b", "&", "a=1&", "a?b", "access_token", "xaccess_token=1&&a",
          "a=access_token&&b=1", "?access_token=x&", "access_tokenx=1&&b=1"]
REST = ["x", "x%2520y", "x;p=1/y", "x%3By", "x%25"]


def modes(path, port):
    """mode -> (lines for the server, lines for the place, modules)."""
    to = f"http://127.0.0.1:{port}/at"
    name = path.replace("/", "-")
    at = f'<Directory "ROOT/htdocs{path}/%s">'
    fcgi = "unix:ROOT/run/fcgi.sock|fcgi://localhost"
    return {
        "pass": ([f"ProxyPass {path}/pass/ {to}/"], []),
        "within": ([], [f"ProxyPass {to}"]),
        "nocanon": ([f"ProxyPass {path}/nocanon/ {to}/ nocanon"], []),
        "encoded": ([f"ProxyPass {path}/encoded/ {to}/ mapping=encoded"], []),
        "servlet": ([f"ProxyPass {path}/servlet/ {to}/ mapping=servlet"], []),
        "pattern": ([f'ProxyPassMatch "^{path}/pattern/(.*)$" "{to}/$1"'], []),
        "balancer": ([f'<Proxy "balancer://b{name}">\n'
                      f"BalancerMember http://127.0.0.1:{port}\n</Proxy>",
                      f"ProxyPass {path}/balancer/ balancer://b{name}/at/"],
                     []),
        "balancer-nocanon": (
            [f"ProxyPass {path}/balancer-nocanon/ balancer://b{name}/at/ "
             "nocanon"], []),
        "rewrite": ([f'RewriteRule "^{path}/rewrite/(.*)$" "{to}/$1" [P]'],
                    []),
        "rewrite-qsa": ([f'RewriteRule "^{path}/rewrite-qsa/(.*)$" '
                         f'"{to}/$1?own=1" [P,QSA]'], []),
        "rewrite-b": ([f'RewriteRule "^{path}/rewrite-b/(.*)$" "{to}/$1" '
                       "[P,B,NE]"], []),
        "rewrite-pass": ([f'RewriteRule "^{path}/rewrite-pass/(.*)$" '
                          f'"{path}/pass/$1" [PT]'], []),
        "directory": ([at % "directory", "RewriteEngine On",
                       f'RewriteRule "(.*)" "{to}/$1" [P]', "</Directory>"],
                      []),
        "fcgi": ([at % "fcgi", f'SetHandler "proxy:{fcgi}"', "</Directory>"],
                 []),
        "fcgi-pass": ([f'ProxyPass {path}/fcgi-pass/ "{fcgi}/at/"'], []),
    }


MODES = list(modes("", 0))


@pytest.fixture(scope="module")
def proxied(serve, base, tokens, backend):
    conf = base("RewriteEngine On", "ProxyRequests On")
    for mode in MODES:
        for source in ("query", "plain"):
            path = f"/{source}"
            server, place = modes(path, backend.port)[mode]
            ours = ["AuthType Bearer", "AuthBearerSource header query",
                    "Require valid-user"]
            conf.add(*server).location(
                f"{path}/{mode}", *place,
                *(ours if source == "query" else ["Require all granted"]))
    conf.section("Proxy", f'"http://127.0.0.1:{backend.port}/forward/*"',
                 "AuthType Bearer", "AuthBearerSource query",
                 "Require valid-user")
    conf.place("std")
    site = serve(conf, start=False,
                 modules=modules(["fcgi", "balancer"])).fill()
    for source, mode in itertools.product(("query", "plain"), MODES):
        site.write(f"htdocs/{source}/{mode}/x", "")
    site.fcgi = Fcgi(site.root / "run/fcgi.sock")
    (site.root / "run/fcgi.sock").chmod(0o777)
    yield site.start().warm("/p/std", tokens.token())
    site.fcgi.stop()


def without_token(query):
    """"?" and the other pairs, as they were written; nothing without any."""
    pairs = query.split("&")
    others = [pair for pair in pairs if not pair.startswith(TOKEN)]
    return "?" + "&".join(others) if others else ""


def got(answer, source):
    """What a back end was asked for, wherever it was asked."""
    assert answer.status == 200, answer
    seen = json.loads(answer.body)
    if "path" in seen:
        return seen["path"].rstrip("?")
    names = ("SCRIPT_FILENAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI")
    return [seen.get(name, "").replace(f"/{source}/", "/").rstrip("?")
            for name in names]


@pytest.mark.parametrize("pairs", PAIRS)
@pytest.mark.parametrize("mode", MODES)
def test_a_back_end_gets_exactly_the_other_pairs(proxied, tokens, mode, pairs):
    token = mint.note(tokens.token())
    for rest in REST:
        query = pairs.format(token)
        beside = proxied.get(f"/plain/{mode}/{rest}{without_token(query)}")
        ours = proxied.get(f"/query/{mode}/{rest}?{query}")
        assert got(ours, "query") == got(beside, "plain")
        assert token not in ours.text()
        assert proxied.get(f"/query/{mode}/{rest}?" + pairs.format("")
                           ).status == 401


@pytest.mark.parametrize("query", OTHERS)
@pytest.mark.parametrize("mode", MODES)
def test_a_query_without_a_token_is_not_touched(proxied, tokens, mode, query):
    for rest in REST:
        beside = proxied.get(f"/plain/{mode}/{rest}?{query}")
        ours = proxied.get(f"/query/{mode}/{rest}?{query}", tokens.token())
        assert got(ours, "query") == got(beside, "plain")


@pytest.mark.parametrize("pairs", PAIRS)
def test_a_forward_proxy_asks_for_exactly_the_other_pairs(
        proxied, backend, tokens, pairs):
    token = mint.note(tokens.token())
    to = f"http://127.0.0.1:{backend.port}/forward/"
    # httpd decodes nothing of what it is asked to forward
    for rest in [*REST, "x%3Fy"]:
        query = pairs.format(token)
        answer = proxied.get(f"{to}{rest}?{query}")
        assert got(answer, "") == \
            f"/forward/{rest}{without_token(query)}".rstrip("?")
        assert proxied.get(f"{to}{rest}?{pairs.format('')}").status == 407
