# SPDX-License-Identifier: Apache-2.0
"""The user is the token's, or there is none.

Other modules name users too: by a client certificate, by a hook that runs before
ours or beside it, by Basic in a place that the request came through, by a session.
In a place of ours none of that counts, whatever the order of LoadModule, and the
client cannot choose a name by an Authorization that is no source of the place."""
import base64
import hashlib
import itertools
import json
import shutil
import socket
import ssl
import struct
import tempfile
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testenv import env, mint
from testenv.behind import BackEnd, Fcgi
from testenv.issuer import free_port

MODULES = ["ssl", "lua", "authnz_fcgi", "include", "auth_basic", "authn_file",
           "access_compat", "proxy_fcgi", "request", "session",
           "session_cookie", "auth_form"]

LUA = """
local function become(r, way)
    if r.headers_in["X-Become"] == way then r.user = "mallory" end
    return apache2.DECLINED
end
function translate(r) return become(r, "translate") end
function translate_late(r) return become(r, "translate-late") end
function storage(r) return become(r, "storage") end
function access(r)
    become(r, "access")
    return apache2.OK
end
function access_early(r)
    become(r, "access-early")
    return apache2.OK
end
function access_late(r)
    become(r, "access-late")
    return apache2.OK
end
function check_user(r)
    become(r, "check-user")
    if r.user == "mallory" then return apache2.OK end
    return apache2.DECLINED
end
function seen(r)
    if r.headers_in["Authorization"] then
        r.err_headers_out["Seen-Authorization"] = r.headers_in["Authorization"]
    end
    return apache2.OK
end
-- as mod_php does
function program(r)
    local name = ""
    local given = r.headers_in["Authorization"]
    if given and given:sub(1, 6) == "Basic " then
        name = r:base64_decode(given:sub(7)):match("^[^:]*")
        r.user = name
    end
    r.content_type = "text/plain"
    r:puts("PHP_AUTH_USER=" .. name .. "\\0")
    r:puts("REMOTE_USER=" .. tostring(r.user or "") .. "\\0")
    return apache2.OK
end
"""
#: ways of naming a user that a header of the request picks
BECOME = ["translate", "translate-late", "storage", "access", "access-early",
          "access-late", "check-user"]

#: name -> the lines of the place; these want to know somebody ...
CLOSED = {
    "valid": ["Require valid-user"],
    "named": ["Require user alice mallory bob"],
    "expr": ['Require expr "%{REMOTE_USER} =~ /^(alice|mallory|bob)$/"'],
    "any": ["<RequireAny>", "Require valid-user", "Require all denied",
            "</RequireAny>"],
    "off": ["AuthBearerForward Off", "Require valid-user"],
    "cookie": ["AuthBearerSource cookie:tok", "Require valid-user"],
    "own": ["AuthBearerSource header:X-Token", "Require valid-user"],
    "satisfy-deny": ["Satisfy Any", "Order deny,allow", "Deny from all",
                     "Require valid-user"],
    "optional-valid": ["AuthBearerOptional On", "Require valid-user"],
}
#: ... and these let in who is not known
OPEN = {
    "optional": ["AuthBearerOptional On", "Require all granted"],
    "optional-cookie": ["AuthBearerOptional On", "AuthBearerSource cookie:tok",
                        "Require all granted"],
    "granted": ["Require all granted"],
    "satisfy-allow": ["Satisfy Any", "Order deny,allow", "Allow from all",
                      "Require valid-user"],
}
PLACES = {**CLOSED, **OPEN}
BASIC = ["AuthName plain", "AuthBasicProvider file", "AuthUserFile ROOT/users"]


class Authorizer(Fcgi):
    """A FastCGI authorizer that admits everybody."""

    def __init__(self):
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def answer(self, stream, connection):
        while True:
            head = stream.read(8)
            if len(head) < 8:
                return
            _, kind, number, length, padding = struct.unpack(">BBHHBx", head)
            stream.read(length + padding)
            if kind == 4 and not length:
                break
        body = b"Status: 200 OK\r\n\r\n"
        connection.sendall(
            struct.pack(">BBHHBx", 1, 6, number, len(body), 0) + body
            + struct.pack(">BBHHBx", 1, 6, number, 0, 0)
            + struct.pack(">BBHHBxIB3x", 1, 3, number, 8, 0, 0, 0))


@pytest.fixture(scope="module")
def authorizer():
    server = Authorizer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def backend():
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


@pytest.fixture(scope="module")
def client(authority, tmp_path_factory):
    """TLS with a client certificate of mallory's."""
    own = ec.generate_private_key(ec.SECP256R1())
    made = authority.certificate("mallory", own, authority.root.subject,
                                 authority.root_key, False)
    path = tmp_path_factory.mktemp("client") / "client.pem"
    path.write_bytes(own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(cafile=str(authority.ca))
    context.load_cert_chain(str(path))
    return context


def add_places(conf):
    """Each place at /t/<name>, below other modules' lines at /t/fcgi/<name> and
    /t/form/<name>; every path is the program that tells its environment."""
    conf.add("ScriptAliasMatch ^/t/ ROOT/cgi/env")
    for name, lines in PLACES.items():
        conf.section("LocationMatch", f'"^/t(/fcgi|/form|/basic)?/{name}$"',
                     "AuthType Bearer", *lines)


def add_foreign(conf, backend, program):
    """Places whose source is not Authorization, each with a program of every
    kind after it."""
    conf.add("ScriptAliasMatch ^/f/(cgi|copy)/ ROOT/cgi/env",
             "LuaMapHandler ^/f/php/ ROOT/hooks.lua program",
             "AliasMatch ^/f/early/ ROOT/htdocs/ok.txt",
             f"ProxyPassMatch ^/f/http/ http://127.0.0.1:{backend.port}/")
    for kind in KINDS:
        for name, lines in {**FOREIGN, "unprotected": []}.items():
            conf.location(f"/f/{kind}/{name}", *lines, *(
                ["CGIPassAuth On"] if kind in ("cgi", "fcgi") else []), *(
                [f'SetHandler "proxy:unix:{program.path}|fcgi://localhost/"']
                if kind == "fcgi" else []))
    conf.location("/f/early", "LuaHookAccessChecker ROOT/hooks.lua seen early")
    # as recipes for programs that want to see it have it
    conf.add('SetEnvIfExpr "%{REQUEST_URI} =~ m#^/f/copy/# '
             "&& req('Authorization') =~ /^(.+)$/\" "
             "HTTP_AUTHORIZATION=$1 COPY=$1")


#: cgi, fcgi: with CGIPassAuth; copy: a program with a variable that SetEnvIf
#: made; php: a handler that reads the header itself; early: a hook before ours
KINDS = ["cgi", "http", "fcgi", "php", "early", "copy"]
FOREIGN = {
    "cookie": ["AuthType Bearer", "AuthBearerSource cookie:tok",
               "Require valid-user"],
    "own": ["AuthType Bearer", "AuthBearerSource header:X-Token",
            "Require valid-user"],
    "query": ["AuthType Bearer", "AuthBearerSource query", "Require valid-user"],
    "optional": ["AuthType Bearer", "AuthBearerSource cookie:tok",
                 "AuthBearerOptional On", "Require all granted"],
    "granted": ["AuthType Bearer", "AuthBearerSource cookie:tok",
                "Require all granted"],
    "satisfy": ["AuthType Bearer", "AuthBearerSource cookie:tok", "Satisfy Any",
                "Order deny,allow", "Allow from all", "Require valid-user"],
}


@pytest.fixture(scope="module", params=["last", "first"])
def site(request, serve, base, tokens, authority, authorizer, backend, program):
    conf = base(
        "AuthnzFcgiDefineProvider authn admits "
        f"fcgi://127.0.0.1:{authorizer.port}/",
        'CustomLog ROOT/extra.log "%{X-Id}i %u"')
    conf.place("std")
    for kind, function in (("TranslateName", "translate early"),
                           ("TranslateName", "translate_late late"),
                           ("MapToStorage", "storage")):
        conf.add(f"LuaHook{kind} ROOT/hooks.lua {function}")
    conf.location("/t", *(
        f"LuaHook{kind} ROOT/hooks.lua {function}" for kind, function in (
            ("AccessChecker", "access"), ("AccessChecker", "access_early early"),
            ("AccessChecker", "access_late late"),
            ("CheckUserID", "check_user"))))
    conf.location("/t/fcgi", "AuthType Basic", "AuthName plain",
                  "AuthnzFcgiCheckAuthnProvider admits UserExpr mallory",
                  "Require valid-user")
    conf.location("/t/basic", "AuthType Basic", *BASIC, "Require valid-user")
    conf.location("/t/form", "AuthType Form", "AuthName form",
                  "AuthFormProvider file", "AuthUserFile ROOT/users",
                  "Session On", "SessionCookieName session path=/",
                  "Require valid-user")
    conf.location("/login", "SetHandler form-login-handler", "AuthType Form",
                  "AuthName form", "AuthFormProvider file",
                  "AuthUserFile ROOT/users", "Session On",
                  "SessionCookieName session path=/",
                  "AuthFormLoginSuccessLocation /ok.txt",
                  "Require all granted")
    add_places(conf)
    add_foreign(conf, backend, program)
    conf.section("Directory", "ROOT/htdocs/basic", "AuthType Basic", *BASIC,
                 "Options +Includes", "AddOutputFilter INCLUDES .shtml",
                 "RewriteEngine On", 'RewriteRule "^to-(.+)$" "/t/$1"',
                 "Require valid-user")
    for name in PLACES:
        conf.location(f"/basic/{name}", f"ErrorDocument 404 /t/{name}")
    ports = {}
    for way, line in (("name", "SSLUserName SSL_CLIENT_S_DN_CN"),
                      ("fake", "SSLOptions +FakeBasicAuth")):
        ports[way] = free_port()
        conf.add(f"Listen 127.0.0.1:{ports[way]}")
        conf.section("VirtualHost", f"127.0.0.1:{ports[way]}", "SSLEngine on",
                     f"SSLCertificateFile {authority.pair}",
                     f"SSLCACertificateFile {authority.ca}",
                     "SSLVerifyClient optional", line,
                     'CustomLog ROOT/extra.log "%{X-Id}i %u"')
    server = serve(conf, start=False, modules=MODULES,
                   first=request.param == "first")
    server.tls_ports = ports
    server.write("hooks.lua", LUA)
    digest = base64.b64encode(hashlib.sha1(b"bob").digest()).decode()
    server.write("users", f"bob:{{SHA}}{digest}\n")
    for name in PLACES:
        server.write(f"htdocs/basic/{name}.shtml",
                     f'<!--#include virtual="/t/{name}" -->')
    server.errorlog.allow_always(
        r"AH0163[01]|AH01629|MAB0105|MAB0410|AH02227|AH01617|AH01618|AH01614|AH01797|"
        r"AH01811|AH0180[0-9]|AH01906|AH01909|ssl:warn|"
        r"include:error.*subrequest setup returned 401")
    return server.fill().start().warm("/p/std", tokens.token())


def carry(place, token):
    """The headers that bring a token to this place."""
    if token is None:
        return []
    mint.note(token)
    if "cookie" in place:
        return [("Cookie", f"tok={token}")]
    if place.startswith("own"):
        return [("X-Token", token)]
    return [("Authorization", f"Bearer {token}")]


@pytest.fixture
def bad(tokens):
    """Tokens that name mallory or alice, and must not."""
    return {"none": None,
            "expired": tokens.token(exp=1, sub="mallory"),
            "forged": tokens.token(mint.key("P-256", "x"), {"kid": "ec1"},
                                   sub="mallory"),
            "foreign": mint.Mint("https://evil.example", mint.key("P-256", "x"),
                                 mint.AUDIENCE).token(sub="mallory"),
            "junk": "mallory"}


def environment(answer):
    pairs = answer.body.decode("utf-8", "surrogateescape").split("\0")
    return dict(p.split("=", 1) for p in pairs if "=" in p)


counter = itertools.count()


def logged_user(site, ask, headers):
    """What the access log says of the user of a request, and its answer."""
    name = f"id{next(counter)}"
    answer = ask([*headers, ("X-Id", name)])
    deadline = time.monotonic() + 10
    while True:
        for line in (site.root / "extra.log").read_text().splitlines():
            if line.split()[0] == name:
                return line.split()[1], answer
        assert time.monotonic() < deadline, "no line in the access log"
        time.sleep(0.02)


def check(site, ask, place, bad, good, more=()):
    """Bad tokens name nobody at this place, and a good one names its own.
    ask: headers -> the answer; more: headers of each request."""
    for kind, token in bad.items():
        user, answer = logged_user(site, ask, [*carry(place, token), *more])
        told = f"{place}, {kind}: {answer}"
        assert user in ("-", '""'), f"{told}: {user} in the access log"
        if place in CLOSED or (kind != "none" and "optional" in place):
            assert answer.status == 401, told
            assert answer.header("WWW-Authenticate").startswith("Bearer"), told
        else:
            assert answer.status in (200, 401), told
        if place in OPEN and kind == "none":
            assert answer.status == 200, told
        seen = environment(answer)
        assert not seen.get("REMOTE_USER"), told
        assert not seen.get("AUTH_TYPE"), told
    user, answer = logged_user(site, ask, [*carry(place, good), *more])
    assert answer.status == 200, answer
    seen = environment(answer)
    if place == "satisfy-allow":
        # nobody was asked for a token
        assert seen.get("REMOTE_USER") in (None, "", "alice")
        return
    assert (seen["REMOTE_USER"], seen["AUTH_TYPE"]) == ("alice", "Bearer")
    assert user == "alice"


# --- modules that name a user before us -------------------------------------

@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", BECOME)
def test_a_hook_of_another_module_names_no_user(site, tokens, bad, way, place):
    check(site, lambda headers: site.get(f"/t/{place}", headers=headers), place,
          bad, tokens.token(), [("X-Become", way)])


@pytest.mark.parametrize("way", ["name", "fake"])
@pytest.mark.parametrize("place", PLACES)
def test_a_client_certificate_names_no_user(site, tokens, bad, client, place,
                                            way):
    check(site, lambda headers: env.send(site.tls_ports[way], f"/t/{place}",
                                         headers, tls=client), place, bad,
          tokens.token())


@pytest.mark.parametrize("kind", ["cgi", "http", "fcgi", "php"])
@pytest.mark.parametrize("way", ["name", "fake"])
def test_a_client_certificate_makes_no_authorization(site, tokens, client, way,
                                                     kind):
    """FakeBasicAuth writes one into the request."""
    for headers in (carry("cookie", tokens.token()), []):
        user, answer = logged_user(site, lambda more: env.send(
            site.tls_ports[way], f"/f/{kind}/optional", [*headers, *more],
            tls=client), [])
        assert answer.status == 200, answer
        assert "Basic" not in names_in(answer, kind)
        assert user in (("alice",) if headers else ("-", '""'))


def test_a_client_certificate_names_the_user_elsewhere(site, client):
    """Else the test above would show nothing."""
    user, answer = logged_user(site, lambda headers: env.send(
        site.tls_ports["name"], "/t/elsewhere", headers, tls=client), [])
    assert (answer.status, user) == (200, "mallory")


@pytest.mark.parametrize("place", PLACES)
def test_an_outer_place_s_authorizer_names_no_user(site, tokens, bad, place):
    check(site, lambda headers: site.get(f"/t/fcgi/{place}", headers=headers),
          place, bad, tokens.token())


def test_the_authorizer_names_the_user_of_its_own_place(site):
    """Else the test above would show nothing."""
    assert site.get("/t/fcgi/x").environment()["REMOTE_USER"] == "mallory"


# --- users that a request brings along --------------------------------------

def basic(name="bob"):
    text = base64.b64encode(f"{name}:{name}".encode()).decode()
    return [("Authorization", "Basic " + text)]


@pytest.mark.parametrize("place", PLACES)
def test_basic_in_an_outer_place_names_no_user(site, tokens, place):
    none = {"none": None}
    if "Authorization" in dict(carry(place, "x")):
        # the one header cannot hold both
        answer = site.get(f"/t/basic/{place}", headers=basic())
        # another scheme is not "no token" to a place that may go without one
        assert answer.status == (200 if place in ("granted", "satisfy-allow")
                                 else 401)
        assert not environment(answer).get("REMOTE_USER")
        return
    check(site, lambda headers: site.get(f"/t/basic/{place}", headers=headers),
          place, none, tokens.token(), basic())


@pytest.mark.parametrize("how", ["rewrite", "part", "error"])
@pytest.mark.parametrize("place", PLACES)
def test_a_user_of_a_basic_place_is_none_of_ours_after_it(site, tokens, place,
                                                          how):
    target = {"rewrite": f"/basic/to-{place}", "part": f"/basic/{place}.shtml",
              "error": f"/basic/{place}/nope"}[how]
    answer = site.get(target, headers=basic())
    # another scheme is not "no token" to a place that may go without one
    is_open = place in OPEN and place != "optional"
    assert answer.status in {"rewrite": (200 if is_open else 401,),
                             "part": (200,),
                             "error": (404, 401)}[how], answer
    seen = environment(answer)
    assert not seen.get("REMOTE_USER") and not seen.get("AUTH_TYPE")
    assert ("GATEWAY_INTERFACE" in seen) == is_open
    if "Authorization" in dict(carry(place, "x")):
        return
    # both in one request: each place has its own
    answer = site.get(target, headers=basic() + carry(place, tokens.token()))
    seen = environment(answer)
    assert (seen.get("REMOTE_USER"), seen.get("AUTH_TYPE")) == \
        ("alice", "Bearer")


@pytest.fixture
def session(site):
    """The cookie of somebody who logged in by a form."""
    answer = site.get("/login", method="POST", headers=[
        ("Content-Type", "application/x-www-form-urlencoded")],
        body=b"httpd_username=bob&httpd_password=bob")
    assert answer.status == 302, answer
    cookie = answer.header("Set-Cookie").split(";")[0]
    answer = site.get("/t/form/x", headers=[("Cookie", cookie)])
    assert answer.environment()["REMOTE_USER"] == "bob"
    return cookie


@pytest.mark.parametrize("place", PLACES)
def test_a_session_of_an_outer_place_names_no_user(site, tokens, bad, session,
                                                   place):
    def ask(headers):
        cookies = [session] + [v for k, v in headers if k == "Cookie"]
        return site.get(f"/t/form/{place}", headers=[
            *((k, v) for k, v in headers if k != "Cookie"),
            ("Cookie", "; ".join(cookies))])
    check(site, ask, place, bad, tokens.token())


# --- Authorization where it is no source ------------------------------------

def names_in(answer, kind):
    """All that a program of this kind was told, as one text."""
    if kind == "early":
        return answer.header("Seen-Authorization") or ""
    if kind in ("http", "fcgi"):
        return json.dumps(json.loads(answer.body))
    return "\n".join(f"{k}={v}" for k, v in environment(answer).items())


CREDENTIALS = {"basic": basic("mallory")[0][1], "bearer": "Bearer mallory",
               "digest": 'Digest username="mallory"'}


@pytest.mark.parametrize("scheme", sorted(CREDENTIALS))
@pytest.mark.parametrize("place", sorted(FOREIGN))
@pytest.mark.parametrize("kind", KINDS)
def test_an_authorization_that_is_no_source_names_nobody(site, tokens, kind,
                                                         place, scheme):
    foreign = CREDENTIALS[scheme]
    token = tokens.token()
    target = f"/f/{kind}/{place}"
    carried = carry(place if place == "own" else "cookie", token)
    if place == "query":
        target, carried = f"{target}?access_token={token}", []
    for known in (True, False):
        if not known and place in ("cookie", "own", "query"):
            continue
        user, answer = logged_user(
            site, lambda headers: site.get(target, headers=headers),
            [("Authorization", foreign), *(carried if known else [])])
        assert answer.status == 200, answer
        told = names_in(answer, kind)
        assert foreign not in told and "mallory" not in told
        assert user in (("-", '""', "alice") if place == "satisfy" else
                        ("alice",) if known else ("-", '""'))


@pytest.mark.parametrize("kind", KINDS)
def test_an_authorization_stays_where_we_have_no_place(site, kind):
    """Programs that know their users themselves get what they were sent."""
    foreign = CREDENTIALS["basic"]
    answer = site.get(f"/f/{kind}/unprotected",
                      headers=[("Authorization", foreign)])
    assert answer.status == 200
    told = names_in(answer, kind)
    assert foreign in told or "mallory" in told
