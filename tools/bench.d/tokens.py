# SPDX-License-Identifier: Apache-2.0
"""Keys and tokens, by the tests' own mint (python3-jwcrypto)."""
import secrets
import sys
import time

from harness import TOP

sys.path.insert(0, str(TOP / "tests/e2e"))
from testenv import mint  # noqa: E402

ISSUER = "https://issuer.bench.example/realm"
AUDIENCE = "https://api.bench.example"
KINDS = {"RS256": ("RSA", "rsa1"), "ES256": ("P-256", "ec1"),
         "ES384": ("P-384", "ec3"), "EdDSA": ("Ed25519", "ed1"),
         "ES512": ("P-521", "ec5"), "PS256": ("RSA", "rsa2")}


def signer(alg):
    return mint.key(*KINDS[alg])


class Ready:
    """A signer whose private key is unpacked once, not for each token."""
    unpacked = {}

    def __init__(self, alg):
        self.alg = alg

    def private(self):
        if self.alg not in self.unpacked:
            self.unpacked[self.alg] = signer(self.alg).private()
        return self.unpacked[self.alg]


class Secret:
    """For HS256: 64 bytes of text, made for this run."""

    def __init__(self):
        self.text = secrets.token_hex(32)


def claims(number=0, size=900):
    """Claims like an identity provider's, about so many bytes."""
    now = int(time.time())
    made = {
        "iss": ISSUER, "aud": [AUDIENCE, "account"],
        "sub": f"f81d4fae-7dec-11d0-a765-{number:012x}",
        "iat": now, "nbf": now, "exp": now + 7200,
        "jti": f"2c5ea4c0-4067-11e9-8bad-{number:012x}",
        "azp": "frontend", "client_id": "frontend", "acr": "1",
        "scope": "openid profile email api:read api:write",
        "realm_access": {"roles": ["offline_access", "uma_authorization",
                                   "operator"]},
        "resource_access": {"account": {"roles": [
            "manage-account", "manage-account-links", "view-profile"]}},
        "sid": "0d2a7c1e-8f0a-4b3c-9a4b-5d6e7f8a9b0c",
        "email_verified": True, "name": "Alice Example",
        "preferred_username": f"alice{number}", "locale": "en",
        "email": f"alice{number}@bench.example",
    }
    left = size - len(mint.octets(made)) - len(',"groups":[]')
    if left > 0:
        made["groups"] = [f"/group/{i:04}" for i in range(left // 14)]
    return made


def token(alg, number=0, size=900, kid=None, key=None, **over):
    header = {"alg": alg, "typ": "at+jwt", "kid": kid or signer(alg).kid}
    first = mint.b64(mint.octets(header)) + "." \
        + mint.b64(mint.octets({**claims(number, size), **over}))
    return first + "." + mint.b64(
        mint.signature(alg, key or Ready(alg), first.encode()))


def tampered(text):
    """The same with another character in the middle of the signature."""
    at = text.rindex(".") + 20
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


def tls_pair():
    """A key and a certificate of its own, PEM."""
    key = mint.key("P-256", "tls")
    private = key.jwk.export_to_pem(private_key=True, password=None).decode()
    return private + key.certificate()
