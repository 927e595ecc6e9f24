# SPDX-License-Identifier: Apache-2.0
"""Other modules that decide about access: mod_access_compat, mod_auth_basic
beside and in the same place, mod_auth_openidc in the same server."""
import base64
import hashlib
from pathlib import Path

import pytest

from testenv import env
from testenv.env import REALM
from testenv.conf import Conf

FORGED = [("X-Sub", "root"), ("X_Sub", "root"), ("x-SUB", "root")]


def load(*names):
    folder = env.query("LIBEXECDIR")
    return [f"LoadModule {n}_module {folder}/mod_{n}.so" for n in names
            if n not in env.static_modules()]


def basic(user, password):
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return [("Authorization", "Basic " + text)]


def see(conf):
    """Headers that tell what a program would see."""
    return conf.add('Header always set X-Type "expr=%{AUTH_TYPE}"',
                    'Header always set X-Role "expr=%{reqenv:ROLE}"',
                    'Header always set Seen-Sub "expr=%{req:X-Sub}"')


EXPORTS = ["AuthBearerClaim role env:ROLE", "AuthBearerClaim sub header:X-Sub"]
BASIC = ["AuthType Basic", "AuthName plain", "AuthBasicProvider file",
         "AuthUserFile ROOT/users"]


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    conf = see(base(*load("access_compat", "auth_basic", "authn_file"),
                    *EXPORTS))
    allow = ["Order deny,allow", "Deny from all", "Allow from 127.0.0.1"]
    deny = ["Order allow,deny", "Deny from all"]
    for name, lines in (("any-allow", ["Satisfy Any", *allow]),
                        ("any-deny", ["Satisfy Any", *deny]),
                        ("all-allow", ["Satisfy All", *allow]),
                        ("all-deny", ["Satisfy All", *deny]),
                        ("allow", allow), ("deny", deny)):
        conf.place(name, *lines, require="Require claim role admin")
    conf.place("forbidden", "AuthzSendForbiddenOnFailure On",
               require="Require claim role admin") \
        .place("std") \
        .location("/p/basic", *BASIC, "Require valid-user") \
        .location("/p/basic-claim", *BASIC, "Require claim role admin") \
        .location("/p/std/basic", *BASIC) \
        .location("/p/basic/bearer", "AuthType Bearer") \
        .place("both") \
        .location("/p/both", '<If "%{HTTP:Authorization} =~ /^Basic /">',
                  *BASIC, "</If>") \
        .location("/p/none", "AuthType None", "Require all granted")
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root)))
    digest = hashlib.sha1(b"secret").digest()
    server.write("users", f"bob:{{SHA}}{base64.b64encode(digest).decode()}\n")
    server.errorlog.allow_always(
        "AH01630|AH01631|AH01629|MAB0105|MAB0410|AH01797|AH01617|AH01618|AH01614")
    return server.start().warm("/p/std", tokens.token())


@pytest.fixture
def asks(site, tokens):
    """The statuses for: a good token, a poor one, none, an expired one."""
    sent = [tokens.token(role="admin"), tokens.token(), None,
            tokens.token(exp=1, role="admin")]

    def ask(place):
        return [site.get("/p/" + place, token, headers=FORGED)
                for token in sent]
    return ask


# --- mod_access_compat ------------------------------------------------------

@pytest.mark.parametrize("place, want", [
    ("any-allow", [200, 200, 200, 200]), ("any-deny", [200, 403, 401, 401]),
    ("all-allow", [200, 403, 401, 401]), ("all-deny", [403, 403, 403, 403]),
    ("allow", [200, 403, 401, 401]), ("deny", [403, 403, 403, 403]),
    ("forbidden", [200, 403, 401, 401])])
def test_satisfy(asks, place, want):
    answers = asks(place)
    assert [a.status for a in answers] == want
    for answer in answers:
        if place in ("any-allow", "all-deny", "deny"):
            # httpd decided before anybody was asked for a token
            assert answer.header("WWW-Authenticate") is None
            assert not answer.header("X-User")
            assert not answer.header("X-Role")
            assert not answer.header("Seen-Sub")
        elif answer.status == 200:
            assert answer.header("WWW-Authenticate") is None
            assert answer.header("Seen-Sub") == "alice"
        else:
            assert answer.json()["status"] == answer.status
            assert ("error" in answer.challenge()) == (answer.status == 403
                                                       or answer
                                                       is answers[3])


# --- mod_auth_basic ---------------------------------------------------------

@pytest.mark.parametrize("place", ["basic", "std/basic"])
def test_basic_in_a_neighbouring_place(site, tokens, place):
    answer = site.get("/p/" + place, headers=basic("bob", "secret") + FORGED)
    assert (answer.status, answer.header("X-User")) == (200, "bob")
    assert answer.header("X-Type") == "Basic"
    assert not answer.header("X-Role") and not answer.header("Seen-Sub")
    for token, headers in ((tokens.token(role="admin"), []), (None, []),
                           (None, basic("bob", "wrong"))):
        answer = site.get("/p/" + place, token, headers=headers + FORGED)
        assert answer.status == 401
        assert answer.header("WWW-Authenticate") == 'Basic realm="plain"'
        assert answer.header("Content-Type") != "application/json"


@pytest.mark.parametrize("place", ["std", "basic/bearer"])
def test_basic_does_not_open_a_place_of_ours(site, tokens, place):
    answer = site.get("/p/" + place, headers=basic("bob", "secret"))
    assert answer.status == 401
    assert answer.json()["code"] == \
        "auth.authorization_token_type_not_supported"
    site.accepted("/p/" + place, tokens.token(), "alice")


def test_claims_are_never_there_for_basic(site, tokens):
    answer = site.get("/p/basic-claim", headers=basic("bob", "secret"))
    assert answer.status == 401
    assert answer.header("WWW-Authenticate").startswith("Basic")
    assert site.get("/p/basic-claim",
                    tokens.token(role="admin")).status == 401


def test_both_in_one_place(site, tokens):
    answer = site.get("/p/both", headers=basic("bob", "secret") + FORGED)
    assert (answer.status, answer.header("X-User")) == (200, "bob")
    assert answer.header("X-Type") == "Basic"
    assert not answer.header("Seen-Sub")
    answer = site.get("/p/both", headers=basic("bob", "wrong"))
    assert answer.header("WWW-Authenticate").startswith("Basic")
    answer = site.accepted("/p/both", tokens.token(role="admin"), "alice")
    assert answer.header("X-Type") == "Bearer"
    assert answer.header("X-Role") == "admin"
    assert site.get("/p/both").challenge() == REALM
    site.refused("/p/both", tokens.token(exp=1), "expired")


def test_a_place_without_authentication(site, tokens):
    for token in (None, tokens.token(role="admin"), "x"):
        answer = site.get("/p/none", token, headers=FORGED)
        assert answer.status == 200
        for name in ("X-User", "X-Type", "X-Role", "Seen-Sub"):
            assert not answer.header(name)


# --- mod_auth_openidc -------------------------------------------------------

@pytest.fixture(scope="module", params=["before", "after"])
def openidc(request, serve, base, issuer, tokens, mpm):
    """A server with mod_auth_openidc loaded before or after us."""
    path = Path(env.query("LIBEXECDIR")) / "mod_auth_openidc.so"
    if not path.exists():
        pytest.skip("no mod_auth_openidc")
    line = f"LoadModule auth_openidc_module {path}"
    login = "https://login.example"
    conf = see(base(
        *(["# " + line] if request.param == "before" else [line]),
        *EXPORTS,
        "OIDCRedirectURI /p/oidc/back", "OIDCClientID me",
        "OIDCClientSecret secret", "OIDCCryptoPassphrase anything",
        f"OIDCProviderIssuer {login}",
        f"OIDCProviderAuthorizationEndpoint {login}/authorize",
        f"OIDCProviderTokenEndpoint {login}/token",
        f"OIDCProviderJwksUri {login}/jwks",
        f"OIDCOAuthVerifyJwksUri {issuer.jwks_uri}",
        "OIDCOAuthSSLValidateServer Off", "OIDCOAuthRemoteUserClaim sub")) \
        .place("std") \
        .place("claim", require="Require bearer-claim role admin") \
        .place("scope", require="Require scope read") \
        .place("expr", require="Require expr \"claim('role') == 'admin'\"") \
        .location("/p/oidc", "AuthType openid-connect",
                  "Require valid-user") \
        .location("/p/oauth", "AuthType oauth20",
                  "Require claim role:admin")
    server = serve(conf, start=False)
    if request.param == "before":
        text = (server.root / "httpd.conf").read_text()
        server.write("httpd.conf", text.replace(
            "LoadModule auth_bearer_module", line
            + "\nLoadModule auth_bearer_module"))
    server.errorlog.allow_always("AH01630|AH01631|AH01629|auth_openidc:")
    server.errorlog.allow_always("MAB0101")
    return server.start().warm("/p/std", tokens.token())


def test_openidc_is_named_at_start(openidc):
    assert openidc.errorlog.text().count("MAB0101") >= 1
    status, said = openidc.check_syntax()
    assert status == 0 and "Require bearer-claim" in said


def test_ours_beside_openidc(openidc, tokens):
    for place, good, poor in (
            ("claim", {"role": "admin"}, {"role": "x"}),
            ("scope", {"scope": "read"}, {"scope": "x"}),
            ("expr", {"role": "admin"}, {})):
        answer = openidc.accepted("/p/" + place, tokens.token(**good), "alice")
        assert answer.header("Seen-Sub") == "alice"
        answer = openidc.get("/p/" + place, tokens.token(**poor))
        assert answer.status == 403
        assert answer.challenge()["error"] == "insufficient_scope"
        assert openidc.get("/p/" + place).status == 401
        openidc.refused("/p/" + place, tokens.token(exp=1, **good), "expired")


def test_openidc_beside_us(openidc, tokens):
    # it sends only browsers to the login
    page = [("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document")]
    answer = openidc.get("/p/oidc", headers=FORGED + page)
    assert answer.status == 302
    assert answer.header("Location").startswith(
        "https://login.example/authorize?")
    # a bearer token is nothing to the login
    answer = openidc.get("/p/oidc", tokens.token(), headers=page)
    assert answer.status == 302
    answer = openidc.get("/p/oauth", tokens.token(role="admin"))
    assert (answer.status, answer.header("X-User")) == (200, "alice")
    assert openidc.get("/p/oauth", tokens.token(role="x")).status in (401, 403)
    assert openidc.get("/p/oauth").status == 401


BEARER = "AuthType Bearer\nAuthBearerIssuer https://i.example\n" \
         "AuthBearerAudience a\n"


def at(path, *lines, kind="Location"):
    return "\n".join((f'<{kind} "{path}">', *lines, f"</{kind}>"))


#: configurations in which a line of theirs would be asked in a place of ours
THEIRS = {
    "the place itself": at("/a", BEARER, "Require claim x y"),
    "not": at("/a", BEARER, "<RequireAll>", "Require valid-user",
              "Require not claim x y", "</RequireAll>"),
    "none": at("/a", BEARER, "<RequireAll>", "Require valid-user",
               "<RequireNone>", "Require claim x y", "</RequireNone>",
               "</RequireAll>"),
    "quoted": at("/a", BEARER, 'Require "claim" x:y'),
    "in front of AuthType": at("/a", "Require claim x y", BEARER),
    "a section within": at("/var", BEARER, "Require valid-user",
                           at("a", "Require claim x y", kind="Files"),
                           kind="Directory"),
    "a condition within": at("/a", BEARER, "Require valid-user",
                             '<If "true">', "Require claim x y", "</If>"),
    "a host": "<VirtualHost *:80>\n" + at("/a", BEARER, "Require claim x y")
              + "\n</VirtualHost>",
    "a regular expression": at("^/a", BEARER, "Require claim x y",
                               kind="LocationMatch"),
    "below": at("/a", BEARER, "Require valid-user") + "\n"
             + at("/a/b", "Require claim x y"),
    "below the root": at("/", BEARER, "Require valid-user") + "\n"
                      + at("/b", "Require claim x y"),
    "above in the file": at("/a/b", "Require claim x y") + "\n"
                         + at("/a", BEARER, "Require valid-user"),
    "below, of a host": at("/a", BEARER, "Require valid-user")
                        + "\n<VirtualHost *:80>\n"
                        + at("/a", "Require claim x y") + "\n</VirtualHost>",
    "below a directory": at("/var", BEARER, "Require valid-user",
                            kind="Directory") + "\n"
                         + at("/var/www", "Require claim x y",
                              kind="Directory"),
    "another name": '<AuthzProviderAlias claim boss "x:y">\n'
                    "</AuthzProviderAlias>\n"
                    + at("/a", BEARER, "Require boss"),
}
#: and in which none would
OURS = {
    "ours": at("/a", BEARER, "Require bearer-claim x y"),
    "no place of ours": at("/a", "AuthType oauth20", "Require claim x y"),
    "beside": at("/a", BEARER, "Require valid-user") + "\n"
              + at("/ab", "AuthType oauth20", "Require claim x y") + "\n"
              + at("/abc", "Require claim x y"),
    "another AuthType within": at(
        "/a", BEARER, "Require valid-user",
        '<If "true">', "AuthType oauth20", "Require claim x y", "</If>"),
    "below both": at("/", BEARER, "Require valid-user") + "\n"
                  + at("/a", "AuthType oauth20", "Require claim x y") + "\n"
                  + at("/a/b", "Require claim x z"),
    "of another host": "<VirtualHost *:80>\n"
                       + at("/a", BEARER, "Require valid-user")
                       + "\n</VirtualHost>\n"
                       + at("/a/b", "AuthType oauth20", "Require claim x y"),
    "a word of another line": at("/a", BEARER, "Require user claim"),
    "another name": '<AuthzProviderAlias bearer-claim boss "x:y">\n'
                    "</AuthzProviderAlias>\n"
                    + at("/a", BEARER, "Require boss"),
}


@pytest.fixture(scope="module", params=["before", "after"])
def with_openidc(request):
    """Asks httpd whether it takes a configuration beside mod_auth_openidc."""
    path = Path(env.query("LIBEXECDIR")) / "mod_auth_openidc.so"
    if not path.exists():
        pytest.skip("no mod_auth_openidc")
    server = env.Httpd(env.mpms()[0])

    def check(text):
        line = f"LoadModule auth_openidc_module {path}"
        server.configure(Conf(line if request.param == "after" else "", text))
        if request.param == "before":
            made = (server.root / "httpd.conf").read_text()
            server.write("httpd.conf", made.replace(
                "LoadModule auth_bearer_module", line
                + "\nLoadModule auth_bearer_module"))
        return server.check_syntax()

    yield check
    server.close()


@pytest.mark.parametrize("name", THEIRS)
def test_their_line_in_a_place_of_ours_stops_the_start(with_openidc, name):
    status, said = with_openidc(THEIRS[name])
    assert status != 0, said
    assert said.count("MAB0108") == 1, said
    assert 'write "bearer-claim"' in said
    assert ("<AuthzProviderAlias>" in said) == (name == "another name")


@pytest.mark.parametrize("name", OURS)
def test_their_line_elsewhere_stops_nothing(with_openidc, name):
    status, said = with_openidc(OURS[name])
    assert status == 0 and "MAB0108" not in said, said
