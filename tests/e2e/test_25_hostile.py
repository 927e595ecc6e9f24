# SPDX-License-Identifier: Apache-2.0
"""Attacks on JWT verifiers, one row each: known CVE classes, and the tokens on
which Debian's cjose aborts."""
import json
import time

import pytest

from testenv import mint
from testenv.mint import DROP, Mint, b64, key, octets

RSA, EC = key("RSA", "rsa1"), key("P-256", "ec1")
ED = key("Ed25519", "ed1")
EVIL = key("RSA", "evil")
SECRET = key("oct", "secret1")
N = mint.order(EC)

#: keys that an issuer may publish and we must not use
PUBLISHED = [
    (key("RSA", "enc1"), {"use": "enc"}),
    (key("RSA", "ops1"), {"use": DROP, "key_ops": ["encrypt"]}),
    (key("RSA", "oaep1"), {"alg": "RSA-OAEP"}),
    (key("RSA1024", "weak1"), {}),
    (key("RSA", "only256"), {"alg": "RS256"}),
    (key("secp256k1", "k1"), {}),
]


@pytest.fixture(scope="module")
def evil(make_issuer):
    """Where embedded URLs point: nobody may ever ask here."""
    return make_issuer(keys=[EVIL], tls=False)


@pytest.fixture(scope="module")
def bad_keys(make_issuer):
    """An issuer that publishes keys we must not use, and one good key."""
    published = [k.public(**more) for k, more in PUBLISHED]
    secret = {"kty": "oct", "kid": "oct1", "alg": "HS256",
              "k": b64(SECRET.secret())}
    odd = [{}, {"kty": "rsa"}, {"kty": "RSA"}, {"kty": 1}, 1, None, "x",
           {"kty": "EC", "crv": "P-256", "x": "A", "y": "A", "kid": "a="},
           {"kty": "RSA", "n": "A=", "e": "AQAB", "kid": "abort1"},
           {"kty": "RSA", "n": "AAAAA===", "e": "A=", "kid": "abort2"},
           {"kty": "oct", "k": "A=", "kid": "abort3"},
           RSA.public(kid="e1", e="AQ"), RSA.public(kid="e2", e="Ag"),
           RSA.public(kid="e0", e="AA"), RSA.public(kid="e65",
                                                    e=b64(b"\xff" * 9)),
           EC.public(kid="off", x=EC.public()["y"])]
    return make_issuer("/bad", odd + published + [secret, RSA.public()])


@pytest.fixture(scope="module")
def bad(bad_keys):
    return Mint(bad_keys.url, RSA, mint.AUDIENCE)


@pytest.fixture(scope="module")
def site(serve, base, issuer, tokens, bad_keys, bad, authority):
    path = authority.folder / "secret"
    path.write_bytes(SECRET.secret())
    path.chmod(0o600)
    secret = f"AuthBearerIssuer https://shared.example secret=file:{path}"
    conf = base().place("std").place("secret", secret) \
        .place("both", secret, f"AuthBearerIssuer {issuer.url}") \
        .place("bad", f"AuthBearerIssuer {bad_keys.url}") \
        .place("two", f"AuthBearerIssuer {issuer.url}",
               f"AuthBearerIssuer {bad_keys.url}") \
        .place("raw", "AuthBearerSource header:X-Token")
    server = serve(conf)
    server.errorlog.allow_always("MAB0202: issuer .*/bad: .* keys not used")
    server.warm("/p/std", tokens.token()).warm("/p/bad", bad.token())
    yield server
    # after all this, no key leaked from one token into the judgement of the
    # next (a bug of nginx-auth-jwt)
    server.accepted("/p/std", tokens.token(), "alice")
    server.refused("/p/std", tokens.token(EVIL, {"kid": "rsa1"}), "sig_wrong")


@pytest.fixture(autouse=True)
def the_same_children(site):
    before = site.workers()
    yield
    assert before <= site.workers(), "a child died"


def payload(tokens, raw, *without):
    """Claims with members taken away, and raw JSON text added at the end."""
    claims = tokens.claims(**{name: DROP for name in without})
    return json.dumps(claims)[:-1] + ", " + raw + "}"


# --- the form of a token ----------------------------------------------------

@pytest.mark.parametrize("token", [
    "a", "abc", ".", "..", "...", "....", ".....", "......", "a.", ".a",
    "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c.d.e", "a.b.c.d.e.f",
    "." * 15000, "a." * 7000, "e30.e30.e30", "e30.e30.", "W10.e30.AA",
    "bnVsbA.e30.AA", "MQ.e30.AA", "IiI.e30.AA", "A" * 16000,
    "A" * 20000, "A" * 60000, "e30." + "A" * 30000 + ".AA"],
    ids=lambda t: f"{t[:12]} ({len(t)})")
def test_odd_forms(site, token):
    site.refused("/p/std", token, "jws_parts", "jws_encrypted", "token_size",
                 "b64_length", "b64_alphabet", "b64_canonical", "header_json",
                 "alg_missing", "token_format")


def test_one_dot_fewer_or_more(site, tokens):
    good = tokens.token()
    head, body, sign = good.split(".")
    site.refused("/p/std", f"{head}.{body}", "jws_parts")
    site.refused("/p/std", f"{head}.{body}.", "sig_length")
    site.refused("/p/std", f"{good}.", "jws_parts")
    site.refused("/p/std", f".{good}", "jws_parts")
    site.refused("/p/std", f"{head}..{sign}", "payload_json", "b64_length",
                 "sig_wrong")
    site.refused("/p/std", f"{good}.a", "jws_parts")
    site.refused("/p/std", f"{good}.a.b", "jws_encrypted")


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload",
                                                 "signature"])
@pytest.mark.parametrize("text", ["A=", "A===", "A=AA", "AAAAA===", "=", "====",
                                  "AA==", "AAA=", "A", "A=.x.y", "AAAAA",
                                  "=AAAA", "AAAA=AAA"])
def test_parts_that_kill_cjose(site, tokens, part, text):
    parts = tokens.token().split(".")
    for replaced in (text, parts[part] + text):
        changed = parts[:part] + [replaced] + parts[part + 1:]
        token = mint.note(".".join(changed))
        for place, headers in (
                ("/p/std", [("Authorization", "Bearer " + token)]),
                ("/p/raw", [("X-Token", token)])):
            answer = site.get(place, headers=headers)
            assert answer.status == 401
            assert answer.json()["code"] in (
                "invalid_token", "auth.authorization_token_invalid_format")


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload",
                                                 "signature"])
@pytest.mark.parametrize("text", ["+", "/", "~", "=", "==", "==x", "%41",
                                  "\t!", "!", "*", "\xe9"], ids=ascii)
def test_characters_outside_base64url(site, tokens, part, text):
    parts = tokens.token().split(".")
    parts[part] += text
    site.refused("/p/std", mint.note(".".join(parts)), "b64_alphabet",
                 "b64_length", "token_format")


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload",
                                                 "signature"])
def test_only_the_canonical_spelling(site, tokens, part):
    # one token has one spelling: the last character's spare bits are zero
    sizes = {0: {"pad": "x"}, 1: {}, 2: {}}
    for extra in range(8):
        token = tokens.forge(header=tokens.header(**sizes[part],
                                                  x="y" * extra),
                             payload=tokens.claims(x="y" * extra))
        parts = token.split(".")
        if len(parts[part]) % 4 == 0:
            continue
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
                   "0123456789-_"
        last = alphabet.index(parts[part][-1])
        parts[part] = parts[part][:-1] + alphabet[last + 1]
        site.refused("/p/std", mint.note(".".join(parts)), "b64_canonical")
        return
    pytest.fail("no spelling with spare bits found")


def test_json_serialisations(site, tokens):
    head, body, sign = tokens.token().split(".")
    flat = json.dumps({"protected": head, "payload": body, "signature": sign})
    site.refused("/p/std", b64(flat), "jws_parts")
    site.refused("/p/std", flat.replace(" ", ""), "token_format")


@pytest.mark.parametrize("size", [8000, 8193, 9000, 12000])
def test_a_large_header(site, tokens, size):
    head = tokens.header(x5c=["M" * (size * 3 // 4 - 100)])
    token = tokens.forge(header=head, payload=tokens.claims())
    if len(token.split(".")[0]) <= 8192:
        site.accepted("/p/std", token)
    else:
        site.refused("/p/std", token, "token_size", "header_json")


@pytest.mark.parametrize("head", [
    "", "null", "[]", "1", '"x"', "{", "{}x", '{"alg":"ES256"}x',
    '{"alg":"ES256",}', '{"alg":"ES256"}\0', '{"alg":"ES256" /* */}',
    "\ufeff{\"alg\":\"ES256\"}", '{"alg":"ES256","alg":"ES256"}',
    '{"alg":"none","alg":"ES256"}', '{"alg":"ES256","\\u0061lg":"none"}',
    '{"alg":"ES256","kid":"ec1","kid":"ec1"}',
    '{"alg":"ES256","x":{"y":1,"y":2}}', '{"alg":"ES256","x":"\\u0000"}',
    '{"alg":"ES256","x\\u0000":1}', "{'alg':'ES256'}",
    b'{"alg":"ES256","x":"\xff"}', b'{"alg":"ES256","x":"\xc0\xaf"}',
    '{"alg":"ES256","x":' + "[" * 40 + "]" * 40 + "}",
    '{"alg":"ES256","x":' + "[" * 2500 + "]" * 2500 + "}",
    '{"alg":"ES256","x":' + "[" * 5000, '{"alg":"ES256","x":1e999}',
], ids=lambda h: ascii(h)[:40])
def test_headers_that_are_no_json_object(site, tokens, head):
    site.refused("/p/std", tokens.forge(header=head), "header_json")


# --- alg --------------------------------------------------------------------

@pytest.mark.parametrize("alg", [
    "none", "None", "NONE", "nOnE", "none ", " none", "", " ES256", "ES256 ",
    "es256", "ES256\n", "ES256\\u0000", "ES256K", "ES257", "ES", "HS1",
    "RSA-OAEP", "dir", "A128KW", "PBES2-HS256+A128KW", "ed25519", "RS256,none",
    "ES256" * 200], ids=lambda a: ascii(a)[:30])
@pytest.mark.parametrize("sign", [None, b""], ids=["signed", "unsigned"])
def test_unknown_algorithms(site, tokens, alg, sign):
    head = json.dumps(tokens.header(alg=alg))
    head = head.replace("\\\\u0000", "\\u0000")
    site.refused("/p/std", tokens.forge(header=head, sign=sign),
                 "alg_unknown", "alg_missing", "alg_forbidden", "header_json")


@pytest.mark.parametrize("alg", [DROP, None, 1, True, [], ["ES256"], {},
                                 {"alg": "ES256"}],
                         ids=lambda a: "absent" if a is DROP else str(a))
def test_no_algorithm(site, tokens, alg):
    for sign in (None, b""):
        site.refused("/p/std", tokens.forge(header=tokens.header(alg=alg),
                                            sign=sign),
                     "alg_missing", "alg_unknown")


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("what", ["pem", "pem stripped", "der", "jwk",
                                  "jwk compact", "modulus", "modulus text",
                                  "empty"])
@pytest.mark.parametrize("place", ["std", "both", "bad"])
def test_a_public_key_is_no_secret(site, tokens, bad, alg, what, place):
    # RS to HS confusion
    public = RSA.public()
    secret = {"pem": RSA.pem().encode(),
              "pem stripped": RSA.pem().strip().encode(),
              "der": RSA.der(), "jwk": json.dumps(public).encode(),
              "jwk compact": octets(public),
              "modulus": mint.unb64(public["n"]),
              "modulus text": public["n"].encode(), "empty": b""}[what]
    maker = bad if place == "bad" else tokens
    for kid in ("rsa1", DROP):
        token = maker.forge(header=maker.header(alg=alg, kid=kid),
                            signer=secret, alg=alg)
        site.refused("/p/" + place, token, "alg_forbidden")


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_published_secret_is_no_secret(site, bad, alg):
    token = bad.forge(header=bad.header(alg=alg, kid="oct1"), signer=SECRET,
                      alg=alg)
    site.refused("/p/bad", token, "alg_forbidden")


@pytest.mark.parametrize("alg, signer, kid", [
    ("PS256", key("RSA", "only256"), "only256"),
    ("RS512", key("RSA", "only256"), "only256"),
    ("RS256", key("RSA", "enc1"), "enc1"),
    ("RS256", key("RSA", "ops1"), "ops1"),
    ("RS256", key("RSA", "oaep1"), "oaep1"),
    ("PS256", key("RSA", "oaep1"), "oaep1"),
    ("RS256", key("RSA1024", "weak1"), "weak1"),
    ("ES256", key("secp256k1", "k1"), "k1"),
    ("RS256", RSA, "e1"), ("RS256", RSA, "e2"), ("RS256", RSA, "e0"),
    ("RS256", RSA, "e65"), ("RS256", RSA, "abort1"), ("ES256", EC, "off"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_keys_that_must_not_be_used(site, bad, alg, signer, kid):
    token = bad.forge(header=bad.header(alg=alg, kid=kid), signer=signer,
                      alg=alg)
    site.refused("/p/bad", token, "key_unfit", "key_unknown")


@pytest.mark.parametrize("alg, signer", [
    ("ES256", key("P-384", "ec3")), ("ES512", EC), ("ES384", EC),
    ("ES256", key("P-521", "ec5")), ("ES256", RSA), ("RS256", EC),
    ("EdDSA", EC), ("EdDSA", RSA), ("ES256", ED), ("RS256", ED),
    ("PS256", EC)], ids=lambda v: v if isinstance(v, str) else v.kid)
def test_an_algorithm_with_a_key_of_another_kind(site, tokens, alg, signer):
    head = tokens.header(alg=alg, kid=signer.kid)
    own = alg if signer.alg[:2] == alg[:2] else signer.alg
    site.refused("/p/std", tokens.forge(header=head, signer=signer, alg=own),
                 "key_unfit")


# --- crit, b64, zip, enc, embedded keys -------------------------------------

@pytest.mark.parametrize("crit", [[], ["exp"], ["b64"], ["alg"], ["x"], "b64",
                                  None, 1, {}, [1], [["b64"]], True], ids=str)
def test_crit(site, tokens, crit):
    head = tokens.header(crit=crit)
    site.refused("/p/std", tokens.forge(header=head), "header_crit")
    head = tokens.header(crit=crit, x=1, exp=1)
    site.refused("/p/std", tokens.forge(header=head), "header_crit")


@pytest.mark.parametrize("value", [False, True, None, 0, "false"], ids=str)
def test_b64(site, tokens, value):
    head = tokens.header(b64=value)
    site.refused("/p/std", tokens.forge(header=head), "header_b64")
    head = tokens.header(b64=value, crit=["b64"])
    site.refused("/p/std", tokens.forge(header=head), "header_b64",
                 "header_crit")


@pytest.mark.parametrize("more, slug", [
    ({"zip": "DEF"}, "header_zip"), ({"zip": "none"}, "header_zip"),
    ({"zip": None}, "header_zip"), ({"enc": "A128GCM"}, "header_enc"),
    ({"enc": None}, "header_enc"), ({"enc": "x", "p2c": 2 ** 31},
                                    "header_enc")], ids=str)
def test_compressed_and_encrypted(site, tokens, more, slug):
    site.refused("/p/std", tokens.forge(header=tokens.header(**more)), slug)


def test_five_parts_are_refused_before_any_cryptography(site, tokens):
    for head in ({"alg": "dir", "enc": "A128GCM"},
                 {"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"},
                 {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM",
                  "p2c": 2 ** 31, "p2s": "AAAA"},
                 tokens.header()):
        token = ".".join([b64(octets(head)), b64("k" * 40), b64("i" * 12),
                          b64("c" * 60), b64("t" * 16)])
        site.refused("/p/std", mint.note(token), "jws_encrypted")


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "x5t",
                                  "x5t#S256", "everything"])
def test_embedded_keys_are_ignored(site, tokens, evil, name):
    every = {"jwk": EVIL.public(), "jku": evil.jwks_uri,
             "x5u": evil.origin + "/cert",
             "x5c": [mint.base64.b64encode(EVIL.der()).decode()],
             "x5t": mint.thumbprint(EVIL.der())[:27],
             "x5t#S256": mint.thumbprint(EVIL.der())}
    more = every if name == "everything" else {name: every[name]}
    site.accepted("/p/std", tokens.forge(header=tokens.header(**more)))
    for kid, slug in (("rsa1", "sig_wrong"), ("evil", "key_unknown"),
                      (DROP, "sig_wrong")):
        head = tokens.header(alg="RS256", kid=kid, **more)
        site.refused("/p/std", tokens.forge(header=head, signer=EVIL), slug)
    assert evil.count() == 0


@pytest.mark.parametrize("more", [{"jwk": 1}, {"jku": None}, {"x5c": {}},
                                  {"x5t": ["x"] * 500}, {"cty": "JWT"},
                                  {"": ""}, {"alg2": "none"}, {"ALG": "none"},
                                  {"Alg": "none"}, {"al": "none"}], ids=str)
def test_odd_members_of_a_header_do_not_matter(site, tokens, more):
    site.accepted("/p/std", tokens.forge(header=tokens.header(**more)))


# --- kid --------------------------------------------------------------------

@pytest.mark.parametrize("kid", [
    "../../../../dev/null", "/dev/null", "file:///etc/passwd", "|id", "$(id)",
    "' OR '1'='1", "ec1' UNION SELECT 'x", "%n%n%n%s%s", "%s" * 100, "EC1",
    "ec1 ", " ec1", "ec", "ec11", "http://127.0.0.1:1/", "k" * 1000,
    "a\r\nSet-Cookie: x=1", "\x1b[31mred", "\u202eevil", "kéy"],
    ids=lambda k: ascii(k)[:30])
def test_a_kid_is_only_ever_compared(site, tokens, kid):
    token = tokens.forge(header=tokens.header(kid=kid))
    site.refused("/p/std", token, "key_unknown")
    lines = site.errorlog.matching("key_unknown: ")
    assert len(lines) == 1
    assert all(" " <= c <= "~" for c in lines[0]), "log injection"


@pytest.mark.parametrize("kid", [1, False, True, [], ["ec1"], {}, "k" * 1025,
                                 "k" * 4000], ids=lambda k: str(k)[:20])
def test_a_kid_that_is_no_usable_string(site, tokens, kid):
    site.refused("/p/std", tokens.forge(header=tokens.header(kid=kid)),
                 "header_kid")


def test_an_empty_kid(site, tokens):
    site.refused("/p/std", tokens.forge(header=tokens.header(kid="")),
                 "key_unknown", "header_kid")


def test_a_key_of_another_issuer(site, tokens, bad):
    # the key is known at this place, but to the other issuer
    site.accepted("/p/two", bad.token())
    site.accepted("/p/two", tokens.token())
    site.refused("/p/two", bad.token(EC), "key_unknown")
    site.refused("/p/two", tokens.token(key("RSA", "only256")),
                 "key_unknown")


# --- signatures -------------------------------------------------------------

def pair(r, s, size=32):
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


@pytest.mark.parametrize("sign, slug", [
    pytest.param(pair(0, 0), "sig_wrong", id="r=s=0"),
    pytest.param(pair(0, 1), "sig_wrong", id="r=0"),
    pytest.param(pair(1, 0), "sig_wrong", id="s=0"),
    pytest.param(pair(N, N), "sig_wrong", id="r=s=n"),
    pytest.param(pair(N, 1), "sig_wrong", id="r=n"),
    pytest.param(pair(1, N), "sig_wrong", id="s=n"),
    pytest.param(pair(1, N + 1), "sig_wrong", id="s=n+1"),
    pytest.param(pair(2 ** 256 - 1, 2 ** 256 - 1), "sig_wrong", id="all ones"),
    pytest.param(b"", "sig_length", id="empty"),
    pytest.param(b"\0", "sig_length", id="1 byte"),
    pytest.param(b"\0" * 63, "sig_length", id="63 bytes"),
    pytest.param(b"\0" * 65, "sig_length", id="65 bytes"),
    pytest.param(b"\0" * 96, "sig_length", id="96 bytes"),
    pytest.param(b"\0" * 132, "sig_length", id="132 bytes"),
    pytest.param(b"\0" * 256, "sig_length", id="256 bytes"),
    pytest.param(b"\0" * 4000, "sig_length", id="4000 bytes"),
])
def test_psychic_signatures(site, tokens, sign, slug):
    site.refused("/p/std", tokens.forge(sign=sign), slug)


def test_a_good_signature_in_another_dress(site, tokens):
    token = tokens.token()
    first, sign = token.rsplit(".", 1)
    raw = mint.unb64(sign)
    r, s = raw[:32], raw[32:]
    der = b"\x30\x44\x02\x20" + r + b"\x02\x20" + s
    for dress in (b"\0" + r + b"\0" + s, raw + b"\0", b"\0" + raw, der,
                  b"\0" * 68 + r + b"\0" * 68 + s, raw[:-1]):
        site.refused("/p/std", mint.note(f"{first}.{b64(dress)}"),
                     "sig_length")


@pytest.mark.parametrize("curve, kid", [
    ("P-256", "ec1"), ("P-384", "ec3"), ("P-521", "ec5")])
def test_the_twin_of_a_signature(site, tokens, curve, kid):
    # (r, n-s) is a signature, too; so a token's text is no identity
    signer = key(curve, kid)
    token = tokens.token(signer)
    twin = mint.note(mint.twin(token, signer))
    assert twin != token and mint.twin(twin, signer) == token
    for one in (token, twin):
        site.accepted("/p/std", one, "alice")


@pytest.mark.parametrize("change, slug", [
    (lambda s: s[:-1], "sig_length"), (lambda s: s + b"\0", "sig_length"),
    (lambda s: b"\0" + s, "sig_length"), (lambda s: b"", "sig_length"),
    (lambda s: s[::-1], "sig_wrong"), (lambda s: b"\0" * 256, "sig_wrong"),
    (lambda s: b"\xff" * 256, "sig_wrong")],
    ids=["short", "long", "prefixed", "empty", "reversed", "zero", "ones"])
@pytest.mark.parametrize("alg", ["RS256", "PS256"])
def test_rsa_signatures(site, tokens, alg, change, slug):
    first, sign = tokens.token(RSA, {"alg": alg}).rsplit(".", 1)
    changed = mint.note(f"{first}.{b64(change(mint.unb64(sign)))}")
    site.refused("/p/std", changed, slug)


def test_a_pss_signature_without_its_leading_zero(site, tokens):
    for _ in range(3000):
        head = b64(octets(tokens.header(RSA, alg="PS256")))
        first = head + "." + b64(octets(tokens.claims()))
        sign = mint.signature("PS256", RSA, first.encode())
        if sign[0] == 0:
            break
    site.accepted("/p/std", mint.note(f"{first}.{b64(sign)}"))
    site.refused("/p/std", mint.note(f"{first}.{b64(sign[1:])}"),
                 "sig_length")


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256"])
def test_a_signature_by_another_algorithm_of_the_same_key(site, tokens, alg):
    head = tokens.header(RSA)
    site.refused("/p/std", tokens.forge(header=head, signer=RSA, alg=alg),
                 "sig_wrong")


@pytest.mark.parametrize("length", [0, 1, 16, 31, 33, 48, 64, 1000])
def test_short_hmacs_read_nothing(site, length):
    # cjose compares past the end of a short one
    shared = Mint("https://shared.example", SECRET, mint.AUDIENCE)
    token = shared.token(header={"alg": "HS256"})
    first, sign = token.rsplit(".", 1)
    raw = (mint.unb64(sign) + b"\0" * 1000)[:length]
    site.refused("/p/secret", mint.note(f"{first}.{b64(raw)}"), "sig_length")


@pytest.mark.parametrize("length", [0, 63, 65, 32, 128])
def test_eddsa_lengths(site, tokens, length):
    head = tokens.header(ED)
    site.refused("/p/std", tokens.forge(header=head, sign=b"\1" * length),
                 "sig_length")


# --- issuer and audience ----------------------------------------------------

def test_issuers_are_compared_byte_for_byte(site, tokens, issuer):
    url = issuer.url
    for iss in ("http", "https", "https://", url[:-1], url + "/", url[:-5],
                url + "x", url.upper(), url.replace("oidc", "OIDC"),
                url.replace("https", "http"), url.replace("/oidc", "//oidc"),
                url.replace("127.0.0.1", "localhost"), " " + url, url + " ",
                url + "#", url + "?", url + "/../oidc", url + "\\u0000", "*",
                "https://evil.example", url + "\n", url + "%00", url * 2):
        raw = payload(tokens, f'"iss": "{iss}"'.replace("\n", "\\n"), "iss")
        slug = "payload_json" if "u0000" in iss else "iss_unknown"
        site.refused("/p/std", tokens.forge(payload=raw), slug)


@pytest.mark.parametrize("iss", [DROP, None, 1, True, [], {}, ["URL"],
                                 {"URL": 1}, ""],
                         ids=lambda v: "absent" if v is DROP else str(v))
def test_an_issuer_that_is_no_string(site, tokens, issuer, iss):
    if iss == ["URL"]:
        iss = [issuer.url]
    site.refused("/p/std", tokens.token(iss=iss), "iss_missing",
                 "iss_unknown")


AUD = mint.AUDIENCE


@pytest.mark.parametrize("aud, slug", [
    pytest.param(aud, slug, id=str(aud)[:40] if aud is not DROP else "absent")
    for aud, slug in [
        (DROP, "aud_missing"), (None, "aud_missing"), ([], "aud_wrong"),
        ("", "aud_wrong"), (AUD[:-1], "aud_wrong"), (AUD + "/", "aud_wrong"),
        (AUD + " ", "aud_wrong"), (" " + AUD, "aud_wrong"),
        (AUD + " x", "aud_wrong"), ("x " + AUD, "aud_wrong"),
        (AUD + "," + AUD, "aud_wrong"), (AUD.upper(), "aud_wrong"),
        (AUD.replace("https", "http"), "aud_wrong"), ("api", "aud_wrong"),
        ("https://", "aud_wrong"), ("*", "aud_wrong"), ("any", "aud_wrong"),
        ([""], "aud_wrong"), (["x", "y"], "aud_wrong"),
        (["x"] * 1200, "aud_wrong"), ([[AUD]], "aud_invalid"),
        ([1], "aud_invalid"), ([AUD, 1], "aud_invalid"),
        ([[AUD], AUD], "aud_invalid"), ([AUD, None], "aud_invalid"),
        ({AUD: 1}, "aud_invalid"), ({"x": 1}, "aud_invalid"),
        (1, "aud_invalid"), (True, "aud_invalid"), (False, "aud_invalid")]])
def test_audiences(site, tokens, aud, slug):
    site.refused("/p/std", tokens.token(aud=aud), slug)


def test_good_audiences(site, tokens):
    for aud in (AUD, [AUD], ["x", AUD], [AUD] * 3, ["x"] * 1000 + [AUD]):
        site.accepted("/p/std", tokens.token(aud=aud))


# --- claims that look like others -------------------------------------------

@pytest.mark.parametrize("name", ["", "e", "ex", "EXP", "Exp", "expx", "exp "])
def test_a_name_that_begins_like_exp_is_not_exp(site, tokens, name):
    site.refused("/p/std", tokens.token(exp=DROP, **{name: 9999999999}),
                 "exp_missing")
    site.refused("/p/std", tokens.token(exp=1, **{name: 9999999999}),
                 "expired")


@pytest.mark.parametrize("name", ["", "a", "au", "AUD", "aud "])
def test_a_name_that_begins_like_aud_is_not_aud(site, tokens, name):
    site.refused("/p/std", tokens.token(aud=DROP, **{name: AUD}),
                 "aud_missing")
    site.refused("/p/std", tokens.token(aud="x", **{name: AUD}), "aud_wrong")


@pytest.mark.parametrize("raw", [
    '"sub": "bob"', '"s\\u0075b": "bob"', '"exp": 9999999999',
    '"aud": "x"', '"iss": "x"', '"x": {"a": 1, "a": 1}',
    '"x": [{"a": 1, "\\u0061": 1}]'])
def test_members_twice(site, tokens, raw):
    site.refused("/p/std", tokens.forge(payload=payload(tokens, raw)),
                 "payload_json")


# --- numbers ----------------------------------------------------------------

HUGE = {"01": "payload_json",
        "+1": "payload_json", "NaN": "payload_json",
        "Infinity": "payload_json", "0x10": "payload_json",
        "1.": "payload_json", "": "payload_json"}
WRONG = ["1e300", "-1e300", "9223372036854775807", "-9223372036854775808",
         "1e400", "-1e400", "99999999999999999999", "-18446744073709551616",
         "18446744083709551615",
         '"123"', '"9999999999"', "true", "false", "[null]", "[]", "{}",
         "[9999999999]", '""']


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", list(HUGE) + WRONG)
def test_numbers_that_are_no_time(site, tokens, name, value):
    raw = payload(tokens, f'"{name}": {value}', name)
    site.refused("/p/std", tokens.forge(payload=raw),
                 HUGE.get(value, name + "_invalid"))


@pytest.mark.parametrize("name, slug", [
    ("exp", "exp_missing"), ("nbf", None), ("iat", None)])
def test_times_that_are_null_are_absent(site, tokens, name, slug):
    token = tokens.forge(payload=payload(tokens, f'"{name}": null', name))
    if slug:
        site.refused("/p/std", token, slug)
    else:
        site.accepted("/p/std", token)


@pytest.mark.parametrize("value", [
    "18446744073709551615", "-18446744073709551616", "1e400", "-1E+400",
    "1.5e999999999999", "9" * 4096, "[1, {\"y\": 99999999999999999999}]"],
    ids=lambda value: value[:24])
def test_numbers_that_nothing_holds_break_nothing(site, tokens, value):
    raw = payload(tokens, f'"x": {value}')
    site.accepted("/p/std", tokens.forge(payload=raw))
    # the header is read by cjose, too
    header = json.dumps(tokens.header())[:-1] + f', "x": {value}}}'
    site.refused("/p/std", tokens.forge(header=header), "header_json")


@pytest.mark.parametrize("value", ["9" * 4097, "1e400.", "1e400.5", "1e", "-",
                                   "1e400e1", "018446744073709551615", ".1e400",
                                   "+1e400", "1e+-400", "1_0"],
                         ids=lambda value: value[:24])
def test_numbers_that_are_none(site, tokens, value):
    raw = payload(tokens, f'"x": {value}')
    site.refused("/p/std", tokens.forge(payload=raw), "payload_json")


@pytest.mark.parametrize("value", ["-1", "0", "1", "1.5", "-0.0", "1e3",
                                   "1e-300", "-999999999999"])
def test_times_long_ago(site, tokens, value):
    raw = payload(tokens, f'"exp": {value}', "exp")
    site.refused("/p/std", tokens.forge(payload=raw), "expired")
    for name in ("nbf", "iat"):
        raw = payload(tokens, f'"{name}": {value}', name)
        site.accepted("/p/std", tokens.forge(payload=raw))


@pytest.mark.parametrize("value", ["9999999999", "9999999999.75", "1e10",
                                   "999999999999999"])
def test_times_far_ahead(site, tokens, value):
    raw = payload(tokens, f'"exp": {value}', "exp")
    site.refused("/p/std", tokens.forge(payload=raw), "exp_far")
    raw = payload(tokens, f'"nbf": {value}', "nbf")
    site.refused("/p/std", tokens.forge(payload=raw), "not_yet")
    raw = payload(tokens, f'"iat": {value}', "iat")
    site.refused("/p/std", tokens.forge(payload=raw), "iat_future")


@pytest.mark.parametrize("form", ["{}", "{}.75", "{}e0", "0.{}e10"])
def test_times_some_years_ahead(site, tokens, form):
    value = form.format(int(time.time()) + 9 * 365 * 86400)
    raw = payload(tokens, f'"exp": {value}', "exp")
    site.accepted("/p/std", tokens.forge(payload=raw))


# --- strings and shapes -----------------------------------------------------

@pytest.mark.parametrize("raw", [
    b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}{}", b"{} x", b"\xef\xbb\xbf",
    b"not json", b"\0", b"\xff\xfe{\0}\0"], ids=ascii)
def test_payloads_that_are_no_object(site, tokens, raw):
    site.refused("/p/std", tokens.forge(payload=raw), "payload_json",
                 "b64_length")


@pytest.mark.parametrize("value", [
    b'"\\u0000"', b'"a\\u0000b"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff"',
    b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xe2\x82"',
    b'"a\nb"', b'"\x01"', b'"\\x41"', b"'a'"], ids=ascii)
def test_strings_that_are_none(site, tokens, value):
    raw = payload(tokens, '"sub": @@', "sub").encode().replace(b"@@", value)
    site.refused("/p/std", tokens.forge(payload=raw), "payload_json")


def test_a_byte_order_mark(site, tokens):
    raw = b"\xef\xbb\xbf" + octets(tokens.claims())
    site.refused("/p/std", tokens.forge(payload=raw), "payload_json")


@pytest.mark.parametrize("sub", [
    DROP, "", " ", "   ", "\t", "\n", "\r\n", "a\nb", "a\rb", "a\x7fb",
    "\x1b[0m", 1, None, True, [], ["alice"], {}, 0.5],
    ids=lambda s: "absent" if s is DROP else ascii(s))
def test_subjects_that_name_nobody(site, tokens, sub):
    # an empty user passes "Require valid-user"
    site.refused("/p/std", tokens.token(sub=sub), "subject_missing")


@pytest.mark.parametrize("sub", ["alice", "a b", "0", "x" * 5000, "a%n%s",
                                 "a:b", "a/../b", "a'b", "<b>"])
def test_subjects_that_are_odd_but_good(site, tokens, sub):
    site.accepted("/p/std", tokens.token(sub=sub), sub)


def test_a_subject_beyond_ascii(site, tokens):
    answer = site.accepted("/p/std", tokens.token(sub="zoë"))
    assert answer.header("X-User").encode("latin-1").decode() == "zoë"


def test_a_subject_larger_than_any_token(site, tokens):
    site.refused("/p/std", tokens.token(sub="x" * 40000), "token_size")


@pytest.mark.parametrize("depth, good", [(10, True), (28, True), (40, False),
                                         (2000, False)])
def test_depth(site, tokens, depth, good):
    for left, right in (("[", "]"), ('{"a":', "}")):
        raw = payload(tokens, f'"x": {left * depth}1{right * depth}')
        token = tokens.forge(payload=raw)
        if len(token) > 16384:
            continue
        if good:
            site.accepted("/p/std", token)
        else:
            site.refused("/p/std", token, "payload_json")


def test_many_members(site, tokens):
    many = {f"c{i}": i for i in range(700)}
    site.accepted("/p/std", tokens.token(**many))


def test_log_injection_by_claims(site, tokens):
    evil = "x\n[Mon Jan 01 00:00:00 2029] [core:emerg] [pid 1] forged\x1b[31m"
    for token in (tokens.token(iss=evil), tokens.token(header={"typ": evil}),
                  tokens.forge(header=tokens.header(alg=evil)),
                  tokens.token(sub=evil), tokens.token(aud=evil)):
        assert site.get("/p/std", token).status == 401
    for line in site.errorlog.recent():
        assert not line.startswith("[Mon Jan 01 00:00:00 2029]")
        assert "\x1b" not in line
