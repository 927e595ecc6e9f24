# SPDX-License-Identifier: Apache-2.0
"""Every request that httpd makes of one (a part of a page, a redirect, the file
of a folder) is judged for its own place and its own target; so is what is served
where httpd only puts another file into the same request."""
import base64
import hashlib
import itertools
import json

import pytest

from testenv import mint
from testenv.behind import Fcgi

AUTHZ_LINES = "AH01630|AH01631|AH01629|AH01617|AH01618|AH01619"


# --- a Require line over the target -------------------------------------------

#: the line, and the claims that admit to the files of a folder that are named
LINES = {
    "claim": ('Require claim may "%{REQUEST_URI}"',
              lambda site, targets: {"may": targets}),
    "scope": ('Require scope "%{REQUEST_URI}"',
              lambda site, targets: {"scope": " ".join(targets)}),
    "file": ('Require claim may "%{REQUEST_FILENAME}"',
             lambda site, targets: {"may": [f"{site.root}/htdocs{t}"
                                            for t in targets]}),
    "all": ('<RequireAll>\nRequire valid-user\n'
            'Require bearer-claim may "%{REQUEST_URI}"\n</RequireAll>',
            lambda site, targets: {"may": targets}),
    "not": ('<RequireAll>\nRequire valid-user\n'
            'Require not claim mustnot "%{REQUEST_URI}"\n</RequireAll>',
            lambda site, targets: {"mustnot": [
                t for t in siblings(targets[0]) if t not in targets]}),
    "expr": ('Require expr "%{REQUEST_URI} !~ m#/b.txt$# '
             '|| %{claim:b} == \'yes\'"',
             lambda site, targets: {"b": "yes"} if any(
                 t.endswith("/b.txt") for t in targets) else {}),
}
#: what is asked for where b.txt is served in the end, or a part
WAYS = ["page.shtml", "nested.shtml", "redirect", "gone", "", "b", "nothing"]
NAMES = ["a.txt", "b.txt", *WAYS]


def siblings(target):
    return [target.rsplit("/", 1)[0] + "/" + name for name in NAMES]


@pytest.fixture(scope="module")
def parts(serve, base, tokens):
    conf = base()
    for name, (line, _) in LINES.items():
        for way in WAYS:
            folder = f"/t/{name}/{slug(way)}"
            conf.section(
                "Directory", f'"ROOT/htdocs{folder}"', "AuthType Bearer", line,
                "Options +Includes +MultiViews",
                "AddType text/html .shtml", "AddType text/plain .txt",
                "AddOutputFilter INCLUDES .shtml", "DirectoryIndex b.txt",
                *([f"ErrorDocument 404 {folder}/b.txt"] if way == "gone"
                  else []),
                *([f"FallbackResource {folder}/b.txt"] if way == "nothing"
                  else []),
                *(["RewriteEngine On", f'RewriteRule "^redirect$" '
                   f'"{folder}/b.txt"'] if way == "redirect" else []))
    conf.place("std")
    site = serve(conf, start=False, modules=["include", "negotiation"]).fill()
    for name, way in itertools.product(LINES, WAYS):
        folder = f"htdocs/t/{name}/{slug(way)}"
        site.write(f"{folder}/a.txt", "[part a]")
        site.write(f"{folder}/b.txt", "[part b]")
        site.write(f"{folder}/redirect", "")
        site.write(f"{folder}/page.shtml", "".join(
            f'[<!--#include virtual="{part}" -->]'
            for part in ("a.txt", "b.txt")))
        site.write(f"{folder}/nested.shtml",
                   '[<!--#include virtual="page.shtml" -->]')
    site.errorlog.allow_always(AUTHZ_LINES + "|AH01794|include:error|negotiation:error")
    return site.start().warm("/p/std", tokens.token())


def slug(way):
    return way.strip("/").replace(".", "-") or "index"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("line", LINES)
def test_a_line_over_the_target_is_asked_for_each_target(
        parts, tokens, line, way):
    folder = f"/t/{line}/{slug(way)}"
    claims = LINES[line][1]
    # on the way there: all but the one that counts
    others = [f"{folder}/{name}" for name in NAMES if name != "b.txt"]
    good = tokens.token(**claims(parts, [*others, f"{folder}/b.txt"]))
    poor = tokens.token(**claims(parts, others))
    # what the answers below rest on
    assert parts.get(f"{folder}/b.txt", good).status == 200
    assert parts.get(f"{folder}/b.txt", poor).status == 403
    assert parts.get(f"{folder}/a.txt", poor).text() == "[part a]"
    answer = parts.get(f"{folder}/{way}", good)
    assert "[part b]" in answer.text(), answer
    answer = parts.get(f"{folder}/{way}", poor)
    assert "[part b]" not in answer.text(), answer
    if way.endswith(".shtml"):
        assert answer.status == 200 and "[part a]" in answer.text()


# --- one identity's user does not meet another's claims -------------------------

def basic(user):
    text = base64.b64encode(f"{user}:secret".encode()).decode()
    return ("Authorization", "Basic " + text)


BASIC = ["AuthType Basic", "AuthName plain", "AuthBasicProvider file",
         "AuthUserFile ROOT/users"]
BEARER = ["AuthType Bearer", "AuthBearerSource cookie:tok"]
#: how a request comes from one place into the other: what is asked for, and
#: the lines of the first place; {to} is a program of the second
JUMPS = {
    "rewrite": ("x", ["RewriteEngine On", 'RewriteRule "^x$" "{to}"']),
    "error": ("gone", ["ErrorDocument 404 {to}"]),
    "part": ("page.shtml", []),
    "index": ("", ["DirectoryIndex {to}"]),
    "fallback": ("nothing", ["FallbackResource {to}"]),
    "local": ("local.cgi", []),
}
#: lines of the second place: nobody who is no token's may meet a claim
ADMITS = {
    "user": "Require valid-user",
    "claim": "Require claim role admin",
    "bearer-claim": "Require bearer-claim role admin",
    "expr": "Require expr \"claim('role') == 'admin'\"",
    "text": "Require expr \"%{claim:role} == 'admin'\"",
    "both": "<RequireAll>\nRequire valid-user\nRequire claim role admin\n"
            "</RequireAll>",
    "scope": "Require scope read",
}


@pytest.fixture(scope="module")
def mixed(serve, base, tokens):
    conf = base("AuthBearerClaim role env:ROLE", "AuthBearerClaim * env:ALL",
                "AuthBearerClaim sub header:X-Sub",
                'RequestHeader set X-Claim "expr=%{claim:sub}"',
                'Header always set Seen-Claim "expr=%{claim:sub}"')
    conf.section("Directory", "ROOT/htdocs", "Options +Includes +ExecCGI",
                 "AddType text/html .shtml", "AddHandler cgi-script .cgi",
                 "AddOutputFilter INCLUDES .shtml")
    for admits, line in ADMITS.items():
        conf.section("Directory", f'"ROOT/htdocs/basic-{admits}"', *BASIC, line)
        conf.section("Directory", f'"ROOT/htdocs/bearer-{admits}"', *BEARER,
                     line)
    for jump, (_, lines) in JUMPS.items():
        for first, admits in itertools.product(("bearer", "basic"), ADMITS):
            second = "basic" if first == "bearer" else "bearer"
            to = f"/{second}-{admits}/who.cgi"
            conf.section(
                "Directory", f'"ROOT/htdocs/{jump}/{first}-{admits}"',
                *(BEARER if first == "bearer" else BASIC),
                "Require valid-user", *[text.format(to=to) for text in lines])
    conf.place("std")
    site = serve(conf, start=False, modules=["include", "auth_basic",
                                             "authn_file"]).fill()
    digest = base64.b64encode(hashlib.sha1(b"secret").digest()).decode()
    site.write("users", f"bob:{{SHA}}{digest}\n")
    for admits in ADMITS:
        for kind in ("basic", "bearer"):
            site.write(f"htdocs/{kind}-{admits}/who.cgi", ENVIRONMENT, 0o755)
    for jump, first, admits in itertools.product(JUMPS, ("bearer", "basic"),
                                                 ADMITS):
        second = "basic" if first == "bearer" else "bearer"
        to = f"/{second}-{admits}/who.cgi"
        folder = f"htdocs/{jump}/{first}-{admits}"
        site.write(f"{folder}/x", "")
        site.write(f"{folder}/page.shtml",
                   f'<!--#include virtual="{to}" -->')
        site.write(f"{folder}/local.cgi",
                   f"#!/bin/sh\nprintf 'Location: {to}\\n\\n'\n", 0o755)
    site.errorlog.allow_always(AUTHZ_LINES + "|include:error|MAB0105|AH01797")
    return site.start().warm("/p/std", tokens.token())


ENVIRONMENT = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
env
"""


def seen(answer):
    return dict(line.split("=", 1) for line in answer.text().splitlines()
                if "=" in line)


#: httpd goes on with another file and its sections, in the same request
FAST = ("index", "fallback")


def both(tokens, **claims):
    """Two identities: a cookie's token and a password."""
    token = mint.note(tokens.token(role="admin", scope="read", **claims))
    return [("Cookie", f"tok={token}"), basic("bob")]


@pytest.mark.parametrize("admits", ADMITS)
@pytest.mark.parametrize("jump", JUMPS)
def test_a_user_of_basic_does_not_meet_the_claims_of_a_token(
        mixed, tokens, jump, admits):
    target = f"/{jump}/bearer-{admits}/{JUMPS[jump][0]}"
    direct = mixed.get(f"/basic-{admits}/who.cgi", headers=both(tokens))
    answer = mixed.get(target, headers=both(tokens))
    if admits != "user":
        assert direct.status in (401, 403)
        assert "REMOTE_USER" not in seen(answer), answer
        return
    assert seen(direct)["REMOTE_USER"] == "bob"
    found = seen(answer)
    # httpd leaves the first place's user where it only puts another file into
    # the request
    whom = [("bob", "Basic")] if jump not in FAST \
        else [("bob", "Basic"), ("alice", "Bearer"), (None, None)]
    assert (found.get("REMOTE_USER"), found.get("AUTH_TYPE")) in whom
    for name in ("ROLE", "ALL", "HTTP_X_SUB"):
        assert name not in found, name
    # mod_headers writes down that there is nothing; but what it wrote for the
    # directory is not written anew for the file that httpd puts into the request
    if jump not in FAST:
        assert found.get("HTTP_X_CLAIM", "") == ""
    if jump != "part":
        assert not answer.header("Seen-Claim")


@pytest.mark.parametrize("admits", ADMITS)
@pytest.mark.parametrize("jump", JUMPS)
def test_a_token_of_the_second_place_is_its_own(mixed, tokens, jump, admits):
    """The other way about: what admits after Basic is the token."""
    target = f"/{jump}/basic-{admits}/{JUMPS[jump][0]}"
    answer = mixed.get(target, headers=both(tokens))
    found = seen(answer)
    assert found["REMOTE_USER"] == "alice", answer
    assert found["AUTH_TYPE"] == "Bearer"
    assert (found["ROLE"], found["HTTP_X_SUB"]) == ("admin", "alice")
    if jump not in FAST:
        assert found.get("HTTP_X_CLAIM") == "alice"
    answer = mixed.get(target, headers=[basic("bob")])
    assert "REMOTE_USER" not in seen(answer)


# --- another file in the same request --------------------------------------------

TARGET = "target.cgi"
#: how httpd comes to serve the target: what is asked for, and the lines
FAST = {
    "index": ("", [f"DirectoryIndex {TARGET}"]),
    "fallback": ("nothing", ["FallbackResource {folder}/" + TARGET]),
    "views": ("target", ["Options +MultiViews", "MultiviewsMatch Handlers"]),
}
SECTIONS = [
    ('<Files "target.cgi">', "</Files>"),
    ('<FilesMatch "^target\\.cgi$">', "</FilesMatch>"),
    ('<LocationMatch "^{folder}/target\\.cgi$">', "</LocationMatch>"),
    ('<Location "{folder}/target.cgi">', "</Location>"),
]
EXPORTS = ["AuthBearerClaim sub header:X-User", "AuthBearerClaim sub env:SUB",
           "AuthBearerClaim role header:X-Role"]
OUTER = {
    "plain": ["Require all granted"],
    "none": ["AuthType None", "Require all granted"],
    "optional": ["AuthType Bearer", "AuthBearerOptional On",
                 "Require all granted"],
    "bearer": ["AuthType Bearer", "AuthBearerClaim sub header:X-Sub",
               "AuthBearerClaim * env:OUTER", "Require valid-user"],
    "wide": ["AuthType Bearer",
             f"AuthBearerAudience {mint.AUDIENCE} urn:other",
             "AuthBearerSource header cookie:tok", "Require valid-user"],
    "email": ["AuthType Bearer", "AuthBearerUser email", "Require valid-user"],
}
INNER = {
    "user": [*EXPORTS, "Require valid-user"],
    "optional": [*EXPORTS, "AuthBearerOptional On", "Require all granted"],
    "strict": [*EXPORTS, "Require claim role admin"],
    "off": [*EXPORTS, "AuthBearerForward Off", "Require valid-user"],
    "cookie": [*EXPORTS, "AuthBearerSource cookie:tok", "Require valid-user"],
    "cookie-optional": [*EXPORTS, "AuthBearerSource cookie:tok",
                        "AuthBearerOptional On", "Require all granted"],
    "audience": [*EXPORTS, "AuthBearerAudience urn:other",
                 "Require valid-user"],
    "issuer": [*EXPORTS, "AuthBearerIssuer OTHER", "Require valid-user"],
    "email": [*EXPORTS, "AuthBearerUser email", "Require valid-user"],
    "silent": ["AuthBearerClaim none", "Require valid-user"],
}
HANDLERS = ["cgi", "fcgi"]
FORGED = [("X-User", "root"), ("x_role", "root"), ("X_SUB", "root"),
          ("Cookie", "a=1")]
#: what programs are told of whoever asks
TOLD = ["REMOTE_USER", "AUTH_TYPE", "SUB", "OUTER", "HTTP_X_USER",
        "HTTP_X_ROLE", "HTTP_X_SUB", "HTTP_COOKIE", "HTTP_AUTHORIZATION"]


def combinations():
    """(way, outer, inner, section, handler): sections and handlers take
    turns."""
    sections = itertools.cycle(SECTIONS)
    handlers = itertools.cycle([h for h in HANDLERS for _ in range(5)])
    for way, outer, inner in itertools.product(FAST, OUTER, INNER):
        yield way, outer, inner, next(sections), next(handlers)


FOLDERS = {f"/f/{way}/{outer}-{inner}": (way, outer, inner, section, handler)
           for way, outer, inner, section, handler in combinations()}


@pytest.fixture(scope="module")
def other(make_issuer):
    return make_issuer("/other", [mint.key("P-256", "elsewhere")])


@pytest.fixture(scope="module")
def fast(serve, base, tokens, other):
    conf = base()
    conf.section("Directory", "ROOT/htdocs", "CGIPassAuth On",
                 "Options +ExecCGI", "AddHandler cgi-script .cgi")
    for folder, (way, outer, inner, section, handler) in FOLDERS.items():
        lines = [text.format(folder=folder) for text in FAST[way][1]]
        begin, end = (text.format(folder=folder) for text in section)
        own = [begin, "AuthType Bearer", *INNER[inner], end]
        if handler == "fcgi":
            own.insert(1, 'SetHandler "proxy:unix:ROOT/run/fcgi.sock|'
                          'fcgi://localhost"')
        own = [text.replace("OTHER", other.url) for text in own]
        files = begin.startswith("<Files")
        conf.section("Directory", f'"ROOT/htdocs{folder}"', *lines,
                     *OUTER[outer], *(own if files else []))
        conf.add(*([] if files else own))
    conf.place("std")
    conf.place("other", f"AuthBearerIssuer {other.url}")
    site = serve(conf, start=False,
                 modules=["negotiation", "proxy_fcgi"]).fill()
    for folder in FOLDERS:
        for name in (TARGET, "outside.cgi"):
            site.write(f"htdocs{folder}/{name}", ENVIRONMENT, 0o755)
    site.fcgi = Fcgi(site.root / "run/fcgi.sock")
    (site.root / "run/fcgi.sock").chmod(0o777)
    site.errorlog.allow_always(AUTHZ_LINES + "|negotiation:error")
    site.start().warm("/p/std", tokens.token())
    yield site.warm("/p/other", stranger(other).token())
    site.fcgi.stop()


def stranger(other):
    return mint.Mint(other.url, mint.key("P-256", "elsewhere"), mint.AUDIENCE)


def requests(tokens, other):
    """Headers of requests, forged ones before the others."""
    def header(token):
        return ("Authorization", "Bearer " + mint.note(token))

    def cookie(token):
        return ("Cookie", f"a=1; tok={mint.note(token)}; b=2")

    admin = tokens.token(role="admin", email="a@example")
    poor = tokens.token(sub="carol", email="c@example")
    elsewhere = tokens.token(sub="dora", aud="urn:other")
    wide = tokens.token(sub="emil", aud=[mint.AUDIENCE, "urn:other"])
    expired = tokens.token(exp=1, role="admin", email="e@example")
    theirs = stranger(other).token(sub="fred")
    for sent in ([], [header(admin)], [header(poor)], [header(elsewhere)],
                 [header(wide)], [header(expired)], [header(theirs)],
                 [cookie(admin)], [cookie(expired)],
                 [header(admin), cookie(poor)]):
        forged = [pair for pair in FORGED
                  if pair[0] not in [name for name, _ in sent]]
        yield forged + sent


def told(answer):
    """What the program was told, or None where nobody was asked."""
    if answer.status != 200:
        return None
    found = json.loads(answer.body) if answer.body.startswith(b"{") \
        else seen(answer)
    return {name: found[name] for name in TOLD if found.get(name)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_another_file_in_the_same_request_is_of_its_own_place(
        fast, tokens, other, folder):
    """Asked for by itself, or in the course of another request: the same is
    refused, and the program is told the same."""
    way = FAST[FOLDERS[folder][0]][0]
    for headers in requests(tokens, other):
        outer = fast.get(f"{folder}/outside.cgi", headers=headers)
        direct = fast.get(f"{folder}/{TARGET}", headers=headers)
        answer = fast.get(f"{folder}/{way}", headers=headers)
        if told(outer) is None or told(direct) is None:
            assert answer.status >= 400, (headers, answer)
            continue
        assert answer.status == 200, (headers, answer)
        assert told(answer) == told(direct), headers


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_place_asked_for_by_itself_tells_the_token_or_nothing(
        fast, tokens, folder):
    """What the comparison above rests on."""
    inner = FOLDERS[folder][2]
    token = mint.note(tokens.token(role="admin", email="a@example",
                                   aud=[mint.AUDIENCE, "urn:other"]))
    sent = ("Cookie", f"a=1; tok={token}") if inner.startswith("cookie") \
        else ("Authorization", "Bearer " + token)
    if inner != "issuer":
        found = told(fast.get(f"{folder}/{TARGET}", headers=FORGED + [sent]
                              if sent[0] != "Cookie" else FORGED[:-1] + [sent]))
        user = "a@example" if "email" in FOLDERS[folder][1:3] else "alice"
        assert (found["REMOTE_USER"], found["AUTH_TYPE"]) == (user, "Bearer")
        exported = [found.get("HTTP_X_USER"), found.get("SUB"),
                    found.get("HTTP_X_ROLE")]
        assert exported == ([None] * 3 if inner == "silent"
                            else ["alice", "alice", "admin"])
        assert found.get("HTTP_COOKIE") == "a=1"
        assert ("HTTP_AUTHORIZATION" in found) == (
            inner != "off" and not inner.startswith("cookie"))
    answer = fast.get(f"{folder}/{TARGET}", headers=FORGED)
    if "optional" not in inner:
        assert answer.status == 401
        return
    assert told(answer) == {"HTTP_COOKIE": "a=1"}
