# SPDX-License-Identifier: Apache-2.0
"""Beside us every module behaves as it would beside mod_auth_basic.

Every neighbour that decides about access is in two kinds of places with the
same lines, once below AuthType Basic and once below AuthType Bearer: who gets in
there gets in here, and nobody else. What a neighbour sees in its hooks does not
depend on the order of LoadModule."""
import base64
import hashlib
import os
import shutil
import sqlite3
import subprocess

import pytest

from testenv import env, mint

BASIC = ["AuthType Basic", "AuthName plain", "AuthBasicProvider file",
         "AuthUserFile ROOT/users"]
#: how a token comes -> the lines of the place
SOURCES = {"header": [],
           "off": ["AuthBearerForward Off"],
           "cookie": ["AuthBearerSource cookie:tok"],
           "own": ["AuthBearerSource header:X-Token"],
           "own-off": ["AuthBearerSource header:X-Token",
                       "AuthBearerForward Off"]}
#: known to both kinds of places, known and told otherwise, not known
PEOPLE = ("alice", "bob", "nobody", "wrong")

SVN_ACCESS = """[/]
alice = rw
bob = r
[/secret]
alice =
bob = rw
[/open]
* = r
bob =
"""

LUA = """
function refuse_bob(r)
    if r.user == "bob" then return 403 end
    return apache2.DECLINED
end
function admit_alice(r)
    if r.user == "alice" then return apache2.OK end
    return apache2.DECLINED
end
function refuse_marked(r)
    if r.headers_in["X-Marked"] then return 403 end
    return apache2.OK
end
function refuse_unmarked(r)
    if not r.headers_in["X-Marked"] then return 403 end
    return apache2.OK
end
function in_team(r)
    if not r.user then return apache2.AUTHZ_DENIED_NO_USER end
    if r.user == "alice" then return apache2.AUTHZ_GRANTED end
    return apache2.AUTHZ_DENIED
end
function tell(r)
    r.headers_out["Seen-Env"] = r.subprocess_env["SUSPENDED"] or "nothing"
    r.headers_out["Seen-Header"] = r.headers_in["X-Suspended"] or "nothing"
    return apache2.DECLINED
end
"""

VALID = "Require valid-user"
DENY = ["Order deny,allow", "Deny from all"]
SVN = ["Dav svn", "SVNPath ROOT/repo", "SVNAutoversioning On",
       "AuthzSVNAccessFile ROOT/access", VALID]


def lua(hook, function, *more):
    return [f"LuaHook{hook} ROOT/hooks.lua {function} {more[0]}" if more else
            f"LuaHook{hook} ROOT/hooks.lua {function}"]


#: name -> the modules it needs, its lines
NEIGHBOURS = {
    "svn-strict": (["dav", "dav_svn", "authz_svn"],
                   [*SVN, "AuthzSVNAnonymous Off"]),
    "svn-usual": (["dav", "dav_svn", "authz_svn"], SVN),
    "svn-any": (["dav", "dav_svn", "authz_svn", "access_compat"],
                [*SVN, "Satisfy Any"]),
    "svn-any-strict": (["dav", "dav_svn", "authz_svn", "access_compat"],
                       [*SVN, "Satisfy Any", *DENY, "AuthzSVNAnonymous Off"]),
    "svn-modest": (["dav", "dav_svn", "authz_svn"],
                   [*SVN, "AuthzSVNAnonymous Off", "AuthzSVNAuthoritative Off"]),
    "lua-auth": (["lua"], [*lua("AuthChecker", "refuse_bob"), VALID]),
    "lua-auth-early": (["lua"], [*lua("AuthChecker", "refuse_bob", "early"),
                                 VALID]),
    "lua-auth-all": (["lua"], [*lua("AuthChecker", "refuse_bob", "early"),
                               "Require user alice bob"]),
    "lua-auth-any": (["lua", "access_compat"],
                     [*lua("AuthChecker", "refuse_bob", "early"), "Satisfy Any",
                      *DENY, VALID]),
    "lua-admits": (["lua"], [*lua("AuthChecker", "admit_alice", "early"),
                             "Require user carol"]),
    "lua-access": (["lua"], [*lua("AccessChecker", "refuse_marked"), VALID]),
    "lua-access-late": (["lua"], [*lua("AccessChecker", "refuse_marked",
                                       "late"), VALID]),
    "lua-access-any": (["lua", "access_compat"],
                       [*lua("AccessChecker", "refuse_unmarked"),
                        "Satisfy Any", VALID]),
    "lua-provider": (["lua"], ["Require in-team"]),
    "lua-provider-any": (["lua", "access_compat"],
                         ["Satisfy Any", *DENY, "Require in-team"]),
    "group": (["authz_groupfile"], ["AuthGroupFile ROOT/groups",
                                    "Require group team"]),
    "group-or-user": (["authz_groupfile"],
                      ["AuthGroupFile ROOT/groups", "<RequireAny>",
                       "Require group team", "Require user bob",
                       "</RequireAny>"]),
    "group-not": (["authz_groupfile"],
                  ["AuthGroupFile ROOT/groups", "<RequireAll>", VALID,
                   "<RequireNone>", "Require group team", "</RequireNone>",
                   "</RequireAll>"]),
    "group-any": (["authz_groupfile", "access_compat"],
                  ["AuthGroupFile ROOT/groups", "Satisfy Any", *DENY,
                   "Require group team"]),
    "dbd": (["dbd", "authz_dbd"],
            ['AuthzDBDQuery "SELECT team FROM people WHERE name = %s"',
             "Require dbd-group team"]),
    "dbd-any": (["dbd", "authz_dbd", "access_compat"],
                ['AuthzDBDQuery "SELECT team FROM people WHERE name = %s"',
                 "Satisfy Any", *DENY, "Require dbd-group team"]),
    "user": ([], ["Require user alice"]),
    "user-expr": ([], ["Require expr \"%{REMOTE_USER} == 'alice'\""]),
    "limit": ([], [VALID, "<Limit GET>", "Require user alice", "</Limit>"]),
    "host": (["access_compat"], ["Order allow,deny", "Deny from all", VALID]),
}
ALL_MODULES = ["auth_basic", "authn_file", "authz_groupfile", "access_compat",
               "dav", "dav_svn", "authz_svn", "lua", "dbd", "authz_dbd"]


def write_people(server):
    def line(name):
        digest = base64.b64encode(hashlib.sha1(name.encode()).digest())
        return f"{name}:{{SHA}}{digest.decode()}\n"
    server.write("users", line("alice") + line("bob"))
    server.write("groups", "team: alice\n")
    database = sqlite3.connect(server.root / "people.db")
    database.execute("CREATE TABLE people (name TEXT, team TEXT)")
    database.execute("INSERT INTO people VALUES ('alice', 'team')")
    database.commit()
    database.close()
    (server.root / "people.db").chmod(0o644)


def make_repository(server):
    """A repository of one revision, which httpd may write."""
    repository = server.root / "repo"
    for name in ("open/x.txt", "secret/x.txt", "x.txt"):
        server.write("import/" + name, f"content of {name}\n")
    subprocess.run(["svnadmin", "create", str(repository)], check=True)
    subprocess.run(["svn", "import", "-q", "-m", "all", "--username", "root",
                    "--no-auth-cache", "--non-interactive",
                    str(server.root / "import"), f"file://{repository}"],
                   check=True, env={**os.environ, "HOME": str(server.root)})
    server.write("access", SVN_ACCESS)
    if os.getuid() == 0:
        for path in [repository, *repository.rglob("*")]:
            shutil.chown(path, "www-data", "www-data")


def credentials(kind, person, tokens):
    """The headers that make this person known to this kind of place."""
    if person == "nobody":
        return []
    if kind == "basic":
        password = "x" if person == "wrong" else person
        text = base64.b64encode(f"alice:{password}".encode()
                                if person == "wrong" else
                                f"{person}:{password}".encode()).decode()
        return [("Authorization", "Basic " + text)]
    token = tokens.token(exp=1) if person == "wrong" \
        else tokens.token(sub=person)
    return {"cookie": [("Cookie", f"a=b; tok={token}; c=d")],
            "own": [("X-Token", token)],
            "own-off": [("X-Token", token)]}.get(
                kind, [("Authorization", f"Bearer {token}")])


def outcome(answer, person):
    """What both kinds of places must agree in. One that is known and not let in
    gets a 401 of Basic, which asks for another name, and a 403 of Bearer."""
    if answer.status < 400:
        return "in"
    assert answer.status in (401, 403), answer
    if person in ("alice", "bob"):
        return "out"
    return f"out {answer.status}"


def on_files(conf, path, lines):
    """The place is a directory, too: rewriting needs one."""
    return conf.section("Directory", f"ROOT/htdocs{path}", *lines)


@pytest.fixture(scope="module", params=["last", "first"])
def site(request, serve, base, tokens):
    """Both kinds of places of every neighbour; ours is the last or the first
    LoadModule."""
    modules = [name for name in ALL_MODULES if env.has(name)]
    conf = base("DBDriver sqlite3", 'DBDParams "ROOT/people.db"') \
        if "dbd" in modules else base()
    if "lua" in modules:
        conf.add("LuaAuthzProvider in-team ROOT/hooks.lua in_team")
    conf.place("std")
    for name, (needs, lines) in NEIGHBOURS.items():
        if not set(needs) <= set(modules):
            continue
        conf.location(f"/basic/{name}", *BASIC, *lines)
        for source, more in SOURCES.items():
            conf.location(f"/{source}/{name}", "AuthType Bearer", *more, *lines)
    conf.add("AliasMatch ^/(?:basic|header|off|cookie|own|own-off)/"
             "(?!svn)[^/]+/x.txt$ ROOT/htdocs/ok.txt")
    server = serve(conf, start=False, modules=modules,
                   first=request.param == "first")
    write_people(server)
    server.write("hooks.lua", LUA)
    if "authz_svn" in modules:
        make_repository(server)
    server.errorlog.allow_always(
        r"AH0163[01]|AH01629|MAB0410|AH0161[478]|AH01660|AH01797|AH00027|AH00028|"
        r"AH0166[0-9]|authz_svn:|dav:|AH0165[0-9]|authz_dbd|authz_groupfile")
    return server.fill().start().warm("/p/std", tokens.token())


def within(site, kind, name, headers):
    """Addresses in headers are of the same place."""
    return [(k, v.replace("PORT", str(site.port)).replace(
        "KIND/svn", f"{kind}/{name}")) for k, v in headers]


def anybody(site, name, target, headers, request):
    return site.get(f"/basic/{name}{target}",
                    headers=within(site, "basic", name, headers),
                    **request).status < 400


def compare(site, tokens, source, name, target="/x.txt", headers=(), **request):
    """What each of the people gets here, after the same was seen there."""
    if not set(NEIGHBOURS[name][0]) <= set(site.modules):
        pytest.skip("needs mod_" + ", mod_".join(NEIGHBOURS[name][0]))
    found = {}
    for person in PEOPLE:
        there, here = (
            site.get(f"/{kind}/{name}{target}", headers=[
                *credentials(kind, person, tokens), *within(site, kind, name,
                                                            headers)],
                     **request)
            for kind in ("basic", source))
        found[person] = outcome(here, person)
        # what is open to everybody by "Satisfy Any" needs no name; to
        # mod_authz_svn only Authorization says that somebody has one
        if name == "svn-any" and source not in ("header", "off") \
                and found[person] == "in" and anybody(site, name, target,
                                                      headers, request):
            continue
        assert (person, found[person]) == (person, outcome(there, person)), \
            f"{there}\n{here}"
        if here.status == 401:
            assert here.header("WWW-Authenticate").startswith("Bearer")
        if here.status == 200 and person in ("alice", "bob") \
                and there.header("X-User"):
            assert here.header("X-User") == person
    return found


def modules_of(prefix):
    return [name for name in NEIGHBOURS if name.startswith(prefix)]


# --- mod_authz_svn ---

PUT = {"method": "PUT", "body": b"changed\n"}
ASKED = {
    "read": ("/x.txt", {}),
    "read-secret": ("/secret/x.txt", {}),
    "read-open": ("/open/x.txt", {}),
    "list": ("/", {"method": "PROPFIND", "headers": [("Depth", "1")]}),
    "list-secret": ("/secret/", {"method": "PROPFIND",
                                 "headers": [("Depth", "1")]}),
    "commit": ("/new.txt", PUT),
    "commit-secret": ("/secret/new.txt", PUT),
    "commit-open": ("/open/new.txt", PUT),
    "copy-secret": ("/x.txt", {"method": "COPY", "headers": [
        ("Destination", "http://127.0.0.1:PORT/KIND/svn/secret/copy.txt")]}),
    "copy-from-secret": ("/secret/x.txt", {"method": "COPY", "headers": [
        ("Destination", "http://127.0.0.1:PORT/KIND/svn/copy.txt")]}),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("source", ["header", "off", "cookie", "own-off"])
@pytest.mark.parametrize("name", modules_of("svn"))
def test_subversion_s_access_file_is_asked(site, tokens, name, source, asked):
    target, request = ASKED[asked]
    found = compare(site, tokens, source, name, target, **request)
    # that it decides at all, and is not only the same as a place that does not
    if name not in ("svn-modest",):
        if asked in ("read-secret", "commit-secret", "list-secret",
                     "copy-from-secret", "copy-secret"):
            assert found["alice"] == "out"
        if asked in ("read-secret", "commit-secret", "list-secret"):
            assert (found["alice"], found["bob"]) == ("out", "in")
        if asked == "commit":
            assert (found["alice"], found["bob"]) == ("in", "out")
        if asked == "read":
            assert (found["alice"], found["bob"]) == ("in", "in")


# --- the other neighbours ---

@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("source", sorted(SOURCES))
@pytest.mark.parametrize("name", modules_of("lua"))
def test_hooks_in_lua_are_run_and_their_denial_holds(site, tokens, name, source,
                                                     marked):
    found = compare(site, tokens, source, name,
                    headers=[("X-Marked", "1")] * marked)
    if name.startswith("lua-auth"):
        assert (found["alice"], found["bob"]) == ("in", "out")
        assert found["nobody"] == "out 401"
    if name in ("lua-access", "lua-access-late"):
        assert found["alice"] == ("out" if marked else "in")
    if name == "lua-access-any":
        assert found["nobody"] == ("in" if marked else "out 401")


@pytest.mark.parametrize("source", sorted(SOURCES))
@pytest.mark.parametrize("name", [n for n in NEIGHBOURS if not n.startswith(
    ("svn", "lua"))])
def test_providers_of_other_modules_say_the_same(site, tokens, name, source):
    compare(site, tokens, source, name)


# --- reports of mod_dav_svn, which ask for each path by a sub-request ---

UPDATE = """<?xml version="1.0" encoding="utf-8"?>
<S:update-report xmlns:S="svn:" send-all="true">
<S:src-path>{place}</S:src-path><S:target-revision>1</S:target-revision>
<S:depth>infinity</S:depth><S:entry rev="0" start-empty="true"></S:entry>
</S:update-report>"""
LOG = """<?xml version="1.0" encoding="utf-8"?>
<S:log-report xmlns:S="svn:"><S:start-revision>1</S:start-revision>
<S:end-revision>0</S:end-revision><S:discover-changed-paths/><S:path></S:path>
</S:log-report>"""
PATHS = {"update": ("/!svn/me", UPDATE), "log": ("/!svn/rvr/1", LOG)}


def report(site, tokens, kind, name, what, person="alice"):
    target, body = PATHS[what]
    place = f"/{kind}/{name}"
    return site.get(place + target, method="REPORT", body=body.format(
        place=place).encode(), headers=[
            ("Content-Type", "text/xml"),
            *credentials(kind, person, tokens)])


@pytest.mark.parametrize("what", sorted(PATHS))
@pytest.mark.parametrize("source", sorted(SOURCES))
@pytest.mark.parametrize("name", ["svn-strict", "svn-usual"])
def test_reports_of_subversion_are_the_same(site, tokens, name, source, what):
    if "authz_svn" not in site.modules:
        pytest.skip("needs mod_authz_svn")
    for person in PEOPLE:
        there = report(site, tokens, "basic", name, what, person)
        here = report(site, tokens, source, name, what, person)
        assert (person, outcome(here, person)) == \
            (person, outcome(there, person)), f"{there}\n{here}"
        if there.status == 200:
            # what mod_dav_svn keeps in a hash comes in any order
            assert sorted(here.text().replace(f"/{source}/", "/basic/")
                          .splitlines()) == sorted(there.text().splitlines())
    # what nobody may read is not in it, what everybody may is
    text = report(site, tokens, source, name, what, "alice").text()
    assert "x.txt" in text
    if what == "update":
        assert 'name="secret"' not in text or "absent-directory" in text


# --- what neighbours see in their hooks does not depend on LoadModule ---

@pytest.fixture(scope="module", params=["last", "first"])
def looked_at(request, serve, base, tokens):
    claims = ["AuthBearerClaim suspended env:SUSPENDED",
              "AuthBearerClaim suspended header:X-Suspended"]
    conf = base(*claims).place("std")
    place = ["AuthType Bearer", VALID]
    for name, lines in {
            "env": ["RewriteEngine On",
                    'RewriteCond "%{ENV:SUSPENDED}" "yes"',
                    "RewriteRule . - [F]"],
            "env-not": ["RewriteEngine On",
                        'RewriteCond "%{ENV:SUSPENDED}" "!no"',
                        "RewriteRule . - [F]"],
            "header": ["RewriteEngine On",
                       'RewriteCond "%{HTTP:X-Suspended}" "yes"',
                       "RewriteRule . - [F]"],
            "user": ["RewriteEngine On",
                     'RewriteCond "%{REMOTE_USER}" "bob"',
                     "RewriteRule . - [F]"],
            "expr": ["RewriteEngine On",
                     "RewriteCond expr \"reqenv('SUSPENDED') == 'yes'\"",
                     "RewriteRule . - [F]"],
            "lua": ["LuaHookFixups ROOT/hooks.lua tell"],
            "request-header": [
                'RequestHeader set X-Copy "%{SUSPENDED}e"',
                'Header set Seen-Env "expr=%{req:X-Copy}"']}.items():
        on_files(conf, "/d/" + name, place + lines)
    server = serve(conf, start=False, modules=["lua"],
                   first=request.param == "first")
    server.write("hooks.lua", LUA)
    for name in ("env", "env-not", "header", "user", "expr", "lua",
                 "request-header"):
        server.write(f"htdocs/d/{name}/x.txt", "content\n")
    server.errorlog.allow_always(r"AH0163[01]|AH01629")
    return server.fill().start().warm("/p/std", tokens.token())


@pytest.mark.parametrize("name", ["env", "env-not", "header", "user", "expr"])
def test_rewriting_in_a_directory_sees_the_claims(looked_at, tokens, name):
    target = f"/d/{name}/x.txt"
    assert looked_at.get(target, tokens.token(
        suspended="yes", sub="bob")).status == 403
    assert looked_at.get(target, tokens.token(suspended="no")).status == 200
    assert looked_at.get(target).status == 401


@pytest.mark.parametrize("value", ["yes", "no"])
def test_fixups_of_other_modules_see_the_claims(looked_at, tokens, value):
    forged = [("X-Suspended", "maybe")]
    for name in ("lua", "request-header"):
        answer = looked_at.get(f"/d/{name}/x.txt",
                               tokens.token(suspended=value), headers=forged)
        assert answer.header("Seen-Env") == value
        if name == "lua":
            assert answer.header("Seen-Header") == value


# --- how often others are asked ------------------------------------------------

COUNTER = """function authz(r, ...)
  local file = io.open("ROOT/tmp/calls", "a")
  file:write(tostring(r.user), "\\n")
  file:close()
  if r.user == nil then return apache2.AUTHZ_DENIED_NO_USER end
  return apache2.AUTHZ_GRANTED
end
"""


@pytest.mark.parametrize("first", [True, False])
def test_a_provider_is_asked_as_often_as_beside_basic(serve_once, base, tokens,
                                                      first):
    users = "alice:" + subprocess.run(
        ["openssl", "passwd", "-apr1", "secret"], check=True, text=True,
        capture_output=True).stdout
    conf = base("LuaAuthzProvider counted ROOT/count.lua authz").place("std")
    conf.location("/p/bearer", "AuthType Bearer", "Require counted")
    conf.location("/p/basic", "AuthType Basic", "AuthName x",
                  "AuthBasicProvider file", "AuthUserFile ROOT/users",
                  "Require counted")
    server = serve_once(conf, start=False, first=first,
                        modules=["lua", "auth_basic", "authn_file"]).fill()
    server.write("count.lua", COUNTER.replace("ROOT", str(server.root)))
    server.write("users", users)
    server.errorlog.allow_always("AH0163[01]|AH01629|AH01617")
    server.start().warm("/p/std", tokens.token())
    calls = server.root / "tmp/calls"

    def asked(target, value):
        if calls.exists():
            calls.unlink()
        server.get(target, headers=[("Authorization", value)] if value else ())
        return calls.read_text().split() if calls.exists() else []

    basic = "Basic " + base64.b64encode(b"alice:secret").decode()
    good = "Bearer " + mint.note(tokens.token())
    assert asked("/p/bearer", None) == asked("/p/basic", None) == ["nil"]
    assert asked("/p/bearer", good) == asked("/p/basic", basic) \
        == ["nil", "alice"]
