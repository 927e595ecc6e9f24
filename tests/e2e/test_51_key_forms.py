# SPDX-License-Identifier: Apache-2.0
"""Key sets and documents in the shapes that real issuers give them, each beside one
that only looks like it."""
import json

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.mint import DROP, Key, Mint, b64, key, unb64

RSA, EC, ED = key("RSA", "rsa1"), key("P-256", "ec1"), key("Ed25519", "ed1")
ED4 = key("Ed448", "ed4")
OTHER = key("P-256", "other")
AUD = mint.AUDIENCE
MARK = "\ufeff"


def short(member):
    """A P-256 key one of whose coordinates begins with a zero byte, which is left
    out."""
    while True:
        made = Key("P-256", "short")
        number = unb64(made.public()[member])
        if number[0] == 0 and number[1]:
            return made, {**made.public(), member: b64(number[1:])}


def keys(*members):
    return json.dumps({"keys": list(members)})


def zeros(public, member):
    return {**public, member: b64(b"\0" + unb64(public[member]))}


SHORT_X, SHORT_Y = short("x"), short("y")
NULLS = {"kid": None, "use": None, "alg": None, "key_ops": None, "d": None,
         "x5c": None}

#: name -> (the key that signs, its document)
FORMS = {
    "zeros-n": (RSA, keys(zeros(zeros(RSA.public(), "n"), "e"))),
    "short-x": (SHORT_X[0], keys(SHORT_X[1])),
    "short-y": (SHORT_Y[0], keys(SHORT_Y[1])),
    "zeros-x": (EC, keys(zeros(EC.public(), "x"))),
    "nulls": (EC, keys({**EC.public(), **NULLS})),
    "ops": (EC, keys(EC.public(key_ops=["attest", "verify", 7]))),
    "mark": (EC, MARK + keys(EC.public())),
    "pem": (EC, EC.pem()),
    "text-pem": (EC, "Key of the issuer\nsince: today\n" + EC.pem()),
    "mark-pem": (EC, MARK + EC.pem()),
    "certificate": (RSA, RSA.certificate()),
    "text-certificate": (RSA, "Bag Attributes\n  CN: x\n" + RSA.certificate()),
    "jwk": (EC, json.dumps(EC.public())),
    "map": (RSA, json.dumps({"other": key("RSA", "rsa2").certificate(),
                             "rsa1": RSA.certificate()})),
    "map-pem": (EC, json.dumps({"ec1": EC.pem()})),
    "ed25519": (ED, keys(ED.public(alg="Ed25519"))),
    "eddsa": (ED, keys(ED.public(alg="EdDSA"))),
    "ed448": (ED4, keys(ED4.public(alg="Ed448"))),
}


@pytest.fixture(scope="module")
def site(serve, make_issuer, authority, tmp_path_factory):
    """Each document at an address and in a file."""
    conf = Conf(f"AuthBearerFetch ca={authority.ca} miss=1h refresh=1h",
                f"AuthBearerAudience {AUD}")
    names = tmp_path_factory.mktemp("forms")
    for folder in (names, names.parent):
        folder.chmod(0o755)
    for name, (_, text) in FORMS.items():
        issuer = make_issuer("/" + name, [])
        issuer.behave(body=text.encode())
        conf.place(name, f"AuthBearerIssuer https://{name}.example "
                         f"keys={issuer.jwks_uri}")
        path = names / name
        path.write_text(text)
        path.chmod(0o644)
        conf.place("file-" + name, f"AuthBearerIssuer https://{name}.example "
                                   f"keys=file:{path}")
    conf.place("only-ed25519", "AuthBearerAlgorithms Ed25519",
               f"AuthBearerIssuer https://ed25519.example "
               f"keys=file:{names / 'ed25519'}")
    conf.place("alg-ed448", f"AuthBearerIssuer https://ed448.example "
                            f"keys=file:{names / 'ed448'} alg=Ed448")
    # metadata with a mark, too
    issuer = make_issuer("/marked", [EC])
    issuer.behave(issuer.discovery_path,
                  body=(MARK + json.dumps(issuer.discovery())).encode())
    conf.place("marked", f"AuthBearerIssuer {issuer.url}")
    site = serve(conf)
    site.marked = issuer
    return site


def maker(name):
    return Mint(f"https://{name}.example", FORMS[name][0], AUD)


@pytest.mark.parametrize("name", FORMS)
def test_a_key_serves_in_this_form(site, name):
    for place in (name, "file-" + name):
        site.warm("/p/" + place, maker(name).token())


@pytest.mark.parametrize("name", FORMS)
def test_and_nobody_elses(site, name):
    forger = Mint(f"https://{name}.example", Key(
        {"RSA": "RSA", "EC": "P-256", "OKP": FORMS[name][0].public().get("crv")}
        [FORMS[name][0].public()["kty"]], FORMS[name][0].kid), AUD)
    for place in (name, "file-" + name):
        site.warm("/p/" + place, maker(name).token())
        site.refused("/p/" + place, forger.token(), "sig_wrong")


def test_a_certificate_is_found_by_its_kid(site):
    one = maker("map")
    site.warm("/p/map", one.token())
    site.refused("/p/file-map", one.token(header={"kid": "rsa2"}),
                 "key_unknown")
    site.refused("/p/file-map", one.token(header={"kid": "other"}),
                 "sig_wrong")


def test_members_that_are_null_in_tokens(site):
    one = maker("nulls")
    null = {"kid": None, "typ": None}
    now = one.claims()
    for extra in ({"nbf": None}, {"iat": None}, {"cnf": None}):
        site.accepted("/p/file-nulls", one.forge(
            header=one.header(**null), payload={**now, **extra}))
    for extra, slug in (({"aud": None}, "aud_missing"),
                        ({"exp": None}, "exp_missing"),
                        ({"iss": None}, "iss_missing"),
                        ({"cnf": {}}, "cnf_bound"),
                        ({"cnf": False}, "cnf_bound")):
        site.refused("/p/file-nulls", one.forge(
            header=one.header(**null), payload={**now, **extra}), slug)
    # what changes the meaning of a token does so whatever its value
    site.refused("/p/file-nulls", one.forge(header=one.header(crit=None)),
                 "header_crit")


def test_no_mark_in_what_is_signed(site):
    one = maker("mark")
    site.warm("/p/mark", one.token())
    site.refused("/p/mark", one.forge(header=MARK + json.dumps(one.header())),
                 "header_json")
    site.refused("/p/mark", one.forge(payload=MARK + json.dumps(one.claims())),
                 "payload_json")


def test_metadata_behind_a_mark(site):
    site.warm("/p/marked", Mint(site.marked.url, EC, AUD).token())


def named(one, alg):
    return one.forge(header=one.header(alg=alg), alg="EdDSA")


def test_edwards_algorithms_by_either_name(site):
    for name in ("ed25519", "eddsa"):
        for alg in ("EdDSA", "Ed25519"):
            site.accepted("/p/file-" + name, named(maker(name), alg))
        # the name of another curve
        site.refused("/p/file-" + name, named(maker(name), "Ed448"),
                     "key_unfit")
    site.accepted("/p/file-ed448", named(maker("ed448"), "Ed448"))
    site.accepted("/p/file-ed448", named(maker("ed448"), "EdDSA"))
    site.refused("/p/file-ed448", named(maker("ed448"), "Ed25519"),
                 "key_unfit")


def test_edwards_algorithms_are_allowed_by_name(site):
    site.accepted("/p/only-ed25519", named(maker("ed25519"), "Ed25519"))
    site.refused("/p/only-ed25519", named(maker("ed25519"), "EdDSA"),
                 "alg_forbidden")
    site.accepted("/p/alg-ed448", named(maker("ed448"), "Ed448"))
    site.refused("/p/alg-ed448", named(maker("ed448"), "EdDSA"),
                 "alg_forbidden")


def test_a_private_key_at_an_address_is_not_used(serve_once, make_issuer,
                                                 authority):
    """Whoever reads it can sign; the others serve."""
    issuer = make_issuer("/private", [])
    issuer.behave(body=keys(OTHER.public(d="AA"), EC.public()).encode())
    server = serve_once(Conf(
        f"AuthBearerFetch ca={authority.ca} refresh=1h",
        f"AuthBearerAudience {AUD}").place(
            "x", f"AuthBearerIssuer https://private.example "
                 f"keys={issuer.jwks_uri}"))
    server.errorlog.expect(
        "MAB0202: issuer https://private.example: 1 of 2 keys not used, the "
        "first: jwk_private: a key is a private one, so whoever can read it "
        r"can sign tokens \(key 0: it has the member d\); from ")
    one = Mint("https://private.example", EC, AUD)
    server.warm("/p/x", one.token())
    server.refused("/p/x", one.token(OTHER), "key_unknown")
    # without its kid it is no other key's token either
    server.refused("/p/x", one.token(OTHER, {"kid": DROP}), "sig_wrong")


def test_the_log_names_the_key_that_does_not_fit(site):
    one = maker("nulls")
    mark = site.errorlog.size()
    site.refused("/p/file-certificate", Mint(
        "https://certificate.example", EC, AUD).token(header={"kid": DROP}),
        "key_unfit")
    assert "key_unfit: the issuer has no key that fits the token's algorithm " \
        "(no kid, alg ES256, but the key is RSA); issuer " \
        in site.errorlog.text(mark)
    assert one.signer is EC
