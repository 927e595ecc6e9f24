# SPDX-License-Identifier: Apache-2.0
"""What programs and servers behind httpd see, and .htaccess."""
import json

import time

import pytest

from testenv import mint
from testenv.behind import BackEnd
from testenv.mint import key


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


def cgi(conf, name, *lines, require="Require valid-user"):
    """A place below which every path is the CGI program."""
    conf.add(f"ScriptAliasMatch ^/c/{name}(/.*)?$ ROOT/cgi/env")
    return conf.location(f"/c/{name}", "AuthType Bearer", *lines, require)


@pytest.fixture(scope="module")
def site(serve, base, tokens, backend):
    proxy = f"ProxyPass http://127.0.0.1:{backend.port}/"
    conf = base()
    cgi(conf, "std",
        "AuthBearerClaim email env:OIDC_EMAIL",
        "AuthBearerClaim roles env:ROLES join:,",
        "AuthBearerClaim * env:CLAIMS",
        "AuthBearerClaim sub header:X-Sub")
    cgi(conf, "user", "AuthBearerUser email")
    cgi(conf, "cookie", "AuthBearerSource cookie:tok")
    cgi(conf, "query", "AuthBearerSource query")
    cgi(conf, "optional", "AuthBearerOptional On",
        "AuthBearerClaim sub env:SUB", require="Require all granted")
    cgi(conf, "open", "AuthBearerClaim sub header:X-Sub",
        require="Require all granted")
    for name, lines in {
            "std": ("AuthBearerClaim sub header:X-Sub",),
            "off": ("AuthBearerForward Off",),
            "cookie": ("AuthBearerSource cookie:tok",),
            "query": ("AuthBearerSource query:tok",),
            "own": ("AuthBearerSource header:X-Token",),
            "own-off": ("AuthBearerSource header:X-Token",
                        "AuthBearerForward Off")}.items():
        conf.location(f"/b/{name}", "AuthType Bearer", *lines,
                      "Require valid-user", proxy)
    conf.section("Directory", "ROOT/htdocs", "AllowOverride AuthConfig")
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root)))
    for name, lines in HTACCESS.items():
        server.write(f"htdocs/h/{name}/ok.txt", "ok\n")
        server.write(f"htdocs/h/{name}/.htaccess",
                     lines.replace("ISSUER", tokens.issuer))
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    return server.start().warm("/b/std", tokens.token())


# --- CGI ---

def test_a_program_that_knows_nothing_but_remote_user(site, tokens):
    seen = site.get("/c/std", tokens.token()).environment()
    assert seen["REMOTE_USER"] == "alice"
    assert seen["AUTH_TYPE"] == "Bearer"
    assert "HTTP_AUTHORIZATION" not in seen
    assert "OIDC_EMAIL" not in seen and "ROLES" not in seen


def test_claims_in_the_environment_of_a_program(site, tokens):
    token = tokens.token(email="a@example", roles=["red", "blue"])
    seen = site.get("/c/std", token).environment()
    assert seen["OIDC_EMAIL"] == "a@example"
    assert seen["ROLES"] == "red,blue"
    assert seen["HTTP_X_SUB"] == "alice"
    claims = json.loads(seen["CLAIMS"])
    assert claims["sub"] == "alice" and claims["roles"] == ["red", "blue"]
    assert not any(token.split(".")[2] in value for value in seen.values())


def test_all_claims_without_control_characters(site, tokens):
    seen = site.get("/c/std", tokens.token(x="a\r\nb\x1b")).environment()
    assert json.loads(seen["CLAIMS"])["x"] == "a\r\nb\x1b"
    assert "\n" not in seen["CLAIMS"] and "\r" not in seen["CLAIMS"]


def test_another_user(site, tokens):
    seen = site.get("/c/user", tokens.token(email="a@example")).environment()
    assert seen["REMOTE_USER"] == "a@example"


@pytest.mark.parametrize("name", ["X-Sub", "x-sub", "X_Sub", "X_SUB"])
@pytest.mark.parametrize("place", ["/c/std", "/c/open"])
def test_a_client_cannot_set_a_claim_of_a_program(site, tokens, name, place):
    seen = site.get(place, tokens.token(),
                    headers=[(name, "root")]).environment()
    assert seen.get("HTTP_X_SUB") in ("alice", None)
    if place == "/c/open":
        seen = site.get(place, headers=[(name, "root")]).environment()
        assert seen.get("HTTP_X_SUB") is None
        assert "REMOTE_USER" not in seen


def test_headers_do_not_pass_for_environment(site, tokens):
    for name in ("OIDC_EMAIL", "OIDC-EMAIL", "Remote-User", "REMOTE_USER"):
        seen = site.get("/c/std", tokens.token(),
                        headers=[(name, "root")]).environment()
        assert seen["REMOTE_USER"] == "alice"
        assert "OIDC_EMAIL" not in seen


def test_an_anonymous_visitor_of_an_optional_place(site, tokens):
    seen = site.get("/c/optional").environment()
    assert not seen.get("REMOTE_USER") and not seen.get("SUB")
    seen = site.get("/c/optional", tokens.token()).environment()
    assert (seen["REMOTE_USER"], seen["SUB"]) == ("alice", "alice")


def test_a_token_in_a_cookie_goes_no_further(site, tokens):
    token = tokens.token()
    seen = site.get("/c/cookie", headers=[
        ("Cookie", f"a=1; tok={token}; b=2")]).environment()
    assert seen["REMOTE_USER"] == "alice"
    assert seen["HTTP_COOKIE"].replace(" ", "") == "a=1;b=2"
    seen = site.get("/c/cookie",
                    headers=[("Cookie", f"tok={token}")]).environment()
    assert not seen.get("HTTP_COOKIE")


def test_a_token_in_the_query_goes_no_further(site, tokens):
    token = tokens.token()
    seen = site.get(f"/c/query?a=1&access_token={token}&b=2").environment()
    assert seen["REMOTE_USER"] == "alice"
    assert seen["QUERY_STRING"] == "a=1&b=2"
    assert not any(token.split(".")[2] in value for value in seen.values())
    seen = site.get(f"/c/query?access_token={token}").environment()
    assert seen["QUERY_STRING"] == ""
    assert not any(token.split(".")[2] in value for value in seen.values())


# --- proxied servers ---

def received(answer):
    assert answer.status == 200, answer
    body = json.loads(answer.body)
    return body["path"], body["headers"]


def test_a_back_end_gets_the_token(site, tokens):
    token = tokens.token()
    path, headers = received(site.get("/b/std/x?y=1", token))
    assert path == "/x?y=1"
    assert [v for k, v in headers if k == "authorization"] == \
        ["Bearer " + token]
    assert [v for k, v in headers if k == "x-sub"] == ["alice"]


@pytest.mark.parametrize("name", ["X-Sub", "x-sub", "X_Sub"])
def test_a_back_end_gets_no_forged_claim(site, tokens, name):
    _, headers = received(site.get("/b/std", tokens.token(), headers=[
        (name, "root"), (name, "admin")]))
    assert [v for k, v in headers if k.replace("_", "-") == "x-sub"] == \
        ["alice"]


def test_forward_off(site, tokens):
    _, headers = received(site.get("/b/off", tokens.token()))
    assert "authorization" not in dict(headers)


def test_tokens_from_other_places_do_not_reach_a_back_end(site, tokens):
    token = tokens.token()
    _, headers = received(site.get("/b/cookie", headers=[
        ("Cookie", f"a=1; tok={token}")]))
    assert dict(headers)["cookie"] == "a=1"
    path, headers = received(site.get(f"/b/query/x?tok={token}&a=1"))
    assert path == "/x?a=1"
    path, _ = received(site.get(f"/b/query/x?tok={token}"))
    assert path in ("/x", "/x?")
    _, headers = received(site.get("/b/own", headers=[("X-Token", token)]))
    assert dict(headers)["x-token"] == token
    _, headers = received(site.get("/b/own-off",
                                   headers=[("X-Token", token)]))
    assert "x-token" not in dict(headers)


# --- logs ---

def test_the_access_log_has_the_user(site, tokens):
    site.get("/b/std", tokens.token(sub="carol"))
    # the line is written after the answer is sent
    deadline = time.monotonic() + 10
    while "carol" not in (site.root / "access.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    line = (site.root / "access.log").read_text().splitlines()[-1]
    assert line.split()[2] == "carol"


def test_a_forged_user_in_the_access_log(site, tokens):
    site.get("/b/std", tokens.token(key("P-256", "x"), {"kid": "ec1"},
                                    sub="mallory"))
    line = (site.root / "access.log").read_text().splitlines()[-1]
    assert "mallory" not in line


# --- .htaccess ---

HTACCESS = {
    "good": "AuthType Bearer\nRequire valid-user\n",
    "issuer": "AuthType Bearer\nAuthBearerIssuer ISSUER\nRequire valid-user\n",
    "audience": "AuthType Bearer\nAuthBearerAudience urn:h\n"
                "Require valid-user\n",
    "claim": "AuthType Bearer\nRequire claim role admin\n",
    "user": "AuthType Bearer\nAuthBearerUser email\nRequire valid-user\n",
    "env": "AuthType Bearer\nAuthBearerClaim email env:CLAIM_EMAIL\n"
           "AuthBearerClaim role env:OIDC_CLAIM_ROLE\n"
           "AuthBearerClaim name env:OAUTH2_CLAIM_NAME\n"
           "Require valid-user\n",
    "many": "AuthType Bearer\nRequire valid-user\n" + "".join(
        f"AuthBearerClaim c{n} env:CLAIM_{n}\n" for n in range(256)),
    "check": "AuthType Bearer\nAuthBearerCheck max-age=10s\n"
             "Require valid-user\n",
    "negated": "AuthType Bearer\n<RequireAll>\nRequire all granted\n"
               "<RequireNone>\nRequire claim role admin\n</RequireNone>\n"
               "Require not claim role boss\n</RequireAll>\n",
    "loose": "AuthType Bearer\nAuthBearerCheck leeway=300s type=any\n"
             "Require valid-user\n",
    # refused: 500
    "new-issuer": "AuthBearerIssuer https://evil.example\n",
    "options": "AuthBearerIssuer ISSUER alg=HS256\n",
    "keys": "AuthBearerIssuer ISSUER keys=https://evil.example/\n",
    "any": "AuthBearerAudience any\n",
    "header": "AuthBearerClaim sub header:X-User\n",
    "env-any": "AuthBearerClaim sub env:EMAIL\n",
    "env-prefix": "AuthBearerClaim sub env:OIDC_CLIENT_SECRET\n",
    "env-empty": "AuthBearerClaim sub env:CLAIM_\n",
    "too-many": "".join(
        f"AuthBearerClaim c{n} env:CLAIM_{n}\n" for n in range(4000)),
    "too-many-words": "AuthBearerCheck require=" + ",".join(
        f"a{n}" for n in range(40_000)) + "\n",
    "issuer-twice": "AuthBearerIssuer ISSUER\n" * 4000,
    "algorithms": "AuthBearerAlgorithms ES256\n",
    "source": "AuthBearerSource query\n",
    "optional": "AuthBearerOptional On\n",
    "forward": "AuthBearerForward Off\n",
    "fetch": "AuthBearerFetch http=On\n",
    "bad-regex": "AuthType Bearer\nRequire claim x ~ (\n",
}


def test_htaccess(site, tokens):
    assert site.get("/h/good/ok.txt").status == 401
    site.accepted("/h/good/ok.txt", tokens.token(), "alice")
    site.accepted("/h/issuer/ok.txt", tokens.token(), "alice")
    site.refused("/h/audience/ok.txt", tokens.token(), "aud_wrong")
    site.accepted("/h/audience/ok.txt", tokens.token(aud="urn:h"))
    assert site.get("/h/claim/ok.txt", tokens.token()).status == 403
    site.accepted("/h/claim/ok.txt", tokens.token(role="admin"))
    site.accepted("/h/user/ok.txt", tokens.token(email="e"), "e")
    site.accepted("/h/env/ok.txt", tokens.token())


def test_negated_lines_in_htaccess(site, tokens):
    target = "/h/negated/ok.txt"
    site.accepted(target, tokens.token(role="x"))
    for role in ("admin", "boss"):
        assert site.get(target, tokens.token(role=role)).status == 403
    assert site.get(target).status == 401
    site.refused(target, tokens.token(exp=1), "expired")


def test_htaccess_may_only_tighten(site, tokens):
    now = tokens.claims()["iat"]
    site.refused("/h/check/ok.txt", tokens.token(iat=now - 60), "too_old")
    site.accepted("/h/check/ok.txt", tokens.token(iat=now - 5))
    mark = site.errorlog.size()
    site.errorlog.allow("AuthBearerCheck")
    for token in (tokens.token(exp=now - 100),
                  tokens.token(header={"typ": "logout+jwt"})):
        assert site.get("/h/loose/ok.txt", token).status in (401, 500), \
            site.errorlog.text(mark)


@pytest.mark.parametrize("name", [
    "new-issuer", "options", "keys", "any", "header", "env-any", "env-prefix",
    "env-empty", "too-many", "too-many-words", "issuer-twice", "algorithms",
    "source", "optional", "forward", "fetch", "bad-regex"])
def test_htaccess_may_not(site, tokens, name):
    site.errorlog.expect("htdocs/h/" + name + "/.htaccess")
    assert site.get(f"/h/{name}/ok.txt", tokens.token()).status == 500


@pytest.mark.parametrize("name, status", [
    ("many", 200), ("too-many", 500), ("too-many-words", 500),
    ("issuer-twice", 500)])
def test_memory_of_a_long_htaccess_file(site, tokens, name, status):
    if status == 500:
        site.errorlog.expect("htdocs/h/" + name + "/.htaccess")
    site.accepted("/h/good/ok.txt", tokens.token())
    before = site.highest_memory()
    assert site.get(f"/h/{name}/ok.txt", tokens.token()).status == status
    after = site.highest_memory()
    grown = max(after[pid] - before.get(pid, after[pid]) for pid in after)
    assert grown < 8 * 1024  # 4000 lines were 378 MiB


def test_a_token_of_a_stranger_never_names_a_user(site, tokens):
    stranger = mint.Mint("https://evil.example", key("P-256", "x"),
                         mint.AUDIENCE)
    site.refused("/c/std", stranger.token(sub="root"), "iss_unknown")
