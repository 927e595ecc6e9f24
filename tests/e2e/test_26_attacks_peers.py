# SPDX-License-Identifier: Apache-2.0
"""What worked on other verifiers, tried on us: a test for each advisory or class
that test_25_hostile.py does not try already. docs/threat-model.md says which
test is for which."""
import itertools
import json
import socket
import threading

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.mint import DROP, Mint, b64, key, octets

RSA, EC = key("RSA", "rsa1"), key("P-256", "ec1")
EVIL = key("RSA", "evil")
OTHER = key("P-256", "other1")
AUD = mint.AUDIENCE
NOT_BEARER = "AH01630|AH01631|AH01629"


def see(*names):
    """Shows request headers in the answer."""
    return [f'Header always set Seen-{name} "expr=%{{req:{name}}}"'
            for name in names]


@pytest.fixture(scope="module")
def other(make_issuer):
    return make_issuer("/other", [OTHER])


@pytest.fixture(scope="module")
def site(serve, base, issuer, tokens, other, make_issuer):
    bare = make_issuer("/bare", [RSA.public(alg=DROP, use=DROP, kid=DROP)])
    conf = base().add("LimitRequestFieldSize 8000000") \
        .place("std") \
        .place("optional", "AuthBearerOptional On",
               require="Require all granted") \
        .place("cookie", "AuthBearerSource cookie:tok") \
        .place("raw", "AuthBearerSource header:X-Token") \
        .place("aud-b", "AuthBearerAudience https://b.example") \
        .place("bare", f"AuthBearerIssuer {bare.url}") \
        .place("other", f"AuthBearerIssuer {other.url}") \
        .place("all", require="<RequireAll>\nRequire claim group staff\n"
                              "Require claim level >= 2\n</RequireAll>") \
        .place("any", require="<RequireAny>\nRequire claim group staff\n"
                              "Require claim level >= 2\n</RequireAny>") \
        .place("regex", require="Require claim x ~ ^(a+)+$") \
        .place("header", "AuthBearerClaim sub header:X-User-Id",
               "AuthBearerClaim group header:X-Group",
               "AuthBearerCrossOrigin https://app.example",
               *see("X-User-Id", "X-Group")) \
        .location("/cgi/env", "AuthType Bearer",
                  "AuthBearerClaim group env:GROUP", "Require valid-user")
    server = serve(conf)
    server.errorlog.allow_always(NOT_BEARER)
    server.bare = Mint(bare.url, RSA, AUD)
    server.other = Mint(other.url, OTHER, AUD)
    return server.warm("/p/std", tokens.token()) \
        .warm("/p/bare", server.bare.token(header={"kid": DROP})) \
        .warm("/p/other", server.other.token())


@pytest.fixture(autouse=True)
def the_same_children(request):
    if "site" not in request.fixturenames:
        yield
        return
    server = request.getfixturevalue("site")
    before = server.workers()
    yield
    assert before <= server.workers(), "a child died"


# --- peers ------------------------------------------------------------------

def test_GHSA_wcvh_g65p_v576_nothing_is_accepted_by_omission(serve_once, issuer,
                                                             authority):
    # OpenID Connect module: aud and iss never checked in resource server mode
    for lines in ([f"AuthBearerIssuer {issuer.url}"],
                  [f"AuthBearerAudience {AUD}"], []):
        server = serve_once(Conf(f"AuthBearerFetch ca={authority.ca}")
                            .place("x", *lines), start=False)
        status, said = server.check_syntax()
        assert status != 0 and "AuthBearer" in said


def test_GHSA_wcvh_g65p_v576_exp_aud_and_iss(site, tokens):
    site.refused("/p/std", tokens.token(exp=DROP), "exp_missing")
    site.refused("/p/std", tokens.token(aud="https://else.example"),
                 "aud_wrong")
    site.refused("/p/std", tokens.token(iss="https://else.example"),
                 "iss_unknown")


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "POST", "TRACE"])
def test_OAO_2026_08_forged_headers_are_scrubbed_for_every_method(
        site, tokens, method):
    forged = [("X-User-Id", "root"), ("x-group", "wheel"),
              ("X_Group", "wheel"), ("X-Group", "wheel")]
    for token in (tokens.token(), None):
        answer = site.get("/p/header", token, forged, method)
        for name in ("Seen-X-User-Id", "Seen-X-Group"):
            for value in answer.all(name):
                assert value in ("alice", "", "(null)"), answer
    # and where a preflight is answered without any token
    answer = site.get("/p/header", headers=forged + [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "GET")], method="OPTIONS")
    assert "root" not in str(answer.headers)
    assert "wheel" not in str(answer.headers)


def test_OAO_2026_08_claims_of_one_request_are_not_those_of_the_next(site,
                                                                     tokens):
    # memoised claims: wrong denials, or somebody else's groups
    staff, guest = tokens.token(group="staff", level=3), tokens.token(level=1)
    for _ in range(8):
        answer = site.accepted("/p/header", staff)
        assert answer.header("Seen-X-Group") == "staff"
        answer = site.accepted("/p/header", guest)
        assert not answer.header("Seen-X-Group")
        assert site.get("/p/all", staff).status == 200
        assert site.get("/p/all", guest).status == 403


@pytest.mark.parametrize("value", [
    "tok", "=" * 50000, "tok=" + "A" * 200000, "; " * 50000, "a=b; " * 20000,
    "tok=%00", "tok=\x80\xff", '"tok"="x', "tok==;tok=", "=tok=;=", ";"],
    ids=lambda v: ascii(v)[:16])
def test_CVE_2024_24814_CVE_2023_28625_absurd_cookies(site, value):
    answer = site.get("/p/cookie",
                      headers=[("Cookie", value.encode("latin-1"))])
    assert answer.status in (400, 401)


def test_CVE_2022_23527_no_redirect_anywhere(site):
    for target in ("/p/std?target_link_uri=//evil.example", "/p/std//evil",
                   "/p/std?iss=https://evil.example&logout=/\\evil.example"):
        answer = site.get(target)
        assert answer.status == 401 and answer.header("Location") is None


def test_CVE_2025_31492_a_refused_post_leaks_no_content(site):
    answer = site.get("/p/std", method="POST", body=b"a=b", headers=[
        ("Content-Type", "application/x-www-form-urlencoded")])
    assert answer.status == 401 and b"ok" not in answer.body.split(b"{")[0]
    assert set(answer.json()) == {"code", "status", "message"}


def test_CVE_2025_3891_a_post_without_content_type(site, tokens):
    for body in (b"", b"x", b"access_token=" + b"A" * 100):
        assert site.get("/p/std", method="POST", body=body).status == 401
        assert site.get("/p/std", tokens.token(), method="POST",
                        body=body).status in (200, 405)


def test_CVE_2026_54431_a_key_in_the_header_vouches_for_nothing(site, tokens):
    own = EVIL.jwk.export(as_dict=True)  # with its private members
    for typ in ("dpop+jwt", "at+jwt"):
        head = tokens.header(EVIL, typ=typ, jwk=own, kid=DROP)
        site.refused("/p/std", tokens.forge(header=head, signer=EVIL),
                     "typ_wrong", "sig_wrong")
    answer = site.get("/p/std", headers=[
        ("Authorization", "DPoP " + tokens.token()),
        ("DPoP", tokens.forge(header=tokens.header(
            EVIL, typ="dpop+jwt", jwk=own), signer=EVIL))])
    assert answer.status == 401


def test_liboauth2_2_2_2_claims_that_are_not_exported_stay_inside(site,
                                                                  tokens):
    # envvars=off was ignored, so that the token stood in the environment
    token = tokens.token(email="a@example")
    seen = site.get("/cgi/env", token).environment()
    assert not [k for k in seen if "EMAIL" in k.upper() or "TOKEN" in k.upper()]
    assert token not in "\n".join(seen.values())


def test_liboauth2_2_3_0_interior_pointers_of_forwarded_headers(site, tokens):
    for value in ("", ",", " , ,", "https://" * 500, "\t", "a, b" * 999):
        headers = [(f"X-Forwarded-{name}", value)
                   for name in ("Host", "Proto", "Port", "For")]
        headers.append(("Forwarded", f"host={value};proto={value}"))
        site.accepted("/p/header", tokens.token())
        assert site.get("/p/header", tokens.token(),
                        headers).status in (200, 400)


def test_liboauth2_one_place_s_verdict_is_not_another_s(site, tokens):
    # verified tokens were cached for all lines together
    token = tokens.token()
    for _ in range(4):
        site.accepted("/p/std", token)
        site.refused("/p/aud-b", token, "aud_wrong")
        site.refused("/p/other", token, "iss_unknown")


@pytest.mark.parametrize("sub", ["alice2", "Alice", "alice", "alice02",
                                 "alice002", "al"])
def test_liboauth2_names_are_not_compared_in_natural_order(serve, base, tokens,
                                                           sub):
    # apr_strnatcmp takes "a02" for "a2"
    server = serve(base().place("alice2", require="Require user alice2")) \
        .warm("/p/alice2", tokens.token(sub="alice2"))
    server.errorlog.allow(NOT_BEARER)
    want = 200 if sub == "alice2" else 403
    assert server.get("/p/alice2", tokens.token(sub=sub)).status == want


def test_mod_authnz_jwt_nobody_is_the_user_anonymous(site, tokens):
    answer = site.get("/p/optional")
    assert answer.status == 200 and answer.header("X-User") == ""
    site.accepted("/p/optional", tokens.token(sub="anonymous"), "anonymous")
    answer = site.get("/p/optional",
                      headers=[("Authorization", tokens.token())])
    assert answer.status == 401, "a header without a scheme"


@pytest.fixture(scope="module")
def narrow(serve, base, issuer, tokens, mpm):
    """A server with one child, and that with one thread."""
    conf = base().place("std").place("two")
    if mpm == "event":
        conf.add("ServerLimit 1", "ThreadsPerChild 1", "MaxRequestWorkers 1",
                 "StartServers 1", "MinSpareThreads 1", "MaxSpareThreads 1")
    else:
        conf.add("MaxRequestWorkers 1", "StartServers 1", "ServerLimit 1",
                 "MaxSpareServers 1")
    server = serve(conf).warm("/p/std", tokens.token())
    assert len(server.workers()) == 1
    return server


HOSTILE = {
    "none": lambda t: t.forge(header={"alg": "none"}, sign=b""),
    "hmac of the key": lambda t: t.forge(
        header=t.header(RSA, alg="HS256"), signer=RSA.pem().encode(),
        alg="HS256"),
    "crit": lambda t: t.forge(header=t.header(crit=["x"])),
    "no json": lambda t: t.forge(payload="{"),
    "expired": lambda t: t.token(exp=1),
    "foreign issuer": lambda t: t.token(iss="https://evil.example"),
    "unknown kid": lambda t: t.token(EVIL),
    "five parts": lambda t: mint.note("e30.AA.AA.AA.AA"),
    "good": lambda t: t.token(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nginx_auth_jwt_0_14_1_no_token_weakens_the_judge_of_the_next(
        narrow, tokens, name):
    # same child, same thread: hostile, forged, hostile, good
    for _ in range(3):
        narrow.get("/p/std", HOSTILE[name](tokens))
        forged = tokens.token(EVIL, {"kid": "rsa1"})
        narrow.refused("/p/std", forged, "sig_wrong")
        narrow.refused("/p/two", forged, "sig_wrong")
        narrow.get("/p/two", HOSTILE[name](tokens))
        narrow.refused("/p/std", tokens.forge(header={"alg": "none"},
                                              sign=b""), "alg_unknown")
        narrow.accepted("/p/std", tokens.token(), "alice")
    assert len(narrow.workers()) == 1


def test_NGX_0_13_one_Require_does_not_speak_for_another(site, tokens):
    for group, level in itertools.product(("staff", "guest"), (1, 2)):
        token = tokens.token(group=group, level=level)
        yes = (group == "staff", level >= 2)
        assert site.get("/p/all", token).status == (200 if all(yes) else 403)
        assert site.get("/p/any", token).status == (200 if any(yes) else 403)


def test_CVE_2025_64527_CVE_2024_45809_two_issuers_and_clients_that_leave(
        serve_once, make_issuer, authority):
    # two tokens cause two fetches; the clients hang up meanwhile
    issuers = [make_issuer(f"/twin{n}", [EC]) for n in range(2)]
    conf = Conf(f"AuthBearerFetch ca={authority.ca} miss=1s timeout=1s",
                f"AuthBearerAudience {AUD}",
                *[f"AuthBearerIssuer {one.url}" for one in issuers])
    server = serve_once(conf.place("x"))
    mints = [Mint(one.url, EC, AUD) for one in issuers]
    for maker in mints:
        server.warm("/p/x", maker.token())
    server.errorlog.allow("MAB0201")
    before = server.workers()
    for one in issuers:
        one.stall(0.3)

    def leave(token):
        with socket.create_connection(("127.0.0.1", server.port), 10) as sock:
            sock.sendall(f"GET /p/x HTTP/1.1\r\nHost: x\r\nAuthorization: "
                         f"Bearer {token}\r\n\r\n".encode())
            # closed at once, with an answer on its way: a reset
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")

    threads = [threading.Thread(target=leave, args=(
        mint.note(maker.token(key("P-256", f"unknown{n}"))),))
        for n in range(12) for maker in mints]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in issuers:
        one.recover()
    for maker in mints:
        server.warm("/p/x", maker.token())
        # those who left may still be being refused: no look at the log here
        answer = server.get("/p/x", maker.token(EVIL))
        assert (answer.status, answer.json()["code"]) in (
            (401, "invalid_token"), (503, "keys_unavailable")), answer
    assert before <= server.workers(), "a child died"


@pytest.mark.parametrize("place", ["optional"])
def test_CVE_2021_21378_an_unknown_issuer_is_not_a_missing_token(site, tokens,
                                                                 place):
    for token in (tokens.token(iss="https://evil.example"),
                  tokens.token(iss=DROP), tokens.token(EVIL),
                  tokens.forge(header={"alg": "none"}, sign=b"")):
        answer = site.get("/p/" + place, token)
        assert answer.status == 401 and answer.header("X-User") in ("", None)


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("secret", ["empty", "pem", "modulus", "jwk"])
def test_CVE_2026_44699_CVE_2026_22817_a_jwk_without_alg_is_no_secret(
        site, alg, secret):
    text = {"empty": b"", "pem": RSA.pem().encode(),
            "modulus": mint.unb64(RSA.public()["n"]),
            "jwk": octets(RSA.public(alg=DROP, use=DROP, kid=DROP))}[secret]
    for kid in (DROP, "", "rsa1"):
        head = site.bare.header(alg=alg, kid=kid)
        site.refused("/p/bare", site.bare.forge(header=head, signer=text,
                                                alg=alg), "alg_forbidden")


# --- classes ----------------------------------------------------------------

@pytest.mark.parametrize("count", [4, 1000, 100_000, 1_000_000])
def test_CVE_2025_27144_CVE_2025_30204_many_dots(site, count):
    for token in ("." * count, "a." * count, "e30." * count):
        answer = site.get("/p/std", headers=[("Authorization",
                                              "Bearer " + token)])
        assert answer.status == 401
        answer = site.get("/p/raw", headers=[("X-Token", token)])
        assert answer.status == 401


def sized(tokens, size):
    """A good token of exactly this many characters, or None: two lengths in
    four exist for a part of base64url."""
    rest = len(tokens.forge(payload=tokens.claims(pad="")))
    for extra in range((size - rest) * 3 // 4 - 4, (size - rest) * 3 // 4 + 4):
        token = tokens.forge(payload=tokens.claims(pad="x" * extra))
        if len(token) == size:
            return token
    return None


def test_CVE_2025_61920_a_token_at_its_limit(site, tokens):
    limit = 16384
    sizes = {}
    for size in range(limit - 3, limit + 5):
        token = sized(tokens, size)
        if token:
            sizes[size] = token
    assert min(sizes) <= limit < max(sizes)
    for size, token in sizes.items():
        assert len(token) == size
        if size <= limit:
            site.accepted("/p/std", token)
        else:
            site.refused("/p/std", token, "token_size")


def test_CVE_2025_61920_a_header_at_its_limit(site, tokens):
    seen = set()
    for extra in range(5700, 6100):
        head = tokens.header(x="y" * extra)
        size = len(b64(octets(head)))
        if not 8190 <= size <= 8195:
            continue
        seen.add(size <= 8192)
        token = tokens.forge(header=head)
        if size <= 8192:
            site.accepted("/p/std", token)
        else:
            site.refused("/p/std", token, "token_size", "header_json")
    assert seen == {True, False}


def test_a_kid_at_its_limit(site, tokens):
    for size, slug in ((1023, "key_unknown"), (1024, "key_unknown"),
                       (1025, "header_kid")):
        head = tokens.header(kid="k" * size)
        site.refused("/p/std", tokens.forge(header=head), slug)


def test_a_payload_with_100_000_members(site, tokens):
    many = ",".join(f'"m{i}":{i}' for i in range(100_000))
    claims = json.dumps(tokens.claims())[:-1] + "," + many + "}"
    site.refused("/p/std", tokens.forge(payload=claims), "token_size")


@pytest.mark.parametrize("depth, good", [(31, True), (32, False),
                                         (2048, False), (4000, False)])
def test_depth_2048(site, tokens, depth, good):
    claims = tokens.claims()
    raw = json.dumps(claims)[:-1] + ',"x":' + "[" * depth + "]" * depth + "}"
    if good:
        site.accepted("/p/std", tokens.forge(payload=raw))
    else:
        site.refused("/p/std", tokens.forge(payload=raw), "payload_json")


def test_CVE_2026_29000_an_encrypted_envelope_vouches_for_nothing(site,
                                                                  tokens):
    inner = b64(octets({"alg": "none"})) + "." + b64(octets(tokens.claims())) \
        + "."
    for head in ({"alg": "RSA-OAEP", "enc": "A128GCM", "cty": "JWT"},
                 {"alg": "dir", "enc": "A128CBC-HS256", "zip": "DEF"},
                 {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM",
                  "p2c": 2 ** 31, "p2s": "AA"}):
        token = ".".join([b64(octets(head)), "AA", "AA", b64(inner), "AA"])
        site.refused("/p/std", mint.note(token), "jws_encrypted")


@pytest.mark.parametrize("typ", [
    "JWT;id", "id_token+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt",
    "oauth-authz-req+jwt", "token-introspection+jwt", "rt+jwt",
    "entity-statement+jwt", "at+jwt ", "at+jwt;x", "at"])
def test_RFC_8725_3_11_another_kind_of_token(site, tokens, typ):
    site.refused("/p/std", tokens.token(header={"typ": typ}), "typ_wrong")


def test_RFC_8725_3_11_an_id_token(site, tokens):
    site.refused("/p/std", tokens.token(header={"typ": "JWT"}, aud="client-1",
                                        nonce="n", at_hash="x"), "aud_wrong")


def test_cache_poisoning_a_key_that_is_gone(serve_once, make_issuer, authority):
    # tokens that were verified before their key was withdrawn
    one = make_issuer("/gone", [EC, OTHER])
    maker = Mint(one.url, EC, AUD)
    server = serve_once(Conf(
        f"AuthBearerFetch ca={authority.ca} miss=1s",
        f"AuthBearerAudience {AUD}").place(
            "x", f"AuthBearerIssuer {one.url}"))
    token = maker.token()
    server.warm("/p/x", token)
    server.accepted("/p/x", token)
    one.keys = [OTHER, key("P-256", "next1")]
    # a token by the new key has the set fetched again
    server.warm("/p/x", maker.token(key("P-256", "next1")))
    server.refused("/p/x", token, "key_unknown")


def test_cache_poisoning_another_configuration(serve_once, issuer, tokens,
                                               base):
    server = serve_once(base().place("x"))
    token = tokens.token()
    server.warm("/p/x", token)
    server.configure(base("AuthBearerAudience https://b.example").place("x"))
    server.graceful()
    for _ in range(4):
        server.refused("/p/x", token, "aud_wrong")


def test_cache_poisoning_two_hosts_with_other_keys(serve_once, base, issuer,
                                                   tokens, other, site):
    conf = base().place("x")
    port = None
    server = serve_once(conf, start=False)
    port = server.port
    conf.section("VirtualHost", f"127.0.0.1:{port}", "ServerName a.example",
                 f"AuthBearerIssuer {issuer.url}")
    conf.section("VirtualHost", f"127.0.0.1:{port}", "ServerName b.example",
                 f"AuthBearerIssuer {other.url}")
    server.configure(conf)
    server.start()
    mine, theirs = tokens.token(), site.other.token()
    server.warm("/p/x", mine, host="a.example")
    server.warm("/p/x", theirs, host="b.example")
    for _ in range(4):
        assert server.get("/p/x", mine, host="a.example").status == 200
        assert server.get("/p/x", mine, host="b.example").status == 401
        assert server.get("/p/x", theirs, host="b.example").status == 200
        assert server.get("/p/x", theirs, host="a.example").status == 401


def test_regex_redos(site, tokens):
    site.accepted("/p/regex", tokens.token(x="aaaa"))
    site.errorlog.allow("AH|MAB")
    answer = site.get("/p/regex", tokens.token(x="a" * 8000 + "!"))
    assert answer.status in (403, 500)


@pytest.mark.parametrize("sub", ["x" * 10000, "a%0d%0aSet-Cookie: a=b",
                                 "${jndi:ldap://x}", "() { :;}; id",
                                 "<script>", "%{env:PATH}", "%s%n"])
def test_subjects_are_data_wherever_they_go(site, tokens, sub):
    answer = site.accepted("/p/header", tokens.token(sub=sub), sub)
    assert answer.header("Seen-X-User-Id") == sub
    assert answer.header("Set-Cookie") is None
    assert site.get("/cgi/env", tokens.token(
        sub=sub)).environment()["REMOTE_USER"] == sub
