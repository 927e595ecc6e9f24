# SPDX-License-Identifier: Apache-2.0
"""Ways around: other modules, other requests and other lines of the
configuration, each of which once let something by."""
import json
import re

import pytest

from testenv import env, mint
from testenv.conf import Conf
from test_70_behind import BackEnd, received
from test_70_behind import backend  # noqa: F401  (a fixture)

APP = "https://app.example"


def modules(*names):
    folder = env.query("LIBEXECDIR")
    return [f"LoadModule {n}_module {folder}/mod_{n}.so" for n in names
            if n not in env.static_modules()]


@pytest.fixture(scope="module")
def site(serve, base, tokens, backend):  # noqa: F811
    proxy = f"ProxyPass http://127.0.0.1:{backend.port}/"
    conf = base("AuthBearerUser sub",
                *modules("cache", "cache_disk", "include"))
    for name, lines in {
            "request": ('RequestHeader set X-Name "expr=%{claim:name}"',),
            "answer": ('Header set X-Name "expr=[%{claim:name}]"',)}.items():
        conf.location(f"/b/{name}", "AuthType Bearer", *lines,
                      "Require valid-user", proxy)
    conf.location("/b/claims", "AuthType Bearer", "Require valid-user",
                  "AuthBearerClaim sub header:X-Sub", proxy)
    conf.location("/b/claims/inner", "AuthBearerClaim role header:X-Role")
    conf.location("/b/claims/none", "AuthBearerClaim none")
    conf.location("/b/part", "AuthBearerClaim sub header:X-Part", proxy)
    conf.section("Files", "*.shtml", "Options +Includes",
                 "SetOutputFilter INCLUDES")
    for name in ("std", "off"):
        conf.section("Proxy", f'"http://*/{name}"', "AuthType Bearer",
                     f"AuthBearerForward {'Off' if name == 'off' else 'On'}",
                     "Require valid-user")
    conf.add("ProxyRequests On")
    conf.place("user", 'AuthBearerUser "expr=id-%{claim:name}"')
    # cached answers
    for name, lines in {
            "header": (), "off": ("AuthBearerForward Off",),
            "cookie": ("AuthBearerSource cookie:tok",),
            "own": ("AuthBearerSource header:X-Token",)}.items():
        conf.place(f"cached-{name}", "Header set Cache-Control max-age=60",
                   *lines)
    conf.add("CacheRoot ROOT/tmp", "CacheEnable disk /p/cached-",
             "CacheDefaultExpire 3600", "CacheIgnoreNoLastMod On",
             "CacheHeader On")
    for name, sign in (("user", "==  'alice'"), ("not-user", "!= 'bob'")):
        conf.place(f"{name}-expr",
                   require=f'Require expr "%{{REMOTE_USER}} {sign}"')
    # requests that move on
    conf.add("DirectoryIndex index.txt")
    conf.section("Directory", "ROOT/htdocs", "AllowOverride AuthConfig")
    conf.section("Directory", "ROOT/htdocs/dir", "AuthType Bearer",
                 f"AuthBearerCrossOrigin {APP}",
                 'Header set X-Claim "expr=%{claim:sub}"',
                 "Require valid-user",
                 '<Files "index.txt">\nAuthBearerClaim sub env:SUB\n</Files>')
    conf.section("Directory", "ROOT/htdocs/same", "AllowOverride None",
                 "AuthType Bearer",
                 f"AuthBearerCrossOrigin {APP}",
                 'Header set X-Claim "expr=%{claim:sub}"',
                 "Require valid-user")
    conf.section("Directory", "ROOT/htdocs/query",
                 '<Files "index.txt">', "AuthType Bearer",
                 "AuthBearerSource query", "Require valid-user", "</Files>")
    conf.section("Directory", "ROOT/htdocs/hop", "RewriteEngine On",
                 'RewriteRule "^(.+)$" "/p/$1"')
    conf.place("query", "AuthBearerSource query")
    conf.place("cookie", "AuthBearerSource cookie:tok")
    conf.location("/hop/optional", "AuthType Bearer", "Require all granted")
    conf.location("/hop/silent", "AuthType Bearer", "Require all granted")
    conf.place("optional", "AuthBearerOptional On",
               require="Require all granted")
    conf.place("silent", "AuthBearerErrors detail=Off")
    conf.place("asks", require="Require expr \"claim('role') != 'banned' "
               "&& -U '/p/granted'\"")
    conf.place("granted", require="Require all granted")
    # .htaccess
    conf.section("Directory", "ROOT/htdocs/lax",
                 "AuthBearerCheck leeway=600s type=any")
    conf.section("Directory", "ROOT/htdocs/outer/inner",
                 "AuthBearerErrors json")
    for host, lines in (("usual", ()), ("strict", (
            "AuthBearerCheck type=at+jwt leeway=0s require=jti",))):
        conf.section("VirtualHost", "127.0.0.1:PORT", f"ServerName {host}",
                     *lines)
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root))
                 .replace("127.0.0.1:PORT", f"127.0.0.1:{server.port}"))
    for name in ("dir", "same", "query", "hop"):
        server.write(f"htdocs/{name}/index.txt", "index\n")
    server.write("htdocs/page.shtml", '<!--#include virtual="/b/part" -->')
    for name, lines in {
            "lax": "", "outer": "AuthBearerCheck type=jwt leeway=30s"}.items():
        server.write(f"htdocs/{name}/ok.txt", "ok\n")
        server.write(f"htdocs/{name}/inner/ok.txt", "ok\n")
        server.write(f"htdocs/{name}/.htaccess",
                     f"AuthType Bearer\nRequire valid-user\n{lines}\n")
    server.errorlog.allow_always("AH01630|AH01631|AH01629|MAB0410")
    return server.start().warm("/p/silent", tokens.token())


# --- what a back end gets ---

@pytest.mark.parametrize("name", ["a\r\nX-Admin: 1", "a\nb", "a\x7f"])
def test_a_claim_in_an_expression_ends_no_header(site, tokens, name):
    token = tokens.token(name=name)
    _, headers = received(site.get("/b/request", token))
    assert "x-admin" not in dict(headers)
    assert dict(headers).get("x-name", "") == ""
    assert site.accepted("/b/answer", token).header("X-Name") == "[]"
    assert site.accepted("/b/answer", tokens.token(name="\xe4 b")) \
        .header("X-Name") == "[\xc3\xa4 b]"


def test_a_claim_in_an_expression_ends_no_user(site, tokens):
    site.refused("/p/user", tokens.token(name="a\nb"), "subject_missing")
    site.accepted("/p/user", tokens.token(name="a"), "id-a")


@pytest.mark.parametrize("place", ["claims", "claims/inner", "claims/none"])
def test_what_an_outer_place_exports_is_not_forged_inside(site, tokens, place):
    token = tokens.token(role="r")
    _, headers = received(site.get(f"/b/{place}", token, headers=[
        ("X-Sub", "root"), ("X_Sub", "root"), ("X-Role", "admin")]))
    assert [v for k, v in headers if k.replace("_", "-") == "x-sub"] == \
        (["alice"] if place == "claims" else [])
    if place == "claims/inner":
        assert dict(headers)["x-role"] == "r"


def test_a_part_of_a_page_is_not_forged(site):
    # a sub-request: the hook that removes headers is not run for it
    body = site.get("/page.shtml", headers=[("X-Part", "root")]).body
    assert json.loads(body)["path"] == "/"
    assert b"root" not in body


# --- a forward proxy ---

def test_a_forward_proxy_asks_for_a_token(site, backend):  # noqa: F811
    answer = site.get(f"http://127.0.0.1:{backend.port}/std")
    assert answer.status == 407
    assert answer.header("Proxy-Authenticate") == 'Bearer realm="usual"'
    assert answer.header("WWW-Authenticate") is None
    assert answer.json()["status"] == 407


@pytest.mark.parametrize("name", ["std", "off"])
def test_a_forward_proxy_leaves_the_rest_alone(site, tokens, name,
                                               backend):  # noqa: F811
    token = mint.note(tokens.token())
    answer = site.get(f"http://127.0.0.1:{backend.port}/{name}", headers=[
        ("Proxy-Authorization", "Bearer " + token),
        ("Authorization", "Basic abc")])
    _, headers = received(answer)
    assert dict(headers)["authorization"] == "Basic abc"
    assert "proxy-authorization" not in dict(headers)


# --- caches ---

@pytest.mark.parametrize("name", ["header", "off", "cookie", "own"])
def test_a_cache_gives_no_stranger_an_answer(site, tokens, name):
    target, token = f"/p/cached-{name}", mint.note(tokens.token())
    headers = {"cookie": [("Cookie", "tok=" + token)],
               "own": [("X-Token", token)]}.get(
                   name, [("Authorization", "Bearer " + token)])
    for _ in range(2):
        answer = site.get(target, headers=headers)
        assert answer.status == 200
    assert site.get(target).status == 401


# --- requests that move on ---

@pytest.mark.parametrize("name", ["dir", "same"])
def test_the_index_of_a_directory(site, tokens, name):
    answer = site.get(f"/{name}/", tokens.token(), headers=[("Origin", APP)])
    assert answer.body == b"index\n"
    assert answer.header("Access-Control-Allow-Origin") == APP
    assert answer.header("X-Claim") == "alice"


@pytest.mark.parametrize("target", ["/query/", "/hop/query"])
def test_a_token_in_the_query_of_a_request_that_moves_on(site, tokens, target):
    # the tripwires look for it in the access log
    token = mint.note(tokens.token())
    assert site.get(f"{target}?access_token={token}").status == 200


def test_each_place_has_its_own_manners(site, tokens):
    assert site.get("/hop/optional").status == 200
    assert site.get("/hop/optional", "x.y.z").status == 401
    answer = site.get("/hop/silent", tokens.token(exp=1))
    assert answer.challenge()["error_description"] == \
        "the token is not accepted"


def test_what_one_place_looks_at_another_does_not_forget(site, tokens):
    # -U asks by a sub-request, in the midst of the other place's checks
    assert site.get("/p/asks").status == 401
    assert site.get("/p/asks", "x.y.z").status == 401
    site.accepted("/p/asks", tokens.token())
    assert site.get("/p/asks", tokens.token(role="banned")).status == 403


# --- browsers ---

@pytest.mark.parametrize("method, status", [
    ("VERSION-CONTROL", 204), ("P UT", 401), ("A" * 32, 401), ("", 401)])
def test_methods_of_preflights(site, method, status):
    answer = site.get("/dir/index.txt", method="OPTIONS", headers=[
        ("Origin", APP), ("Access-Control-Request-Method", method)])
    assert answer.status == status
    assert answer.header("Access-Control-Allow-Methods") == \
        (method if status == 204 else None)


# --- users ---

@pytest.mark.parametrize("name", ["user", "not-user"])
def test_a_denial_by_the_name_of_the_user(site, tokens, name):
    target = f"/p/{name}-expr"
    assert site.get(target, "x.y.z").status == (401 if name == "user" else 200)
    site.accepted(target, tokens.token())
    answer = site.get(target, tokens.token(sub="bob"))
    assert answer.status == 403
    assert answer.challenge()["error"] == "insufficient_scope"
    assert answer.json()["status"] == 403
    assert site.errorlog.refusals().count("insufficient_scope") == 1


# --- long lists ---

LONG = 8_000


@pytest.mark.parametrize("where", ["query", "cookie", "connection"])
def test_a_long_list_takes_no_more_memory_than_its_length(site, tokens, where):
    token = mint.note(tokens.token())
    target, headers = {
        "query": ("/p/query?access_token=x&" + "a&" * LONG, []),
        "cookie": ("/p/cookie", [("Cookie", f"tok={token}; " + "a;" * LONG)]),
        "connection": ("/b/claims", [
            ("Authorization", "Bearer " + token),
            ("Connection", "a," * LONG)])}[where]
    before = site.highest_memory()
    answer = site.get(target, headers=headers)
    assert answer.status == (401 if where == "query" else 200)
    after = site.highest_memory()
    grown = max(after[pid] - before.get(pid, after[pid]) for pid in after)
    assert grown < 32 * 1024  # copied with each word: 96 MiB and more


# --- .htaccess ---

def test_a_htaccess_file_leaves_the_rest_alone(site, tokens):
    now = tokens.claims()["iat"]
    site.accepted("/lax/ok.txt", tokens.token(exp=now - 100))
    site.accepted("/lax/ok.txt", tokens.token(header={"typ": "other+jwt"}))


def test_a_htaccess_file_never_loosens(site, tokens):
    now = tokens.claims()["iat"]
    for target in ("/outer/ok.txt", "/outer/inner/ok.txt"):
        for host, status in (("usual", 200), ("strict", 401)):
            for token in (tokens.token(exp=now - 10, jti="1"),
                          tokens.token(),
                          tokens.token(header={"typ": "JWT"}, jti="1")):
                assert site.get(target, token, host=host).status == status
        assert site.get(target, tokens.token(jti="1"),
                        host="strict").status == 200


@pytest.fixture
def namesakes(serve_once, tokens, tmp_path):
    """A server whose sections define one issuer each in their own way, and a mint
    for each."""
    iss, mints, conf = "https://i.example", {}, Conf()
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    files = {name: tmp_path / f"{name}.json" for name in ("first", "own", "all")}
    for name, file in files.items():
        file.write_text(json.dumps({"keys": [mint.key("P-256", name).public()]}))
        file.chmod(0o644)
        mints[name] = mint.Mint(iss, mint.key("P-256", name), "strict" if name == "own"
                                else mint.AUDIENCE)
    conf.add(f"AuthBearerAudience {mint.AUDIENCE}")
    conf.section("Directory", "ROOT/htdocs", "AllowOverride AuthConfig")
    for name, lines in {
            "first": f"{iss} keys=file:{files['first']}",
            "own": f"{iss} keys=file:{files['own']} audience=strict",
            "other": f"https://o.example keys=file:{files['first']}"}.items():
        conf.section("Directory", f"ROOT/htdocs/{name}", f"AuthBearerIssuer {lines}")
    for name in ("first", "own", "other", "bare"):
        conf.section("Directory", f"ROOT/htdocs/{name}", "AuthType Bearer",
                     "Require valid-user")
    conf.section("VirtualHost", "127.0.0.1:PORT", "ServerName usual")
    conf.section("VirtualHost", "127.0.0.1:PORT", "ServerName all",
                 f"AuthBearerIssuer {iss} keys=file:{files['all']}")
    server = serve_once(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root))
                 .replace("127.0.0.1:PORT", f"127.0.0.1:{server.port}"))
    for name in ("first", "own", "other", "bare", "own/inner"):
        server.write(f"htdocs/{name}/ok.txt", "ok\n")
        server.write(f"htdocs/{name}/.htaccess", f"AuthBearerIssuer {iss}\n")
    return server.start(), mints


def test_a_htaccess_file_names_the_issuer_around_it(namesakes):
    server, mints = namesakes
    for target in ("/own/ok.txt", "/own/inner/ok.txt"):
        assert server.get(target, mints["own"].token(), host="usual").status == 200
        # other keys, and a lost audience=
        for token in (mints["first"].token(), mints["own"].token(aud=mint.AUDIENCE),
                      mints["first"].token(aud="strict")):
            assert server.get(target, token, host="usual").status == 401
    assert server.get("/first/ok.txt", mints["first"].token(), host="usual").status == 200
    # what stands outside of all sections is around it, too
    assert server.get("/bare/ok.txt", mints["all"].token(), host="all").status == 200
    for name in ("first", "own"):
        assert server.get("/bare/ok.txt", mints[name].token(), host="all").status == 401


@pytest.mark.parametrize("place", ["other", "bare"])
def test_a_htaccess_file_names_no_one_of_several_issuers(namesakes, place):
    server, mints = namesakes
    server.errorlog.expect("MAB0401: policy_unclear: .*https://i.example")
    for name in mints:
        assert server.get(f"/{place}/ok.txt", mints[name].token(),
                          host="usual").status == 500


# --- without mod_authn_core ---

def test_a_server_that_cannot_tell_the_type_does_not_start(serve_once, base):
    server = serve_once(base().place("p"), start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", "\n".join(
        line for line in text.splitlines() if "mod_authn_core" not in line))
    status, said = server.check_syntax()
    assert status != 0
    assert "mod_authn_core" in said
