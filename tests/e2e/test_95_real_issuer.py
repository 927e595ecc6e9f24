# SPDX-License-Identifier: Apache-2.0
"""An issuer that we did not write: oidc-provider, as npm has it.

Needs node 18 or newer and npm, and the npm registry for the first time; else
these tests are skipped. See oidc/server.mjs and oidc/install.sh."""
import json
import time
import uuid

import pytest
from jwcrypto import jws

from oidc.real import RealIssuer, install
from testenv import mint
from testenv.conf import Conf

API = "https://api.example/v1"
ALGS = [family + size for family in ("RS", "PS", "ES")
        for size in ("256", "384", "512")] + ["EdDSA"]


def access(issuer, **form):
    """An access token for our API, if nothing else is asked for."""
    return issuer.token(**{"resource": API, **form})["access_token"]


def header(token):
    return json.loads(mint.unb64(token.split(".")[0]))


def claims(token):
    return json.loads(mint.unb64(token.split(".")[1]))


# --- fixtures ---------------------------------------------------------------

@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return install("issuer", tmp_path_factory.mktemp("oidc"))


@pytest.fixture(scope="session")
def make_real(folder, authority):
    made = []

    def make(mount):
        made.append(RealIssuer(folder, authority, mount))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="session", params=["/oidc", ""], ids=["path", "root"])
def real(request, make_real):
    return make_real(request.param)


def places(issuer, authority):
    """The least that protects: an issuer, an audience, Require."""
    return Conf(f"AuthBearerFetch ca={authority.ca} miss=1s",
                f"AuthBearerIssuer {issuer.url}",
                f"AuthBearerAudience {API}").place("std") \
        .place("read", require="Require scope read") \
        .place("admin", require="Require scope admin") \
        .place("client", require="Require claim client_id cc") \
        .location("/cgi", "AuthType Bearer", "Require valid-user")


@pytest.fixture(scope="module")
def site(serve, real, authority):
    server = serve(places(real, authority))
    server.errorlog.allow_always("AH01630|AH01631|AH01629")  # a 403
    return server.warm("/p/std", access(real))


# --- good tokens ------------------------------------------------------------

@pytest.mark.parametrize("alg", ALGS)
def test_a_program_sees_the_client(site, real, alg):
    token = access(real, alg=alg)
    assert header(token)["alg"] == alg
    seen = site.get("/cgi/env", token).environment()
    assert seen["REMOTE_USER"] == "cc"
    assert seen["AUTH_TYPE"] == "Bearer"


def test_a_program_sees_the_person_who_logged_in(site, real):
    token = real.login("bob", API, "read")
    assert claims(token)["client_id"] == "web"
    assert site.get("/cgi/env", token).environment()["REMOTE_USER"] == "bob"
    assert site.get("/p/client", token).status == 403


def test_a_claim_and_a_scope(site, real):
    site.accepted("/p/client", access(real), "cc")
    site.accepted("/p/read", access(real, scope="write read"), "cc")
    answer = site.get("/p/admin", access(real, scope="write read"))
    assert answer.status == 403
    assert answer.challenge()["scope"] == "admin"


# --- tokens that are no bearer tokens for us --------------------------------

def test_a_token_for_another_resource(site, real):
    for other in ("https://api.example/v1/", "https://api.example",
                  "https://other.example"):
        site.refused("/p/std", access(real, resource=other), "aud_wrong")


def test_an_opaque_token(site, real):
    token = real.token(scope="read")["access_token"]
    assert "." not in token
    known = real.ask(real.url + "/token/introspection", {"token": token},
                     real.as_client("rs"))
    assert known["active"], "the issuer thinks it good"
    site.refused("/p/std", token, "jws_parts")


def test_an_encrypted_token(site, real):
    token = access(real, encrypt=1)
    assert token.count(".") == 4
    site.refused("/p/std", token, "jws_encrypted")


def test_a_token_bound_to_a_key(site, real):
    signer = mint.key("P-256", "dpop")
    proof = jws.JWS(json.dumps({
        "jti": uuid.uuid4().hex, "htm": "POST", "htu": real.url + "/token",
        "iat": int(time.time())}))
    proof.add_signature(signer.jwk, "ES256", json.dumps({
        "alg": "ES256", "typ": "dpop+jwt",
        "jwk": signer.jwk.export_public(as_dict=True)}))
    answer = real.token(proof.serialize(compact=True), resource=API)
    token = answer["access_token"]
    assert answer["token_type"] == "DPoP"
    assert claims(token)["cnf"]["jkt"]
    site.refused("/p/std", token, "cnf_bound")
    answer = site.get("/p/std", headers=[("Authorization", "DPoP " + token)])
    assert answer.status == 401
    assert answer.json()["code"] == \
        "auth.authorization_token_type_not_supported"


# --- new keys ---------------------------------------------------------------

def test_new_keys_are_picked_up(serve_once, make_real, authority):
    issuer = make_real("/oidc")
    old = access(issuer, alg="ES384")
    server = serve_once(places(issuer, authority)).warm("/p/std", old)

    issuer.rotate(keep=True)
    new = access(issuer, alg="ES384")
    assert header(new)["kid"] != header(old)["kid"]
    server.warm("/p/std", new)
    server.accepted("/p/std", old, "cc")

    issuer.rotate(keep=False)
    server.warm("/p/std", access(issuer, alg="ES384"))
    for gone in (old, new):
        server.refused("/p/std", gone, "key_unknown")


def test_the_issuer_is_not_asked_for_each_request(site, real):
    before = real.hits("/jwks")
    assert before
    for _ in range(20):
        site.accepted("/p/std", access(real), "cc")
    assert real.hits("/jwks") == before
