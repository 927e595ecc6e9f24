# SPDX-License-Identifier: Apache-2.0
"""Answers are whole, no longer than they need be, and say what their place says,
whoever decides; those of servers without places of ours are as they were."""
import time

import pytest

from testenv.conf import Conf


# --- caches --------------------------------------------------------------------

@pytest.mark.parametrize("quick", ["On", "Off"])
def test_a_stale_answer_for_nobody_becomes_a_whole_one(serve_once, base, tokens,
                                                       quick):
    """mod_cache asks anew with conditions of its own, which the client that gets
    the answer did not have."""
    lines = {"optional": ["AuthBearerOptional On", "Require all granted"],
             "local": ["Require local", "Require valid-user"],
             "off": ["AuthBearerForward Off", "AuthBearerOptional On",
                     "Require all granted"],
             "none": ["Require all granted"]}
    conf = base("CacheRoot ROOT/tmp", f"CacheQuickHandler {quick}",
                "CacheHeader On", "CacheEnable disk /c", "CacheMinExpire 1",
                "CacheDefaultExpire 1", "CacheMaxExpire 1",
                "CacheLastModifiedFactor 0.0").place("std")
    for name, more in lines.items():
        source = [] if name == "none" else [
            "AuthType Bearer", "AuthBearerSource cookie:token header"]
        conf.location(f"/c/{name}", *source, *more)
    server = serve_once(conf, start=False, modules=["cache", "cache_disk"]).fill()
    for name in lines:
        server.write(f"htdocs/c/{name}/f.txt", f"content of {name}\n")
    server.errorlog.allow_always("AH0163[01]|AH01629|MAB010[56]|MAB0410")
    token = tokens.token()
    server.start().warm("/p/std", token)
    for name in lines:  # nobody's answer is kept
        assert any(server.get(f"/c/{name}/f.txt").header("X-Cache")
                   .startswith("HIT") for _ in range(50)), name
    time.sleep(2.1)  # until it is stale
    for name in lines:
        headers = [("Authorization", f"Bearer {token}")] if name == "off" else [
            ("Cookie", f"token={token}")]
        for _ in range(2):
            answer = server.get(f"/c/{name}/f.txt", headers=headers)
            assert answer.status == 200, (name, answer)
            assert answer.text() == f"content of {name}\n"
        # nobody's is as good as before, and not the user's
        assert server.get(f"/c/{name}/f.txt").text() == f"content of {name}\n"


def test_pages_of_a_server_without_places_are_as_they_were(serve_once):
    conf = Conf().section("Directory", "ROOT/htdocs", "Options +Includes",
                          "SetOutputFilter INCLUDES",
                          "Header set Cache-Control max-age=600")
    server = serve_once(conf, start=False, modules=["include"]).fill()
    server.write("htdocs/page.html", '<!--#include virtual="/part.html" -->')
    server.write("htdocs/part.html", "part")
    server.start()
    for headers in ([], [("Authorization", "Bearer x.y.z")],
                    [("Authorization", "Basic Ym9iOng=")], [("Cookie", "t=1")]):
        answer = server.get("/page.html", headers=headers)
        assert answer.text() == "part"
        assert answer.header("Cache-Control") == "max-age=600", headers


# --- many lines ------------------------------------------------------------------

@pytest.fixture(scope="module")
def wide(serve, base, tokens):
    conf = base().place("std")
    for name, kind in (("any", "RequireAny"), ("all", "RequireAll")):
        conf.location(f"/p/{name}", "AuthType Bearer", f"<{kind}>", *[
            f"Require scope scope-number-{n}" for n in range(2000)],
            f"</{kind}>")
    conf.location("/p/line", "AuthType Bearer", "Require scope " + " ".join(
        f"scope-number-{n}" for n in range(400)))
    server = serve(conf)
    server.errorlog.allow_always("AH0163[01]|AH01629")
    return server.warm("/p/std", tokens.token())


@pytest.mark.parametrize("name", ["any", "all", "line"])
def test_a_challenge_has_an_end(wide, tokens, name):
    for token in (None, tokens.token(scope="other")):
        answer = wide.get(f"/p/{name}", token)
        assert answer.status == (403 if token else 401)
        assert len(answer.header("WWW-Authenticate")) < 4096
        if token:
            asked = answer.challenge()["scope"].split()
            assert asked == [f"scope-number-{n}" for n in range(len(asked))]
    if name == "any":  # lines that are not asked for count as before
        assert wide.get("/p/any", tokens.token(
            scope="scope-number-1999")).status == 200


def test_many_lines_take_little_memory(wide, tokens):
    token = tokens.token(scope="other")
    for _ in range(20):
        wide.get("/p/std", tokens.token())
    before = max(wide.highest_memory().values())
    for number in range(50):
        wide.get("/p/any", token if number % 2 else None)
    assert max(wide.highest_memory().values()) < before + 8 * 1024  # KiB


# --- who answers before us ---------------------------------------------------------

APP, EVIL = "https://app.example", "https://evil.example"
SAYS = """#!/bin/sh
printf 'Access-Control-Allow-Origin: https://evil.example\\r\\n'
printf 'Access-Control-Allow-Credentials: true\\r\\n'
printf 'Content-Type: text/plain\\r\\n\\r\\nbody\\n'
"""
#: place -> its lines, and the status without and with a good token
DECIDE = {
    "any-allow": (["Satisfy Any", "Order allow,deny", "Allow from all"],
                  200, 200),
    "any-deny": (["Satisfy Any", "Order deny,allow", "Deny from all"],
                 401, 200),
    "deny": (["Order deny,allow", "Deny from all"], 403, 403),
    "methods": (["AllowMethods POST"], 405, 405),
    "any-methods": (["Satisfy Any", "AllowMethods POST"], 401, 200),
    "lua": (["LuaHookAccessChecker ROOT/deny.lua deny"], 403, 403),
}


@pytest.fixture(scope="module")
def decided(serve, base, tokens):
    conf = base().place("std")
    for name, (lines, *_) in DECIDE.items():
        conf.add(f"ScriptAlias /o/{name} ROOT/cgi/says")
        conf.location(f"/o/{name}", "AuthType Bearer", "Require valid-user",
                      f"AuthBearerCrossOrigin {APP}", *lines)
    server = serve(conf, start=False,
                   modules=["access_compat", "allowmethods", "lua"]).fill()
    server.write("cgi/says", SAYS, 0o755)
    server.write("deny.lua", "function deny(r)\nreturn 403\nend\n")
    server.errorlog.allow_always("AH0163[01]|AH01629|AH01797|AH01623|MAB010[56]|MAB0410")
    return server.start().warm("/p/std", tokens.token())


@pytest.mark.parametrize("good", [False, True])
@pytest.mark.parametrize("name", DECIDE)
def test_a_page_of_another_origin_is_told_whoever_decides(decided, tokens, name,
                                                          good):
    token = tokens.token() if good else None
    for origin in (APP, EVIL, None):
        answer = decided.get(f"/o/{name}", token, headers=[
            ("Origin", origin)] if origin else [])
        assert answer.status == DECIDE[name][1 + good], answer
        assert answer.header("Access-Control-Allow-Origin") == (
            APP if origin == APP else None), answer
        assert answer.header("Access-Control-Allow-Credentials") is None


# --- a cache that is told to keep private answers ---------------------------------

@pytest.mark.parametrize("quick", ["On", "Off"])
def test_no_cache_keeps_what_a_token_was_answered(serve_once, base, tokens, quick):
    """Beside AuthType Basic mod_cache keeps nothing for others either."""
    conf = base("AuthBearerClaim sub env:SUB", "CacheEnable disk /c",
                "CacheRoot ROOT/tmp", "CacheStorePrivate On",
                "CacheIgnoreNoLastMod On", f"CacheQuickHandler {quick}",
                "ScriptAliasMatch ^/c/ ROOT/cgi/who").place("std")
    ways = {"cookie": ("AuthBearerSource cookie:tok", "Cookie", "tok={}"),
            "own": ("AuthBearerSource header:X-Token", "X-Token", "{}"),
            "off": ("AuthBearerForward Off", "Authorization", "Bearer {}")}
    for name, (line, _, _) in ways.items():
        conf.location(f"/c/{name}", "AuthType Bearer", line, "Require valid-user")
    server = serve_once(conf, start=False, modules=["cache", "cache_disk"]).fill()
    server.write("cgi/who", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n"
                 "Cache-Control: max-age=60\\n\\n'\necho \"sub=$SUB\"\n", 0o755)
    server.errorlog.allow_always("AH0163[01]|AH01629")
    server.start().warm("/p/std", tokens.token())
    for name, (_, field, form) in ways.items():
        for who in ("alice", "bob", "alice"):
            token = tokens.token(sub=who)
            answer = server.get(f"/c/{name}", headers=[(field, form.format(token))])
            assert (answer.status, answer.text()) == (200, f"sub={who}\n"), name
        assert server.get(f"/c/{name}").status == 401
