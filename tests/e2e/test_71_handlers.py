# SPDX-License-Identifier: Apache-2.0
"""Programs inside httpd: what a handler like mod_php's sees."""
from pathlib import Path

import pytest

from testenv import env

HANDLER = """
function handle(r)
    r.content_type = "text/plain"
    r:puts("USER=" .. tostring(r.user) .. "\\n")
    r:puts("TYPE=" .. tostring(r.ap_auth_type) .. "\\n")
    r:puts("EMAIL=" .. tostring(r.subprocess_env["USER_EMAIL"]) .. "\\n")
    r:puts("ALL=" .. tostring(r.subprocess_env["CLAIMS"]) .. "\\n")
    return apache2.OK
end
"""


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    if not (Path(env.query("LIBEXECDIR")) / "mod_lua.so").exists():
        pytest.skip("httpd has no mod_lua here")
    conf = base(f"LoadModule lua_module {env.query('LIBEXECDIR')}/mod_lua.so")
    conf.place("lua", "AuthBearerClaim email env:USER_EMAIL",
               "AuthBearerClaim * env:CLAIMS", "SetHandler none")
    conf.section("LocationMatch", "^/p/lua", "LuaMapHandler . ROOT/handler.lua handle")
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root)))
    server.write("handler.lua", HANDLER)
    return server.start().warm("/p/lua", tokens.token())


def test_a_handler_inside_httpd_sees_the_user_and_claims(site, tokens):
    seen = dict(line.split("=", 1) for line in site.get(
        "/p/lua", tokens.token(email="a@example.org")).text().splitlines())
    assert seen["USER"] == "alice"
    assert seen["TYPE"] == "Bearer"
    assert seen["EMAIL"] == "a@example.org"
    assert '"sub":"alice"' in seen["ALL"]
    assert site.get("/p/lua").status == 401
