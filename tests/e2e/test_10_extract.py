# SPDX-License-Identifier: Apache-2.0
"""Where a token may stand, and the answers when it does not."""
import pytest

MISSING = "auth.authorization_header_missing"
FORMAT = "auth.authorization_token_invalid_format"
SCHEME = "auth.authorization_token_type_not_supported"


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    return serve(
        base()
        .place("std")
        .place("cookie", "AuthBearerSource cookie:tok")
        .place("query", "AuthBearerSource query")
        .place("named", "AuthBearerSource query:tok")
        .place("plain", "AuthBearerSource header:X-Token")
        .place("scheme", "AuthBearerSource header:X-Token:Key")
        .place("many", "AuthBearerSource header cookie:tok query:tok")
        .place("optional", "AuthBearerOptional On",
               require="Require all granted")
        .place("optional-user", "AuthBearerOptional On")
        .place("open", require="Require all granted")
        .place("ip", require="Require ip 127.0.0.1")
    ).warm("/p/std", tokens.token())


@pytest.mark.parametrize("value, status, code, error, slug", [
    pytest.param(None, 401, MISSING, None, "token_missing", id="no header"),
    pytest.param("", 401, MISSING, None, "token_missing", id="empty header"),
    pytest.param("   ", 401, MISSING, None, "token_missing", id="only spaces"),
    pytest.param("Bearer", 401, FORMAT, "invalid_request", "token_format",
                 id="the scheme alone"),
    pytest.param("Bearer ", 401, FORMAT, "invalid_request", "token_format",
                 id="the scheme and a space"),
    pytest.param("Basic", 401, FORMAT, "invalid_request", "token_format",
                 id="another scheme alone is counted first"),
    pytest.param("Bearer a b", 401, FORMAT, "invalid_request", "token_format",
                 id="three words"),
    pytest.param("Basic a b", 401, FORMAT, "invalid_request", "token_format",
                 id="three words of another scheme"),
    pytest.param("Bearer a,b", 401, FORMAT, "invalid_request", "token_format",
                 id="a comma"),
    pytest.param('Bearer "abc"', 401, FORMAT, "invalid_request",
                 "token_format", id="quotes"),
    pytest.param("Bearer a=b", 401, FORMAT, "invalid_request", "token_format",
                 id="= in the middle is no b64token"),
    pytest.param("Bearer =", 401, FORMAT, "invalid_request", "token_format",
                 id="= alone is no b64token"),
    pytest.param(b"Bearer a\xe9b", 401, FORMAT, "invalid_request",
                 "token_format", id="8 bit"),
    pytest.param("Bearer\tabc", 401, FORMAT, "invalid_request",
                 "token_format", id="a tab does not part words"),
    pytest.param("Basic abc", 401, SCHEME, None, "token_scheme",
                 id="Basic"),
    pytest.param("DPoP abc", 401, SCHEME, None, "token_scheme", id="DPoP"),
    pytest.param("BearerX abc", 401, SCHEME, None, "token_scheme",
                 id="a longer scheme"),
    pytest.param("Beare abc", 401, SCHEME, None, "token_scheme",
                 id="a shorter scheme"),
    pytest.param("Bearer abc", 401, "invalid_token", "invalid_token",
                 "jws_parts", id="a word that is no token"),
])
def test_the_authorization_header(site, value, status, code, error, slug):
    headers = [] if value is None else [("Authorization", value)]
    answer = site.get("/p/std", headers=headers)
    assert answer.status == status
    assert answer.json()["code"] == code
    assert answer.json()["status"] == status
    assert answer.challenge().get("error") == error
    assert site.errorlog.refusals() == [slug]


@pytest.mark.parametrize("form", [
    "Bearer {}", "bearer {}", "BEARER {}", "bEaReR {}", "Bearer   {}",
    "  Bearer {}  "])
def test_a_good_header(site, tokens, form):
    value = form.format(tokens.token())
    answer = site.get("/p/std", headers=[("Authorization", value)])
    assert (answer.status, answer.header("X-User")) == (200, "alice")


@pytest.mark.parametrize("name", ["authorization", "AUTHORIZATION"])
def test_the_name_of_the_header_has_no_case(site, tokens, name):
    value = "Bearer " + tokens.token()
    assert site.get("/p/std", headers=[(name, value)]).status == 200


def test_two_authorization_headers_are_refused(site, tokens):
    value = "Bearer " + tokens.token()
    answer = site.get("/p/std", headers=[("Authorization", value)] * 2)
    assert answer.status in (400, 401)
    assert answer.json()["code"] == FORMAT


def test_cookies_and_queries_are_not_looked_at_unasked(site, tokens):
    token = tokens.token()
    answer = site.get("/p/std", headers=[("Cookie", "tok=" + token)])
    assert answer.json()["code"] == MISSING
    answer = site.get("/p/std?access_token=short")
    assert answer.json()["code"] == MISSING


# --- cookies ---

@pytest.mark.parametrize("form", [
    "tok={}", "a=b; tok={}", "tok={}; a=b", "a=b;tok={};c", " tok={} ",
    "xtok=evil; tok={}"])
def test_a_token_in_a_cookie(site, tokens, form):
    value = form.format(tokens.token())
    answer = site.get("/p/cookie", headers=[("Cookie", value)])
    assert (answer.status, answer.header("X-User")) == (200, "alice")


@pytest.mark.parametrize("value", [
    "tok", "=", "=tok", ";", ";;;=;", "tok;tok", "xtok=abc", "tokx=abc",
    "a" * 20000, "a=" + "b" * 20000, ";" * 9000, "tok", "tok=", "tok=;a=b"])
def test_odd_cookies_hold_no_token(site, value):
    answer = site.get("/p/cookie", headers=[("Cookie", value)])
    assert (answer.status, answer.json()["code"]) == (401, MISSING)


@pytest.mark.parametrize("value", ["tok==", "tok=a b", "tok=\"abc\"",
                                   "tok=" + "A" * 20000])
def test_odd_tokens_in_cookies_are_refused(site, value):
    assert site.get("/p/cookie",
                    headers=[("Cookie", value)]).status in (400, 401)


def test_the_header_is_not_looked_at_where_only_the_cookie_counts(
        site, tokens):
    answer = site.get("/p/cookie", tokens.token())
    assert (answer.status, answer.json()["code"]) == (401, MISSING)


# --- queries ---

def test_a_token_in_the_query(site, tokens):
    answer = site.get("/p/query?a=b&access_token=" + tokens.token() + "&c=d")
    assert (answer.status, answer.header("X-User")) == (200, "alice")


def test_an_answer_to_a_token_in_the_query_is_private(site, tokens):
    # RFC 6750 2.3: Cache-Control with "private" on success
    answer = site.get("/p/query?access_token=" + tokens.token())
    assert answer.status == 200
    control = answer.header("Cache-Control") or ""
    assert "private" in control or "no-store" in control


def test_a_named_parameter(site, tokens):
    token = tokens.token()
    assert site.get("/p/named?tok=" + token).status == 200
    # what is no source here is not looked at (nor kept out of the log)
    for other in ("access_token=a.b.c", "xtok=a.b.c", "TOK=a.b.c"):
        answer = site.get("/p/named?" + other)
        assert (answer.status, answer.json()["code"]) == (401, MISSING)
    # another spelling is the same parameter
    for alike in ("t%6fk=a.b.c", "a;tok=a.b.c"):
        answer = site.get(f"/p/named?tok={token}&" + alike)
        assert (answer.status, answer.json()["code"]) == (400, FORMAT)


@pytest.mark.parametrize("query", ["", "?", "?access_token", "?access_token=",
                                   "?&&=&", "?xaccess_token=abc",
                                   "?access_tokenx=abc"])
def test_odd_queries_hold_no_token(site, query):
    answer = site.get("/p/query" + query)
    assert (answer.status, answer.json()["code"]) == (401, MISSING)


def test_a_parameter_twice_is_refused(site, tokens):
    token = tokens.token()
    answer = site.get(f"/p/query?access_token={token}&access_token={token}")
    assert answer.status in (400, 401)
    assert answer.json()["code"] == FORMAT


# --- other headers ---

def test_a_token_is_the_whole_of_another_header(site, tokens):
    token = tokens.token()
    assert site.get("/p/plain", headers=[("X-Token", token)]).status == 200
    assert site.get("/p/plain", headers=[("x-tOKEN", token)]).status == 200
    assert site.get("/p/plain", token).json()["code"] == MISSING
    answer = site.get("/p/plain", headers=[("X-Token", "Bearer " + token)])
    assert answer.json()["code"] == FORMAT


def test_another_header_with_a_scheme(site, tokens):
    token = tokens.token()
    assert site.get("/p/scheme",
                    headers=[("X-Token", "kEy " + token)]).status == 200
    answer = site.get("/p/scheme", headers=[("X-Token", "Bearer " + token)])
    assert answer.json()["code"] == SCHEME


# --- several places ---

@pytest.mark.parametrize("where", [
    ("header", "cookie"), ("header", "query"), ("cookie", "query"),
    ("header", "cookie", "query")], ids="+".join)
def test_two_places_at_once_are_a_bad_request(site, tokens, where):
    token, other = tokens.token(), tokens.token(sub="mallory")
    headers = []
    if "header" in where:
        headers.append(("Authorization", "Bearer " + token))
    if "cookie" in where:
        last = "cookie" == where[-1]
        headers.append(("Cookie", "tok=" + (other if last else token)))
    target = "/p/many" + ("?tok=" + other if "query" in where else "")
    answer = site.get(target, headers=headers)
    assert (answer.status, answer.json()["code"]) == (400, FORMAT)
    assert answer.challenge()["error"] == "invalid_request"
    assert site.errorlog.refusals() == ["token_twice"]


def test_any_one_of_several_places_will_do(site, tokens):
    token = tokens.token()
    assert site.get("/p/many", token).status == 200
    assert site.get("/p/many", headers=[("Cookie", f"tok={token}")]).status \
        == 200
    assert site.get("/p/many?tok=" + token).status == 200
    # an empty place does not count as used
    assert site.get("/p/many?tok=", token,
                    headers=[("Cookie", "tok=")]).status == 200


# --- requests of other kinds ---

@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS",
                                    "HEAD", "PROPFIND", "BREW"])
def test_every_method_needs_a_token(site, method):
    answer = site.get("/p/std", method=method)
    assert answer.status == 401
    assert "error" not in answer.challenge()


def test_a_post_without_a_content_type(site, tokens):
    answer = site.get("/p/std", tokens.token(), method="POST",
                      body=b"access_token=x")
    assert answer.status in (200, 405)
    assert site.get("/p/std", method="POST",
                    body=b"access_token=x").status == 401


def test_a_place_that_is_open_needs_no_token(site, tokens):
    site.errorlog.allow("MAB0410")
    for place in ("/p/open", "/p/ip"):
        answer = site.get(place)
        assert answer.status == 200
        assert answer.header("WWW-Authenticate") is None
        assert site.get(place, tokens.token()).status == 200


# --- optional ---

def test_an_optional_place_lets_anonymous_in(site, tokens):
    answer = site.get("/p/optional")
    assert answer.status == 200
    assert not answer.header("X-User")
    assert site.get("/p/optional", tokens.token()).header("X-User") == "alice"


@pytest.mark.parametrize("value", ["Bearer abc", "Bearer", "Bearer a b"])
def test_an_optional_place_refuses_a_bad_token(site, value):
    answer = site.get("/p/optional", headers=[("Authorization", value)])
    assert answer.status == 401


def test_an_optional_place_refuses_an_unknown_issuer(site, tokens):
    # CVE-2021-21378: never anonymous because of a bad token
    site.refused("/p/optional", tokens.token(iss="https://evil.example"),
                 "iss_unknown")


def test_valid_user_is_not_anonymous(site, tokens):
    answer = site.get("/p/optional-user")
    assert answer.status == 401
    assert site.get("/p/optional-user", tokens.token()).status == 200
