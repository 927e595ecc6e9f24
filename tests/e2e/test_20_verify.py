# SPDX-License-Identifier: Apache-2.0
"""Good tokens of every kind, and what makes a token good."""
import time

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.mint import DROP, Mint, key

RSA, EC = key("RSA", "rsa1"), key("P-256", "ec1")
SECRET = key("oct", "secret1")
SIGNERS = {"RS": RSA, "PS": RSA, "HS": SECRET, "ES256": EC,
           "ES384": key("P-384", "ec3"), "ES512": key("P-521", "ec5"),
           "EdDSA": key("Ed25519", "ed1")}
ALGS = [family + size for family in ("RS", "PS", "ES")
        for size in ("256", "384", "512")] + ["EdDSA"]
HS = ["HS256", "HS384", "HS512"]


def signer(alg):
    return SIGNERS.get(alg) or SIGNERS[alg[:2]]


@pytest.fixture(scope="module")
def secret_file(authority):
    path = authority.folder / "secret"
    path.write_bytes(SECRET.secret())
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def shared():
    return Mint("https://shared.example", SECRET, mint.AUDIENCE)


@pytest.fixture(scope="module")
def site(serve, base, issuer, tokens, secret_file):
    secret = f"AuthBearerIssuer https://shared.example " \
             f"secret=file:{secret_file}"
    conf = base().place("std").place("secret", secret) \
        .place("both", secret, f"AuthBearerIssuer {issuer.url}") \
        .place("es", "AuthBearerAlgorithms ES256 EdDSA") \
        .place("issuer-alg", f"AuthBearerIssuer {issuer.url} alg=ES384,RS256")\
        .place("leeway0", "AuthBearerCheck leeway=0s") \
        .place("at", "AuthBearerCheck type=at+jwt") \
        .place("anytype", "AuthBearerCheck type=any") \
        .place("age", "AuthBearerCheck max-age=60s leeway=0s") \
        .place("life", "AuthBearerCheck max-life=10m") \
        .place("require", "AuthBearerCheck require=client_id,jti") \
        .place("otheraud", "AuthBearerAudience urn:b https://b.example/") \
        .place("anyaud", "AuthBearerAudience any") \
        .place("issaud", f"AuthBearerIssuer {issuer.url} audience=urn:i,urn:j")
    return serve(conf).warm("/p/std", tokens.token())


@pytest.mark.parametrize("alg", ALGS)
def test_every_algorithm(site, tokens, alg):
    site.accepted("/p/std", tokens.token(signer(alg), {"alg": alg}), "alice")


@pytest.mark.parametrize("alg", HS)
def test_a_shared_secret(site, shared, alg):
    site.accepted("/p/secret", shared.token(header={"alg": alg}), "alice")
    site.accepted("/p/both", shared.token(header={"alg": alg}), "alice")


@pytest.mark.parametrize("alg", ALGS)
def test_a_flipped_bit_is_refused(site, tokens, alg):
    token = tokens.token(signer(alg), {"alg": alg})
    head, body, sign = token.split(".")
    wrong = bytearray(mint.unb64(sign))
    wrong[len(wrong) // 2] ^= 1
    site.refused("/p/std", mint.note(f"{head}.{body}.{mint.b64(wrong)}"),
                 "sig_wrong")
    other = tokens.token(signer(alg), {"alg": alg}, sub="mallory")
    site.refused("/p/std", mint.note(f"{head}.{other.split('.')[1]}.{sign}"),
                 "sig_wrong")


@pytest.mark.parametrize("alg", HS)
def test_a_flipped_bit_of_a_secret_signature_is_refused(site, shared, alg):
    good = shared.token(header={"alg": alg})
    head, body, sign = good.split(".")
    wrong = bytearray(mint.unb64(sign))
    wrong[0] ^= 128
    site.refused("/p/secret", mint.note(f"{head}.{body}.{mint.b64(wrong)}"),
                 "sig_wrong")


@pytest.mark.parametrize("alg", ALGS)
def test_the_algorithms_of_a_place(site, tokens, alg):
    token = tokens.token(signer(alg), {"alg": alg})
    if alg in ("ES256", "EdDSA"):
        site.accepted("/p/es", token)
    else:
        site.refused("/p/es", token, "alg_forbidden")


@pytest.mark.parametrize("alg", ALGS)
def test_the_algorithms_of_an_issuer(site, tokens, alg):
    token = tokens.token(signer(alg), {"alg": alg})
    if alg in ("ES384", "RS256"):
        site.accepted("/p/issuer-alg", token)
    else:
        site.refused("/p/issuer-alg", token, "alg_forbidden")


@pytest.mark.parametrize("alg", HS)
def test_a_secret_and_published_keys_never_mix(site, tokens, shared, alg):
    forged = Mint(tokens.issuer, SECRET, mint.AUDIENCE)
    for place in ("/p/std", "/p/both"):
        site.refused(place, forged.token(header={"alg": alg}),
                     "alg_forbidden")
    site.refused("/p/both", shared.token(RSA), "alg_forbidden")


def test_a_token_without_a_kid(site, tokens):
    site.accepted("/p/std", tokens.token(header={"kid": DROP}), "alice")
    site.accepted("/p/std", tokens.token(RSA, {"kid": DROP}), "alice")


def test_the_kid_of_another_key(site, tokens):
    site.refused("/p/std", tokens.token(header={"kid": "rsa1"}), "key_unfit")
    site.refused("/p/std", tokens.token(key("P-256", "stranger"),
                                        {"kid": "ec1"}), "sig_wrong")


def test_a_key_that_nobody_published(site, tokens):
    site.refused("/p/std", tokens.token(key("P-256", "stranger")),
                 "key_unknown")


# --- typ ---

@pytest.mark.parametrize("typ", [
    DROP, "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt",
    "Application/At+Jwt"], ids=lambda v: "absent" if v is DROP else v)
def test_types_of_access_tokens(site, tokens, typ):
    token = tokens.token(header={"typ": typ})
    site.accepted("/p/std", token)
    site.accepted("/p/anytype", token)
    if typ is not DROP and "at+" in typ.lower():
        site.accepted("/p/at", token)
    else:
        site.refused("/p/at", token, "typ_wrong")


@pytest.mark.parametrize("typ", [
    "", "logout+jwt", "dpop+jwt", "secevent+jwt", "refresh+jwt", "at+jwtx",
    "xat+jwt", "JWT ", "application/", "text/at+jwt",
    "application/application/at+jwt", "JOSE"])
def test_other_types_are_refused(site, tokens, typ):
    token = tokens.token(header={"typ": typ})
    site.refused("/p/std", token, "typ_wrong")
    site.refused("/p/at", token, "typ_wrong")
    site.accepted("/p/anytype", token)


# --- times ---

def test_expiry_and_leeway(site, tokens):
    now = int(time.time())
    site.refused("/p/std", tokens.token(exp=now - 31), "expired")
    site.refused("/p/leeway0", tokens.token(exp=now - 2), "expired")
    site.accepted("/p/std", tokens.token(exp=now - 20))
    site.accepted("/p/leeway0", tokens.token(exp=now + 60))
    site.refused("/p/std", tokens.token(exp=DROP), "exp_missing")
    site.accepted("/p/std", tokens.token(exp=now + 3650 * 86400))
    site.refused("/p/std", tokens.token(exp=now * 1000), "exp_far")
    # on the dot: on or after which it must not be accepted (RFC 7519 4.1.4)
    site.refused("/p/leeway0", tokens.token(exp=now), "expired")


def test_not_before(site, tokens):
    now = int(time.time())
    site.refused("/p/std", tokens.token(nbf=now + 90), "not_yet")
    site.refused("/p/leeway0", tokens.token(nbf=now + 30), "not_yet")
    site.accepted("/p/std", tokens.token(nbf=now + 20))
    site.accepted("/p/leeway0", tokens.token(nbf=now))


def test_time_of_issue(site, tokens):
    now = int(time.time())
    site.refused("/p/std", tokens.token(iat=now + 90), "iat_future")
    site.accepted("/p/std", tokens.token(iat=now + 20))
    site.accepted("/p/std", tokens.token(iat=DROP))
    site.refused("/p/age", tokens.token(iat=DROP), "iat_missing")
    site.refused("/p/age", tokens.token(iat=now - 70), "too_old")
    site.accepted("/p/age", tokens.token(iat=now - 40))
    site.refused("/p/life", tokens.token(iat=DROP), "iat_missing")
    site.refused("/p/life", tokens.token(exp=now + 601), "too_long")
    site.accepted("/p/life", tokens.token(exp=now + 599))


def test_a_token_that_expires_while_it_is_known(site, tokens):
    # a cached verdict must not outlive exp
    now = time.time()
    token = tokens.token(exp=int(now) + 2)
    for _ in range(20):
        site.accepted("/p/leeway0", token)
    time.sleep(max(0, int(now) + 2.05 - time.time()))
    for _ in range(20):
        site.refused("/p/leeway0", token, "expired")


# --- audience, required claims, binding ---

def test_audiences(site, tokens):
    other = tokens.token(aud="urn:b")
    site.refused("/p/std", other, "aud_wrong")
    site.accepted("/p/otheraud", other)
    site.accepted("/p/otheraud", tokens.token(aud=["x", "https://b.example/"]))
    site.accepted("/p/anyaud", other)
    site.accepted("/p/anyaud", tokens.token(aud=DROP))
    site.refused("/p/std", tokens.token(aud=DROP), "aud_missing")
    site.accepted("/p/issaud", tokens.token(aud="urn:j"))
    site.refused("/p/issaud", tokens.token(), "aud_wrong")


def test_a_token_known_at_one_place_is_judged_again_at_another(site, tokens):
    # cache poisoning: same token, other place
    token = tokens.token(aud="urn:b")
    for _ in range(5):
        site.accepted("/p/anyaud", token)
        site.refused("/p/std", token, "aud_wrong")
        site.refused("/p/require", token, "aud_wrong")
        site.accepted("/p/otheraud", token)


def test_required_claims(site, tokens):
    site.refused("/p/require", tokens.token(), "claim_missing")
    site.refused("/p/require", tokens.token(jti="1"), "claim_missing")
    site.refused("/p/require", tokens.token(jti="1", client_id=None),
                 "claim_missing")
    site.accepted("/p/require", tokens.token(jti="1", client_id="c"))


@pytest.mark.parametrize("cnf", [{"jkt": "x"}, {"x5t#S256": "x"}, {}, "x"],
                         ids=str)
def test_a_bound_token_is_no_bearer_token(site, tokens, cnf):
    site.refused("/p/std", tokens.token(cnf=cnf), "cnf_bound")


def test_the_same_spelling_many_times(site, tokens):
    token = tokens.token()
    for _ in range(50):
        site.accepted("/p/std", token, "alice")


def test_many_keys_under_one_kid(serve_once, authority, make_issuer):
    """One of them signed the token: it is found, if it is among those that may
    be tried for one token."""
    others = [key("P-256", f"same{n}") for n in range(3)]

    def same(count, last):
        keys = [others[n % 3] for n in range(count - 1)] + [last]
        return [one.public(kid="same") for one in keys]

    few = make_issuer("/few", same(20, EC))
    many = make_issuer("/many", same(60, EC))
    server = serve_once(Conf(f"AuthBearerFetch ca={authority.ca}",
                             f"AuthBearerAudience {mint.AUDIENCE}")
                        .places({"few": few, "many": many}))
    good = {"kid": "same"}
    server.warm("/p/few", Mint(few.url, EC, mint.AUDIENCE).token(header=good))
    server.warm("/p/many", Mint(many.url, others[0], mint.AUDIENCE)
                .token(header=good))
    for name, issuer, slug in (("few", few, "sig_wrong"),
                               ("many", many, "key_ambiguous")):
        tokens = Mint(issuer.url, EC, mint.AUDIENCE)
        server.refused(f"/p/{name}", tokens.token(key("P-256", "x"), good),
                       slug)
    server.refused("/p/many", Mint(many.url, EC, mint.AUDIENCE)
                   .token(header=good), "key_ambiguous")
