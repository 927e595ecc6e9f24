# SPDX-License-Identifier: Apache-2.0
"""What was answered for a token is nobody else's.

However httpd came to the answer, by a redirect within, an error document, the
index of a directory or a part of a page, and wherever the token was: if a place of
ours judged one, no cache keeps the answer, whatever the program says. What was
answered without one may be kept. And the token itself, where it goes no further,
goes no further on these ways either."""
import itertools
import shutil
import tempfile
from pathlib import Path

import pytest

from testenv.behind import BackEnd, Fcgi

MODULES = ["include", "cache", "cache_disk", "proxy_fcgi"]

#: how a token comes -> the lines of the place
SOURCES = {
    "header": [],
    "off": ["AuthBearerForward Off"],
    "cookie": ["AuthBearerSource cookie:tok"],
    "own": ["AuthBearerSource header:X-Token"],
    "own-off": ["AuthBearerSource header:X-Token", "AuthBearerForward Off"],
    "query": ["AuthBearerSource query"],
}
#: tells who asks, and that it may be cached as the request's X-Says says
PROGRAM = """#!/bin/sh
echo "Content-Type: text/html"
echo "Cache-Control: $HTTP_X_SAYS"
echo
echo "[user=$REMOTE_USER sub=${SUB:-$REDIRECT_SUB} $(cat /proc/sys/kernel/random/uuid)]"
"""
SAYS = {"public": "public, max-age=60", "max-age": "max-age=60",
        "shared": "s-maxage=60"}

#: NAME is a source, or "open" for a place that is none of ours
CHAINS = {
    "direct": "/NAME/who.cgi",
    "redirect": "/go/NAME",
    "redirect-within": "/NAME/go/x",
    "redirect-out": "/NAME/out/x",
    "index": "/NAME/dir/",
    "fallback": "/NAME/fallback/x",
    "error": "/NAME/gone/x",
    "error-out": "/NAME/gone-out/x",
    "part": "/pages/NAME.shtml",
    "part-later": "/pages/NAME-later.shtml",
    "part-nested": "/pages/NAME-nested.shtml",
    "part-within": "/NAME/within.shtml",
    "part-out": "/NAME/out.shtml",
    "back-end": "/NAME/b/x",
    "file": "/NAME/file.txt",
}


@pytest.fixture(scope="module")
def backend():
    server = BackEnd([("Cache-Control", SAYS["public"])])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def plain_backend():
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


def write_pages(server, name):
    """The files of a place, and the pages beside it that include them."""
    query = "?$QUERY_STRING" if name == "query" else ""
    part = f'<!--#include virtual="/{name}/part.cgi{query}" -->'
    other = '<!--#include virtual="/open/part.cgi" -->'
    for path in ("who.cgi", "part.cgi", "dir/who.cgi"):
        server.write(f"htdocs/{name}/{path}", PROGRAM, 0o755)
    for path, text in {
            f"{name}/go/x": "", f"{name}/out/x": "", f"go/{name}": "",
            f"{name}/file.txt": "file of alice\n",
            f"{name}/within.shtml": part, f"{name}/out.shtml": other,
            f"pages/{name}.shtml": part,
            f"pages/{name}-later.shtml": f"{other * 3}<p>text</p>{part}",
            f"pages/{name}-part.shtml": part,
            f"pages/{name}-nested.shtml":
                f'<!--#include virtual="/pages/{name}-part.shtml{query}" -->'
            }.items():
        server.write("htdocs/" + path, text)


@pytest.fixture(scope="module", params=["quick", "handler"])
def site(request, serve, base, tokens, backend):
    """All places, below mod_cache as it is by itself, and as a handler."""
    conf = base("AuthBearerClaim sub env:SUB", "CacheEnable disk /",
                "CacheRoot ROOT/tmp", "CacheIgnoreNoLastMod On",
                "CacheIgnoreQueryString On", "CacheHeader On",
                f"CacheQuickHandler {'On' if request.param == 'quick' else 'Off'}")
    conf.section("Directory", "ROOT/htdocs", "Options +ExecCGI +Includes",
                 "AddHandler cgi-script .cgi", "AddType text/html .shtml",
                 "AddOutputFilter INCLUDES .shtml", "DirectoryIndex who.cgi")
    conf.section("LocationMatch", '"[.](shtml|txt)$"',
                 'Header set Cache-Control "public, max-age=60"')
    # mod_cache as a handler crashes where parts of parts are kept themselves
    conf.section("LocationMatch", '"part[.](cgi|shtml)$"', "CacheDisable on")
    places = {name: ["AuthType Bearer", *lines, "Require valid-user"]
              for name, lines in SOURCES.items()}
    places["optional"] = ["AuthType Bearer", "AuthBearerOptional On",
                          "Require all granted"]
    places["open"] = []
    for name, lines in places.items():
        conf.location(f"/{name}", *lines) \
            .location(f"/{name}/gone", f"ErrorDocument 404 /{name}/who.cgi") \
            .location(f"/{name}/gone-out", "ErrorDocument 404 /open/who.cgi") \
            .location(f"/{name}/fallback", f"FallbackResource /{name}/who.cgi") \
            .location(f"/{name}/b",
                      *([] if name == "open" else
                        ["AuthBearerClaim sub header:X-Sub"]),
                      f"ProxyPass http://127.0.0.1:{backend.port}/") \
            .section("Directory", f"ROOT/htdocs/{name}/go", "RewriteEngine On",
                     f'RewriteRule "^.+$" "/{name}/who.cgi"') \
            .section("Directory", f"ROOT/htdocs/{name}/out", "RewriteEngine On",
                     'RewriteRule "^.+$" "/open/who.cgi"')
    conf.section("Directory", "ROOT/htdocs/go", "RewriteEngine On",
                 'RewriteRule "^(.+)$" "/$1/who.cgi"')
    conf.place("std")
    server = serve(conf, start=False, modules=MODULES)
    for name in places:
        write_pages(server, name)
    server.errorlog.allow_always(
        r"AH0163[01]|AH01629|AH00128|include:error.*returned 40|AH0073[0-9]")
    return server.fill().start().warm("/p/std", tokens.token())


counter = itertools.count()


def ask(site, target, name, token, host, says="public", headers=(), **more):
    """A request with a token where this place looks for it."""
    headers = [("X-Says", SAYS[says]), *headers]
    if token and name == "query":
        target += f"?access_token={token}"
    elif token and name == "cookie":
        headers.append(("Cookie", f"a=b; tok={token}"))
    elif token and name.startswith("own"):
        headers.append(("X-Token", token))
    elif token:
        headers.append(("Authorization", f"Bearer {token}"))
    return site.get(target, headers=headers, host=host, **more)


def control(answer):
    return ",".join(answer.all("Cache-Control")).replace(" ", "").split(",")


def marked(answer, mark):
    return mark in answer.text()


CASES = [(chain, name, says) for chain in CHAINS for name in SOURCES
         for says in (SAYS if chain in ("direct", "redirect", "part", "index",
                                        "error") else ["public"])]


@pytest.mark.parametrize("chain, name, says", CASES)
def test_what_was_answered_for_a_token_is_nobody_elses(site, tokens, chain, name,
                                                       says):
    number = next(counter)
    target = CHAINS[chain].replace("NAME", name)
    host = f"n{number}.example"
    alice, bob = (f"{who}-{number}-" for who in ("alice", "bob"))
    tokens_of = {who: tokens.token(sub=who) for who in (alice, bob)}
    first = ask(site, target, name, tokens_of[alice], host, says)
    assert first.status in (200, 404), first
    if chain != "file":
        assert marked(first, alice), first
    stranger = ask(site, target, name, None, host, says)
    assert not marked(stranger, alice), stranger
    # a page beside the place is there for everybody, without its part
    assert stranger.status == (200 if target.startswith("/pages/") else 401)
    other = ask(site, target, name, tokens_of[bob], host, says)
    assert not marked(other, alice), other
    assert chain == "file" or marked(other, bob), other
    assert "private" in control(first), first


@pytest.mark.parametrize("chain", [c for c in CHAINS if c not in (
    "back-end", "error", "error-out")])
@pytest.mark.parametrize("name", ["open", "optional"])
def test_what_was_answered_without_a_token_may_be_kept(site, chain, name):
    """Else the test above would show nothing."""
    target = CHAINS[chain].replace("NAME", name)
    host = f"n{next(counter)}.example"
    first, second = (ask(site, target, name, None, host) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert "private" not in control(first) + control(second)
    # each answer of the program is another one
    assert second.body == first.body
    assert "HIT" in (second.header("X-Cache") or ""), second


@pytest.mark.parametrize("name", ["header", "off", "cookie", "own"])
def test_a_token_that_nobody_judged_makes_no_answer_private(site, tokens, name):
    host = f"n{next(counter)}.example"
    answer = ask(site, "/open/who.cgi", name, tokens.token(), host)
    assert answer.status == 200 and "private" not in control(answer)


@pytest.mark.parametrize("chain", sorted(CHAINS))
@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_was_kept_for_nobody_opens_no_place(site, tokens, name, chain):
    """A refusal is not kept either: the next one has a token."""
    target = CHAINS[chain].replace("NAME", name)
    if target.startswith("/pages/"):
        pytest.skip("everybody may see the page, without its part")
    host = f"n{next(counter)}.example"
    refused = ask(site, target, name, None, host)
    bad = ask(site, target, name, tokens.token(exp=1), host)
    for answer in (refused, bad):
        assert answer.status == 401, answer
        assert "no-store" in control(answer)
    good = ask(site, target, name, tokens.token(), host)
    assert good.status in (200, 404), good


# --- the error page of a part ------------------------------------------------

#: A part goes on elsewhere within httpd and is refused or not found there: httpd
#: writes that error page itself, past all filters of the page around it.
WAYS = {
    "rewrite": 'RewriteEngine On\nRewriteRule "^.+$" "END" [PT]',
    "action": "Action go END virtual\nSetHandler go",
    "program": "SetHandler cgi-script",
}
ENDS = {"refused": "/NAME/boss/x", "denied": "/denied/x", "gone": "/open/gone"}
#: what stands between the page and the client; most hold it back until they know more
HOLDERS = {"none": [], "deflate": ["SetOutputFilter INCLUDES;DEFLATE"],
           "buffer": ["SetOutputFilter INCLUDES;BUFFER"],
           "substitute": ["SetOutputFilter INCLUDES;SUBSTITUTE",
                          'Substitute "s/page/text/"']}
AWAY = "#!/bin/sh\nprintf 'Location: END\\r\\n\\r\\n'\n"
PAGE = f"""#!/bin/sh
printf 'Content-Type: text/html\\r\\nCache-Control: {SAYS["public"]}\\r\\n\\r\\n'
echo 'a page <!--#include virtual="PART" --> of many'
"""


@pytest.fixture(scope="module")
def refuser(serve, base, tokens):
    """Pages with such parts, and a server with a cache in front of them."""
    conf = base()
    conf.section("Directory", "ROOT/htdocs", "Options +ExecCGI +Includes",
                 "AddHandler cgi-script .cgi", "SetOutputFilter INCLUDES")
    conf.location("/denied", "Require all denied").place("std")
    for holder, lines in HOLDERS.items():
        conf.section("LocationMatch", f'"^/pages/{holder}-"', *lines)
    for name in ("header", "cookie", "own"):
        conf.location(f"/{name}", "AuthType Bearer", *SOURCES[name],
                      "Require valid-user") \
            .location(f"/{name}/boss", "Require claim role boss")
        for way, end in itertools.product(WAYS, ENDS):
            conf.section("Directory", f"ROOT/htdocs/{name}/{way}-{end}",
                         WAYS[way].replace("END", ENDS[end].replace("NAME",
                                                                    name)))
    server = serve(conf, start=False, modules=[
        "include", "actions", "deflate", "filter", "buffer", "substitute"])
    for name, way, end in itertools.product(("header", "cookie", "own"), WAYS,
                                            ENDS):
        part = f"/{name}/{way}-{end}/x"
        server.write(f"htdocs{part}", AWAY.replace(
            "END", ENDS[end].replace("NAME", name)), 0o755)
        for holder in HOLDERS:
            server.write(f"htdocs/pages/{holder}-{name}-{way}-{end}.cgi",
                         PAGE.replace("PART", part), 0o755)
    server.errorlog.allow_always(
        r"AH0163[01]|AH01629|AH00128|include:error.*returned 40|AH01265")
    server.fill().start().warm("/p/std", tokens.token())
    front = base("CacheEnable disk /", "CacheRoot ROOT/tmp", "CacheHeader On",
                 f"ProxyPass / http://127.0.0.1:{server.port}/ disablereuse=On")
    front = serve(front, start=False, modules=["cache", "cache_disk"])
    # it has no place of ours
    front.errorlog.allow_always("MAB0142")
    return server, front.fill().start()


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["header", "cookie", "own"])
def test_the_error_page_of_a_part_is_nobody_elses(refuser, tokens, name, way, end,
                                                  holder):
    page = f"/pages/{holder}-{name}-{way}-{end}.cgi"
    packed = [("Accept-Encoding", "gzip")]
    for server in refuser:
        answer = ask(server, page, name, tokens.token(), "n.example",
                     headers=packed)
        # httpd's own error page, under the header of the page
        assert answer.status == 200 and marked(answer, {
            "refused": "insufficient_scope", "denied": "Forbidden",
            "gone": "Not Found"}[end]), answer
        assert "private" in control(answer), answer
        assert "public" not in control(answer), answer
    stranger = ask(refuser[1], page, name, None, "n.example", headers=packed)
    assert "HIT" not in (stranger.header("X-Cache") or ""), stranger


# --- a token that goes no further -------------------------------------------

HIDDEN = ["off", "own-off", "cookie", "query"]
#: status -> who may in, claims of the token
ERRORS = {
    401: ("Require valid-user", {"exp": 1}),
    403: ("Require claim role boss", {}),
    404: ("Require valid-user", {}),
    400: ("Require valid-user", {}),
}
PROGRAMS = ["http", "cgi", "fcgi", "page"]
#: two sources, and the client uses both
TWICE = {"off": "header cookie:tok", "own-off": "header:X-Token cookie:tok",
         "cookie": "cookie:tok header:X-Token",
         "query": "query header:X-Token"}


@pytest.fixture(scope="module")
def hider(serve, base, tokens, plain_backend, program):
    """Places that hide their tokens, and programs of each kind beside them, that
    are told all there is."""
    conf = base().place("std")
    http = f"http://127.0.0.1:{plain_backend.port}/"
    fcgi = f'SetHandler "proxy:unix:{program.path}|fcgi://localhost/"'
    conf.add("ScriptAliasMatch ^/to/cgi ROOT/cgi/env") \
        .location("/to/http", f"ProxyPass {http}") \
        .location("/to/cgi", "CGIPassAuth On") \
        .location("/to/fcgi", "CGIPassAuth On", fcgi)
    conf.section("Directory", "ROOT/htdocs", "Options +Includes",
                 "AddOutputFilter INCLUDES .shtml", "AddType text/html .shtml")
    for name in HIDDEN:
        conf.location(f"/{name}", "AuthType Bearer", "Require valid-user",
                      *SOURCES[name])
        for kind in PROGRAMS:
            to = "/to/page.shtml" if kind == "page" else f"/to/{kind}"
            for status, (require, _) in ERRORS.items():
                conf.location(f"/{name}/{kind}/{status}", require,
                              f"ErrorDocument {status} {to}")
            conf.section("Directory", f"ROOT/htdocs/{name}/{kind}/rewrite",
                         "RewriteEngine On", f'RewriteRule "^.+$" "{to}"')
            # 400: a token in two places
            conf.location(f"/{name}/{kind}/400", "AuthBearerForward Off",
                          f"AuthBearerSource {TWICE[name]}")
    server = serve(conf, start=False, modules=["include", "proxy_fcgi"])
    server.write("htdocs/to/page.shtml",
                 '<!--#include virtual="/to/http" -->'
                 '<!--#include virtual="/to/cgi" --><!--#printenv -->')
    for name in HIDDEN:
        for kind in PROGRAMS:
            to = "/to/page.shtml" if kind == "page" else f"/to/{kind}"
            server.write(f"htdocs/{name}/{kind}/rewrite/x", "")
            server.write(f"htdocs/{name}/{kind}/part.shtml",
                         f'<!--#include virtual="{to}" -->')
    server.errorlog.allow_always(r"AH0163[01]|AH01629|AH00128")
    return server.fill().start().warm("/p/std", tokens.token())


def told(server, target, name, token, twice=None):
    """What the programs on this way were told, as text."""
    headers = []
    if name == "query":
        target += f"?a=b&access_token={token}"
    elif name == "cookie":
        headers.append(("Cookie", f"a=b; tok={token}"))
    elif name == "own-off":
        headers.append(("X-Token", token))
    else:
        headers.append(("Authorization", f"Bearer {token}"))
    if twice:
        headers.append(("Cookie", f"tok={twice}") if "off" in name
                       else ("X-Token", twice))
    answer = server.get(target, headers=headers)
    text = answer.text()
    assert "GET" in text, answer
    return text


def has(text, token):
    """A piece of the token that no other has; the claims are no secret."""
    at = text.find(token.split(".")[2][:24])
    return text[max(0, at - 200):at + 30] if at >= 0 else None


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("status", sorted(ERRORS))
@pytest.mark.parametrize("name", HIDDEN)
def test_an_error_document_is_not_told_the_token(hider, tokens, name, status,
                                                 kind):
    token = tokens.token(**ERRORS[status][1])
    other = tokens.token(sub="bob") if status == 400 else None
    text = told(hider, f"/{name}/{kind}/{status}/x", name, token, other)
    assert not has(text, token)
    assert not other or not has(text, other)


@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("way", ["rewrite/x", "part.shtml"])
@pytest.mark.parametrize("name", HIDDEN)
def test_a_program_beside_the_place_is_not_told_the_token(hider, tokens, name,
                                                          way, kind):
    token = tokens.token()
    assert not has(told(hider, f"/{name}/{kind}/{way}", name, token), token)


@pytest.mark.parametrize("kind", ["http", "cgi", "fcgi"])
def test_a_place_that_is_none_of_ours_is_told_all(hider, tokens, kind):
    """Else the tests above would show nothing."""
    token = tokens.token()
    for name in ("off", "own-off", "cookie"):
        assert has(told(hider, f"/to/{kind}", name, token), token)
