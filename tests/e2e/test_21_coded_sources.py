# SPDX-License-Identifier: Apache-2.0
"""A token as the password of Basic, in a subprotocol of WebSocket, or twice: the same
bytes in two places. Each good one stands beside its hostile twins; what runs inside
sees as much of it as of a token in a header, and what is not ours stays as it is."""
import base64
import hashlib
import json
import subprocess

import pytest

from testenv import env
from testenv.behind import BackEnd
from testenv.env import BARE
from testenv.mint import b64, note

MISSING = "auth.authorization_header_missing"
FORMAT = "auth.authorization_token_invalid_format"
SCHEME = "auth.authorization_token_type_not_supported"
INVALID = "invalid_token"
PREFIX = "base64url.bearer.authorization."
ASSERTION, COOKIE = "Cf-Access-Jwt-Assertion", "CF_Authorization"

#: name -> lines; each is a small file below /p and a back end below /b, /off has
#: AuthBearerForward Off
PLACES = {
    "two": [f"AuthBearerSource header:{ASSERTION} cookie:{COOKIE}"],
    "three": ["AuthBearerSource header cookie:tok query:tok"],
    "basic": ["AuthBearerSource basic"],
    "fixed": ["AuthBearerSource basic:oauth2"],
    "any": ["AuthBearerSource basic:*"],
    "both": ["AuthBearerSource header basic"],
    "both-any": ["AuthBearerSource header basic:* cookie:tok"],
    "mail": ["AuthBearerSource basic", "AuthBearerUser email"],
    "expr": ["AuthBearerSource basic", 'AuthBearerUser "expr=%{claim:sub}@x"'],
    "ws": ["AuthBearerSource websocket"],
    "wsh": ["AuthBearerSource header websocket cookie:tok"],
    "own": ["AuthBearerSource header:X-Token"],
}
COPIES = ["SetEnvIf Authorization (.+) COPY_A=$1",
          "SetEnvIf Authorization ([A-Za-z0-9+/=]{40,}) COPY_B=$1",
          "SetEnvIf Sec-WebSocket-Protocol (.+) COPY_C=$1",
          f"SetEnvIf {ASSERTION} (.+) COPY_D=$1", "SetEnvIf Cookie (.+) COPY_E=$1"]


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def site(serve, base, tokens, backend):
    conf = base(*COPIES).place("std").place("denied", "AuthBearerSource basic",
                                            require="Require scope none")
    conf.place("named", "AuthBearerSource basic", 'AuthName "a \\"b\\""',
               "AuthBearerErrors detail=Off")
    conf.place("optional", "AuthBearerSource header basic websocket",
               "AuthBearerOptional On", require="Require all granted")
    conf.location("/plain", "AuthType Basic", "AuthName plain",
                  "AuthBasicProvider file", "AuthUserFile ROOT/users",
                  "Require valid-user",
                  f"ProxyPass http://127.0.0.1:{backend.port}/")
    conf.location("/open", f"ProxyPass http://127.0.0.1:{backend.port}/")
    for name, lines in PLACES.items():
        copies = [f'RequestHeader set Seen-{c} "%{{COPY_{c}}}e"'
                  for c in "ABCDE"]
        target = f"ProxyPass http://127.0.0.1:{backend.port}/"
        conf.place(name, *lines)
        conf.location(f"/b/{name}", "AuthType Bearer", *lines, *copies, target,
                      "Require valid-user")
        conf.location(f"/off/{name}", "AuthType Bearer", *lines, *copies, target,
                      "AuthBearerForward Off", "Require valid-user")
    conf.section("Directory", "ROOT/htdocs", "Options +Includes",
                 "AddType text/html .shtml", "AddOutputFilter INCLUDES .shtml")
    conf.location("/page-any", "AuthType Bearer", *PLACES["any"],
                  "AuthBearerForward Off", "Require valid-user")
    conf.location("/part", "AuthType Bearer", *PLACES["basic"],
                  "Require valid-user")
    conf.location("/part-fixed", "AuthType Bearer", *PLACES["fixed"],
                  "Require valid-user")
    server = serve(conf, start=False, modules=["auth_basic", "authn_file",
                                               "include"]).fill()
    digest = base64.b64encode(hashlib.sha1(b"secret").digest()).decode()
    server.write("users", f"bob:{{SHA}}{digest}\n")
    for name in ("part", "part-fixed"):
        server.write(f"htdocs/{name}/x.html", f"[{name}]")
    server.write("htdocs/page-any/x.shtml",
                 '<!--#include virtual="/part/x.html" -->'
                 '<!--#include virtual="/part-fixed/x.html" -->.')
    server.errorlog.allow_always("AH0163[01]|AH01629|AH0161[78]|"
                                 "include:error.*returned 401")
    return server.start().warm("/p/std", tokens.token())


def basic(user, token, scheme="Basic"):
    note(token)
    coded = base64.b64encode(user.encode() + b":" + token.encode()).decode()
    return [("Authorization", f"{scheme} {note(coded)}")]


def protocols(token, *others):
    note(token)
    return [("Sec-WebSocket-Protocol",
             ", ".join([*others, PREFIX + note(b64(token))]))]


def challenges(answer):
    return answer.all("WWW-Authenticate")


def heard(answer):
    """The headers that a back end got; no name comes twice."""
    assert answer.status == 200, answer
    pairs = json.loads(answer.body)["headers"]
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def refused(site, answer, status, code, slug):
    assert (answer.status, answer.json()["code"]) == (status, code), answer
    assert site.errorlog.refusals()[-1:] == [slug]
    return answer.json()["message"]


# --- the same token in two places ---------------------------------------------------

def gateway(header, cookie):
    return [*([(ASSERTION, note(header))] if header else []),
            *([("Cookie", f"a=b; {COOKIE}={note(cookie)}; c=d")] if cookie
              else [])]


def test_a_header_and_a_cookie_with_the_same_bytes_are_one_token(site, tokens):
    token = tokens.token()
    for header, cookie in ((token, token), (token, None), (None, token)):
        answer = site.get("/p/two", headers=gateway(header, cookie))
        assert (answer.status, answer.header("X-User")) == (200, "alice")


@pytest.mark.parametrize("change", [
    lambda t, o: (t, o), lambda t, o: (o, t), lambda t, o: (t, t[:-1]),
    lambda t, o: (t, t + "="), lambda t, o: (t, '"' + t + '"'),
    lambda t, o: (t, t.swapcase()), lambda t, o: (t, "x"),
    lambda t, o: ("x", t), lambda t, o: (t, f"{t}; {COOKIE}={t}"),
    lambda t, o: (t + ", " + t, t)])
def test_different_bytes_are_two_tokens(site, tokens, change):
    header, cookie = change(tokens.token(), tokens.token(sub="mallory"))
    answer = site.get("/p/two", headers=gateway(header, cookie))
    refused(site, answer, 400, FORMAT, "token_twice")


def test_a_bad_token_twice_is_a_bad_token(site, tokens):
    token = tokens.token(exp=1)
    answer = site.get("/p/two", headers=gateway(token, token))
    refused(site, answer, 401, INVALID, "expired")


def test_three_places_say_the_same(site, tokens):
    token, other = tokens.token(), tokens.token(sub="mallory")
    for query, status in ((token, 200), (other, 400), (token.lower(), 400)):
        answer = site.get(f"/p/three?tok={note(query)}", token, headers=[
            ("Cookie", f"tok={token}")])
        assert answer.status == status, answer
    answer = site.get(f"/p/three?tok={token}&t%6fk={token}", token)
    refused(site, answer, 400, FORMAT, "token_twice")


@pytest.mark.parametrize("kind", ["b", "off"])
def test_each_place_of_a_token_is_hidden_as_its_rule_says(site, tokens, kind):
    token = tokens.token()
    seen = heard(site.get(f"/{kind}/two", headers=gateway(token, token)))
    assert seen["cookie"] == "a=b; c=d"
    assert seen.get(ASSERTION.lower()) == (token if kind == "b" else None)
    assert (token in str(seen)) == (kind == "b")


# --- Basic --------------------------------------------------------------------------

@pytest.mark.parametrize("place, user", [
    ("basic", "alice"), ("fixed", "oauth2"), ("any", "alice"), ("any", "bob"),
    ("any", ""), ("any", "n\u00f6 one"), ("both", "alice"),
    ("mail", "alice@example.org"), ("expr", "alice@x")])
@pytest.mark.parametrize("scheme", ["Basic", "bAsIc", "Basic  "])
def test_a_token_as_the_password_of_basic(site, tokens, place, user, scheme):
    token = tokens.token(email="alice@example.org")
    answer = site.get(f"/p/{place}", headers=basic(user, token, scheme))
    assert answer.status == 200, answer
    assert answer.header("X-User") == {
        "mail": "alice@example.org", "expr": "alice@x"}.get(place, "alice")


@pytest.mark.parametrize("place, user", [
    ("basic", "bob"), ("basic", ""), ("basic", "Alice"), ("basic", "alice "),
    ("basic", "*"), ("fixed", "alice"), ("fixed", "oauth"), ("fixed", "OAuth2"),
    ("fixed", ""), ("mail", "alice"), ("expr", "alice"), ("both", "bob")])
def test_the_name_beside_it_is_the_token_s_or_the_place_s(site, tokens, place,
                                                          user):
    token = tokens.token(email="alice@example.org")
    answer = site.get(f"/p/{place}", headers=basic(user, token))
    said = refused(site, answer, 401, INVALID, "user_wrong")
    assert said == \
        "the user name that was sent with the token is not the right one"
    text = site.errorlog.recent()
    assert any("it must be oauth2" in line if place == "fixed" else
               "it must be the token's user" in line for line in text), text
    assert not any(user in line for line in text if len(user) > 5 and
                   "user_wrong" in line and user not in ("oauth2",))


def coded(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(raw).decode()


#: what comes after the scheme, of a good token
BROKEN = {
    "no password": lambda t: coded("alice:"),
    "no colon": lambda t: coded(t),
    "a colon in the name": lambda t: coded("al:ice:" + t),
    "a colon after": lambda t: coded("alice:" + t + ":"),
    "not base64": lambda t: "alice:" + t,
    "the token itself": lambda t: t,
    "base64url": lambda t: base64.urlsafe_b64encode(
        b"\xff\xfe\xfd:" + t.encode()).decode(),
    "no padding": lambda t: coded("alice:" + t + "==").rstrip("=") + "x",
    "more behind": lambda t: coded("alice:" + t + "=" * (
        (1 - len("alice:" + t)) % 3)) + "YQ==",
    "two fields": lambda t: coded("alice:" + t) + ", Basic "
        + coded("alice:" + t),
    "two words": lambda t: coded("alice:" + t) + " " + coded("alice:" + t),
    "a line feed": lambda t: coded("al\nice:" + t),
    "a NUL": lambda t: coded("alice\0:" + t),
    "a NUL in the token": lambda t: coded("alice:" + t + "\0"),
    "a blank in the token": lambda t: coded("alice: " + t),
    "nothing": lambda t: "",
}


@pytest.mark.parametrize("place", ["basic", "any", "both", "optional"])
@pytest.mark.parametrize("how", BROKEN)
def test_what_is_not_basic_with_a_token_is_refused(site, tokens, place, how):
    value = BROKEN[how](note(tokens.token()))
    answer = site.get(f"/p/{place}", headers=[("Authorization",
                                               f"Basic {value}")])
    said = refused(site, answer, 401, FORMAT, "token_format")
    assert said == "the Authorization header is not Basic with a user name " \
        "and a token as the password"


def test_two_fields_are_refused(site, tokens):
    token = tokens.token()
    one, other = basic("alice", token), [("Authorization", f"Bearer {token}")]
    for headers in (one + one, one + other, other + one):
        answer = site.get("/p/both", headers=headers)
        refused(site, answer, 401, FORMAT, "token_format")


def test_the_other_scheme(site, tokens):
    token = tokens.token()
    assert site.get("/p/both", token).status == 200
    answer = site.get("/p/basic", token)
    assert refused(site, answer, 401, SCHEME, "token_scheme") == \
        "the scheme in the Authorization header is not Basic"
    answer = site.get("/p/both", headers=[("Authorization", "Digest x")])
    assert refused(site, answer, 401, SCHEME, "token_scheme") == \
        "the scheme in the Authorization header is not Bearer or Basic"
    answer = site.get("/p/std", headers=basic("alice", token))
    assert refused(site, answer, 401, SCHEME, "token_scheme") == \
        "the scheme in the Authorization header is not Bearer"


BASIC = 'Basic realm="127.0.0.1", charset="UTF-8"'


def test_basic_is_offered_after_bearer(site, tokens):
    for place in ("basic", "fixed", "any", "both"):
        assert challenges(site.get(f"/p/{place}")) == [BARE, BASIC]
    wrong = challenges(site.get("/p/both", tokens.token(exp=1)))
    assert len(wrong) == 2 and wrong[1] == BASIC
    assert wrong[0].startswith(f'{BARE}, error="invalid_token"')
    assert challenges(site.get("/p/named", headers=basic("bob", "x.y"))) == [
        'Bearer realm="a \\"b\\"", error="invalid_token", '
        'error_description="the token is not accepted"',
        'Basic realm="a \\"b\\"", charset="UTF-8"']
    # to log in again would not help
    answer = site.get("/p/denied", headers=basic("alice", tokens.token()))
    assert answer.status == 403
    assert len(challenges(answer)) == 1
    # and not where it is no source
    for place in ("std", "two", "ws"):
        assert challenges(site.get(f"/p/{place}")) == [BARE]


@pytest.mark.parametrize("place, user", [("basic", "alice"), ("fixed", "oauth2"),
                                         ("any", "git")])
def test_curl_sends_it_when_it_is_asked_to(site, tokens, place, user):
    token = note(tokens.token())
    done = subprocess.run(
        ["curl", "-s", "--anyauth", "--max-time", "20", "-K", "-",
         f"http://127.0.0.1:{site.port}/p/{place}"],
        input=f'user = "{user}:{token}"\n', capture_output=True, text=True,
        timeout=60)
    assert done.stdout == "ok\n", done


def test_a_program_gets_the_field_as_it_came_or_not_at_all(site, tokens):
    token = tokens.token()
    for place, user in (("basic", "alice"), ("fixed", "oauth2"),
                        ("both", "alice"), ("any", "root"),
                        ("both-any", "root")):
        sent = basic(user, token)
        on = heard(site.get(f"/b/{place}", headers=sent))
        off = heard(site.get(f"/off/{place}", headers=sent))
        # a name that nobody has checked is not for programs
        want = None if "any" in place else sent[0][1]
        assert on.get("authorization") == want
        assert "authorization" not in off
        assert token not in str(off) and sent[0][1][6:] not in str(off), off
        if want is None:
            assert sent[0][1][6:] not in str(on), on


def test_bearer_goes_on_beside_names_that_do_not(site, tokens):
    token = tokens.token()
    assert heard(site.get("/b/both-any", token))["authorization"] == \
        f"Bearer {token}"
    assert "authorization" not in heard(site.get("/off/both-any", token))


def test_a_name_is_judged_again_in_each_place(site, tokens):
    """The page takes any name, and hides it; its parts do not."""
    token = tokens.token()
    for user, parts in (("alice", ["[part]"]), ("oauth2", ["[part-fixed]"]),
                        ("bob", [])):
        text = site.get("/page-any/x.shtml", headers=basic(user, token)).text()
        assert [p for p in ("[part]", "[part-fixed]") if p in text] == parts


def test_a_place_with_basic_of_its_own_is_left_alone(site, tokens):
    bob = [("Authorization", "Basic " + coded("bob:secret"))]
    seen = heard(site.get("/plain", headers=bob))
    assert seen["authorization"] == bob[0][1]
    assert heard(site.get("/open", headers=bob))["authorization"] == bob[0][1]
    answer = site.get("/plain", headers=basic("alice", tokens.token()))
    assert answer.status == 401
    assert challenges(answer) == ['Basic realm="plain"']


def test_optional_is_about_no_credentials_at_all(site, tokens):
    assert site.get("/p/optional").status == 200
    for headers in ([("Authorization", "Basic " + coded("bob:secret"))],
                    basic("bob", tokens.token()),
                    basic("alice", tokens.token(exp=1)),
                    protocols(tokens.token(exp=1), "chat")):
        assert site.get("/p/optional", headers=headers).status == 401
    answer = site.get("/p/optional", headers=basic("alice", tokens.token()))
    assert answer.header("X-User") == "alice"


# --- WebSocket ----------------------------------------------------------------------

@pytest.mark.parametrize("place", ["ws", "wsh"])
@pytest.mark.parametrize("others", [["chat"], ["v2.chat", "chat"]])
def test_a_token_in_a_subprotocol(site, tokens, place, others):
    token = tokens.token()
    answer = site.get(f"/p/{place}", headers=protocols(token, *others))
    assert (answer.status, answer.header("X-User")) == (200, "alice")
    first = [("Sec-WebSocket-Protocol",
              f"{PREFIX}{b64(token)} , {others[0]}")]
    assert site.get(f"/p/{place}", headers=first).status == 200
    apart = protocols(token) + [("Sec-WebSocket-Protocol", others[0])]
    assert site.get(f"/p/{place}", headers=apart).status == 200


@pytest.mark.parametrize("kind", ["b", "off"])
@pytest.mark.parametrize("others, rest", [
    (["chat"], "chat"), (["a", "b"], "a, b")])
def test_it_is_taken_out_and_others_stay(site, tokens, kind, others, rest):
    token = tokens.token()
    headers = protocols(token, *others) + [
        ("Sec_WebSocket_Protocol", "forged"), ("Sec.WebSocket.Protocol", "forged")]
    seen = heard(site.get(f"/{kind}/ws", headers=headers))
    assert seen["sec-websocket-protocol"] == rest
    assert "forged" not in str(seen)
    assert token not in str(seen) and b64(token) not in str(seen), seen


WS_FORMAT = f"the subprotocol {PREFIX}<...> does not hold a token in base64url"


@pytest.mark.parametrize("value, status, code, slug, said", [
    (lambda t: PREFIX + b64(t), 401, FORMAT, "token_format",
     "a subprotocol besides the one with the token is needed, which the answer "
     "can name"),
    (lambda t: f"chat, {PREFIX}{t}", 401, FORMAT, "token_format", WS_FORMAT),
    (lambda t: f"chat, {PREFIX}{b64(t)}=", 401, FORMAT, "token_format",
     WS_FORMAT),
    (lambda t: f"chat, {PREFIX}{b64(t + '!')}", 401, FORMAT, "token_format",
     WS_FORMAT),
    (lambda t: f"chat, {PREFIX}{b64(t + chr(0))}", 401, FORMAT, "token_format",
     WS_FORMAT),
    (lambda t: f"chat, {PREFIX}{b64(t)} {b64(t)}", 401, FORMAT, "token_format",
     WS_FORMAT),
    (lambda t: f"chat, {PREFIX}{b64(t)}, {PREFIX}{b64(t)}", 400, FORMAT,
     "token_twice", None),
    (lambda t: f"chat, {PREFIX.upper()}{b64(t)}", 401, MISSING, "token_missing",
     None),
    (lambda t: f"chat, {PREFIX[:-1]}", 401, MISSING, "token_missing", None),
    (lambda t: f"chat, {PREFIX}", 401, MISSING, "token_missing", None),
    (lambda t: "chat", 401, MISSING, "token_missing", None)],
    ids=str)
def test_what_is_no_such_subprotocol(site, tokens, value, status, code, slug,
                                     said):
    answer = site.get("/p/ws", headers=[
        ("Sec-WebSocket-Protocol", value(note(tokens.token())))])
    message = refused(site, answer, status, code, slug)
    assert said is None or message == said


def test_twice_in_two_fields(site, tokens):
    token = tokens.token()
    answer = site.get("/p/ws", headers=protocols(token, "a")
                      + protocols(token, "b"))
    refused(site, answer, 400, FORMAT, "token_twice")


def test_beside_another_source(site, tokens):
    token, other = tokens.token(), tokens.token(sub="mallory")
    headers = protocols(token, "chat")
    assert site.get("/p/wsh", token, headers=headers).status == 200
    assert site.get("/p/wsh", other, headers=headers).status == 400
    # a client that sends it otherwise needs no other subprotocol
    assert site.get("/p/wsh", token, headers=protocols(token)).status == 200


# --- the truth about what is wrong --------------------------------------------------

@pytest.mark.parametrize("target, header, said, code", [
    ("/p/std", ("Authorization", "Bearer a b"),
     "the Authorization header is not of the form Bearer <token>", FORMAT),
    ("/p/std", ("Authorization", 'Bearer "x"'),
     "the Authorization header is not of the form Bearer <token>", FORMAT),
    ("/p/three", ("Cookie", "tok=%22x%22"),
     "the cookie tok does not hold a token", FORMAT),
    ("/p/three?tok=%22x", None, "the query parameter tok does not hold a token",
     FORMAT),
    ("/p/own", ("X-Token", "Bearer x"),
     "the X-Token header does not hold a token alone", FORMAT),
    ("/p/two", (ASSERTION, '"x"'),
     f"the {ASSERTION} header does not hold a token alone", FORMAT),
    ("/p/std", ("Authorization", "Basic x"),
     "the scheme in the Authorization header is not Bearer", SCHEME)])
def test_the_message_names_where_the_token_was(site, target, header, said, code):
    answer = site.get(target, headers=[header] if header else [])
    assert answer.status == 401
    assert answer.json()["code"] == code
    assert answer.json()["message"] == said
    error = answer.challenge()
    assert error.get("error_description") == (said if code == FORMAT else None)
    line = [one for one in site.errorlog.recent() if "token_" in one
            and "auth_bearer:info" in one]
    assert len(line) == 1 and f"({said});" in line[0], line
    assert "\\x" not in line[0]


# --- names that are alike ------------------------------------------------------------

@pytest.mark.parametrize("sign", "_.~!")
def test_no_second_token_under_a_name_that_is_alike(site, tokens, sign):
    """Back ends that make one variable of both would see another than we judged."""
    good = [("X-Token", note(tokens.token()))]
    forged = [(f"X{sign}Token", "forged")]
    for kind in ("b", "off"):
        seen = heard(site.get(f"/{kind}/own", headers=good + forged))
        assert "forged" not in str(seen), seen
        assert ("x-token" in seen) == (kind == "b")
    assert site.get("/p/own", headers=[(f"X{sign}Token", good[0][1])]).status \
        == 401
    # where it is no source, it is somebody else's
    assert "forged" in str(heard(site.get("/open", headers=forged)))


# --- .htaccess -----------------------------------------------------------------------

@pytest.mark.parametrize("word", ["basic", "basic:*", "websocket", "cookie:t"])
def test_a_htaccess_file_names_no_source(serve_once, base, word):
    site = serve_once(base().section("Directory", "/", "AllowOverride All"),
                      start=False)
    site.write("htdocs/own/.htaccess",
               f"AuthType Bearer\nRequire valid-user\nAuthBearerSource {word}\n")
    site.start()
    site.errorlog.expect("AuthBearerSource not allowed here")
    assert site.get("/own/").status == 500
