# SPDX-License-Identifier: Apache-2.0
"""profile=aws-alb: what a load balancer of AWS puts into x-amzn-oidc-data."""
import base64
import subprocess
import time

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.mint import DROP, Mint, key, note, octets, signature

IDP = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A1b2C3d4E"
OURS = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:" \
       "loadbalancer/app/ours/50dc6c495c0c9188"
THEIRS = OURS.replace("123456789012", "210987654321")
CLIENT = "4fmvht22tjrgd7d3k3tghttct7"
ALB = key("P-256", "c2f80c8b-c05c-4068-af14-17299f7896b1")
NEW = key("P-256", "0b5f1d2e-7c1a-4c53-9d0f-2f3d1f6a8b9c")
EC = key("P-256", "ec1")


def padded(data):
    return base64.urlsafe_b64encode(octets(data)).decode()


class Balancer:
    """Its tokens, with the shape of real ones."""

    def __init__(self, signer=ALB, arn=OURS):
        self.signer = signer
        self.arn = arn

    def header(self, **over):
        header = {"typ": "JWT", "kid": self.signer.kid, "alg": "ES256",
                  "iss": IDP, "client": CLIENT, "signer": self.arn,
                  "exp": int(time.time()) + 120, **over}
        return {k: v for k, v in header.items() if v is not DROP}

    def token(self, header=None, encode=padded, **claims):
        header = self.header(**(header or {}))
        payload = {"sub": "23d498b2-3031-70d2-8a15-49dd886a087b",
                   "email": "alice@example.com", "email_verified": "true",
                   "username": "alice", "exp": header.get("exp"),
                   "iss": header.get("iss"), **claims}
        payload = {k: v for k, v in payload.items()
                   if v is not DROP and v is not None}
        text = encode(header) + "." + encode(payload)
        sign = signature("ES256", self.signer, text.encode())
        return note(text + "." + encode(sign))


@pytest.fixture(scope="module")
def region(make_issuer):
    """A fake of the region's endpoint for public keys."""
    issuer = make_issuer("/idp", [EC])
    for one in (ALB, NEW):
        issuer.behave("/" + one.kid, status=200, body=one.pem())
    return issuer


@pytest.fixture(scope="module")
def site(serve, authority, region):
    line = f"AuthBearerIssuer {IDP} profile=aws-alb signer={OURS} " \
           f"audience={CLIENT} keys=pem-per-kid:{region.origin}/"
    other = line.replace(OURS, THEIRS)
    ordinary = f"AuthBearerIssuer {IDP} audience={CLIENT} " \
               f"keys=pem-per-kid:{region.origin}/"
    source = "AuthBearerSource header:x-amzn-oidc-data"
    conf = Conf(f"AuthBearerFetch ca={authority.ca} timeout=3s",
                "AuthBearerUser username sub",
                f"AuthBearerAudience {mint.AUDIENCE}")
    conf.place("alb", line, source, 'Header set X-Client '
               '"expr=%{claim:jose_header.client}"')
    conf.place("other", other, source)
    conf.place("ordinary", ordinary, source)
    conf.place("both", line, f"AuthBearerIssuer {region.url}",
               "AuthBearerSource header:x-amzn-oidc-data "
               "header:Authorization:Bearer")
    return serve(conf, modules=("headers",))


def ask(site, token, place="alb"):
    return site.get(f"/p/{place}", headers=[("x-amzn-oidc-data", token)])


def refused(site, token, *slugs, place="alb"):
    mark = site.errorlog.size()
    answer = ask(site, token, place)
    assert answer.status == 401, f"{answer} {site.errorlog.text(mark)}"
    assert site.errorlog.refusals(mark)[0] in slugs, site.errorlog.text(mark)


def test_a_load_balancers_token_is_good(site):
    balancer = Balancer()
    # all lengths of header and payload, so that each has 0, 1 and 2 signs
    for n in range(9):
        answer = ask(site, balancer.token({"x": "x" * (n % 3)},
                                          y="y" * (n // 3)))
        assert answer.status == 200, f"{answer}\n{site.said()}"
        assert answer.header("X-User") == "alice"
    assert answer.header("X-Client") == CLIENT
    # without what the payload repeats
    assert ask(site, balancer.token(iss=DROP, exp=DROP)).status == 200
    # another key of the region
    assert ask(site, Balancer(NEW).token()).status == 200


def test_hostile_twins(site):
    balancer = Balancer()
    now = int(time.time())
    for slug, token in [
            ("signer_wrong", Balancer(arn=THEIRS).token()),
            ("signer_wrong", balancer.token({"signer": OURS + "0"})),
            ("signer_wrong", balancer.token({"signer": DROP})),
            ("signer_wrong", balancer.token({"signer": DROP}, signer=OURS)),
            ("signer_wrong", balancer.token({"signer": [OURS]})),
            ("expired", balancer.token({"exp": now - 60})),
            ("exp_invalid", balancer.token({"exp": now - 60}, exp=now + 120)),
            ("exp_invalid", balancer.token(exp=now + 9999)),
            ("exp_missing", balancer.token({"exp": DROP}, exp=now + 120)),
            ("iss_unknown", balancer.token(iss="https://evil.example")),
            ("iss_unknown", balancer.token({"iss": DROP}, iss=IDP)),
            ("iss_unknown", balancer.token({"iss": IDP + "/"})),
            ("aud_wrong", balancer.token({"client": "another"},
                                         client=CLIENT, aud=CLIENT)),
            ("aud_missing", balancer.token({"client": DROP}, aud=CLIENT)),
            ("payload_json", balancer.token(jose_header={"client": CLIENT})),
            ("alg_forbidden", balancer.token({"alg": "RS256"})),
            ("alg_unknown", balancer.token({"alg": "none"})),
            ("header_kid", balancer.token({"kid": "../x"})),
            ("header_kid", balancer.token({"kid": "a/b"})),
            ("header_kid", balancer.token({"kid": DROP})),
            ("sig_wrong", balancer.token({"kid": NEW.kid})),
            ("key_unknown", balancer.token({"kid": "nobody"}))]:
        refused(site, token, slug)


def test_padding_is_exact(site):
    token = Balancer().token({"x": "x"}, y="y")
    header, payload, sign = token.split(".")
    assert ask(site, token).status == 200
    for bad in (token[:-1], token[:-2], token + "=", token + "==",
                token + "====", f"{header}=.{payload}.{sign}",
                f"{header}.{payload}====.{sign}", "=" + token,
                f"{header}.=.{sign}", f"{header}..{sign}"):
        refused(site, bad, "b64_length", "b64_alphabet", "token_format",
                "payload_json")
    # signed as it should be, but without: not a load balancer's spelling
    bare = Balancer().token(encode=lambda data: mint.b64(octets(data)))
    refused(site, bare, "b64_length")


def test_strangers_ask_for_no_key(site, region):
    before = region.count()
    for _ in range(3):
        refused(site, Balancer(arn=THEIRS).token({"kid": "unheard-of"}),
                "signer_wrong")
    assert region.count() == before


def test_a_proof_counts_for_its_place_only(site):
    token = Balancer().token()
    for _ in range(8):
        assert ask(site, token).status == 200
        refused(site, token, "signer_wrong", place="other")
        refused(site, token, "token_format", "b64_alphabet",
                place="ordinary")


def test_beside_an_ordinary_issuer(site, region):
    tokens = Mint(region.url, EC, mint.AUDIENCE)
    site.warm("/p/both", tokens.token(username="bob"))
    assert ask(site, Balancer().token(), "both").status == 200
    # its tokens are not padded, and its headers no claims
    good = tokens.token(username="bob")
    site.refused("/p/both", good + "==", "b64_alphabet", "b64_length")
    site.accepted("/p/both", tokens.token(
        header={"iss": region.url, "client": CLIENT, "exp": 1},
        username="bob"))


# --- the configuration ----------------------------------------------------------

def dump(server):
    done = subprocess.run(server.command("-t", "-D", "DUMP_BEARER"),
                          env=server.variables(), text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


def test_the_dump_says_what_it_comes_to(site):
    said = dump(site)
    assert f"signer {OURS}" in said
    assert "aws-alb: iss, exp and client of the token's header" in said
    assert "algorithms ES256" in said


def test_keys_are_those_of_the_region(serve_once):
    conf = Conf(f"AuthBearerAudience {CLIENT}").place(
        "a", f"AuthBearerIssuer {IDP} profile=aws-alb signer={OURS}")
    server = serve_once(conf, start=False)
    said = dump(server)
    assert "https://public-keys.auth.elb.eu-central-1.amazonaws.com/<kid>" \
        in said
