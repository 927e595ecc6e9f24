# SPDX-License-Identifier: Apache-2.0
"""Keys and tokens, made by jwcrypto and, for hostile ones, by hand."""
import base64
import datetime
import functools
import hashlib
import hmac
import json
import os
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from jwcrypto import jwk, jws

from .errorlog import watch

#: the audience of the tests
AUDIENCE = "https://api.example"

#: in a claim or header: take the member away
DROP = object()

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
KINDS = {
    "RSA": {"kty": "RSA", "size": 2048},
    "RSA1024": {"kty": "RSA", "size": 1024},
    "P-256": {"kty": "EC", "crv": "P-256"},
    "P-384": {"kty": "EC", "crv": "P-384"},
    "P-521": {"kty": "EC", "crv": "P-521"},
    "secp256k1": {"kty": "EC", "crv": "secp256k1"},
    "Ed25519": {"kty": "OKP", "crv": "Ed25519"},
    "Ed448": {"kty": "OKP", "crv": "Ed448"},
    "oct": {"kty": "oct", "size": 512},
}
FITTING = {"RSA": "RS256", "RSA1024": "RS256", "P-256": "ES256",
           "P-384": "ES384", "P-521": "ES512", "secp256k1": "ES256K",
           "Ed25519": "EdDSA", "Ed448": "EdDSA", "oct": "HS256"}


def note(token):
    """Has the tripwire over the logs look for it; returns it."""
    watch(token)
    return token


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def octets(value):
    """JSON text of a dict; str and bytes as they are."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return json.dumps(value, separators=(",", ":")).encode()


class Key:
    """A key pair (or a secret) with a kid and the algorithm it is used with."""

    def __init__(self, kind, kid):
        self.kid = kid
        self.alg = FITTING[kind]
        self.jwk = jwk.JWK.generate(kid=kid, **KINDS[kind])
        if kind == "oct":
            # a secret that ends with what looks like an editor's newline
            self.jwk = jwk.JWK(kty="oct", kid=kid,
                               k=b64(os.urandom(63) + b"\n"))

    def public(self, **more):
        """The JWK as an issuer publishes it; DROP takes a member away."""
        members = {**self.jwk.export_public(as_dict=True), "use": "sig",
                   **more}
        return {k: v for k, v in members.items() if v is not DROP}

    def private(self):
        """cryptography's private key."""
        return self.jwk.get_op_key("sign")

    def secret(self):
        return unb64(self.jwk.export(as_dict=True)["k"])

    def pem(self):
        return self.jwk.export_to_pem().decode()

    def der(self):
        return self.private().public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)

    def certificate(self):
        """A self-signed certificate over this key, PEM."""
        now = datetime.datetime.utcnow()
        name = x509.Name([x509.NameAttribute(
            x509.NameOID.COMMON_NAME, "a signer of tokens")])
        day = datetime.timedelta(days=1)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name) \
            .public_key(self.private().public_key()).serial_number(7) \
            .not_valid_before(now - day).not_valid_after(now + day) \
            .sign(self.private(), hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM).decode()


@functools.lru_cache(maxsize=None)
def key(kind, kid):
    """The key of that name: made once per run."""
    return Key(kind, kid)


def usual_keys():
    return [key("RSA", "rsa1"), key("P-256", "ec1"), key("P-384", "ec3"),
            key("P-521", "ec5"), key("Ed25519", "ed1")]


def signature(alg, signer, data):
    """Signs by hand, without asking whether the algorithm fits the key.
    signer is a Key, or bytes for HS."""
    if alg.startswith("HS"):
        secret = signer if isinstance(signer, bytes) else signer.secret()
        return hmac.new(secret, data, f"sha{alg[2:]}").digest()
    private = signer.private()
    if alg == "EdDSA":
        return private.sign(data)
    digest = HASHES[alg[2:5]]()
    if alg.startswith("RS"):
        return private.sign(data, padding.PKCS1v15(), digest)
    if alg.startswith("PS"):
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        return private.sign(data, pss, digest)
    size = (private.curve.key_size + 7) // 8
    r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(digest)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def twin(token, key):
    """The same token with its other ES signature: (r, n - s) for (r, s)."""
    first, sign = token.rsplit(".", 1)
    raw = unb64(sign)
    size = len(raw) // 2
    s = order(key) - int.from_bytes(raw[size:], "big")
    return f"{first}.{b64(raw[:size] + s.to_bytes(size, 'big'))}"


#: how many points a curve has, by its name
ORDERS = {
    "secp256r1":
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": 2 ** 384 -
        0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "secp521r1": 2 ** 521 -
        0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}


def order(signer):
    """The order n of an EC key's group."""
    return ORDERS[signer.private().curve.name]


def thumbprint(der):
    return b64(hashlib.sha256(der).digest())


class Mint:
    """Tokens of one issuer for one audience."""

    def __init__(self, issuer, signer, audience):
        self.issuer = issuer
        self.signer = signer
        self.audience = audience

    def claims(self, **over):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.audience, "sub": "alice",
                  "iat": now, "exp": now + 300, **over}
        return {k: v for k, v in claims.items() if v is not DROP}

    def header(self, signer=None, **over):
        signer = signer or self.signer
        header = {"alg": signer.alg, "typ": "at+jwt", "kid": signer.kid,
                  **over}
        return {k: v for k, v in header.items() if v is not DROP}

    def token(self, signer=None, header=None, **claims):
        """A token by jwcrypto. header: members to change; claims likewise."""
        signer = signer or self.signer
        protected = self.header(signer, **(header or {}))
        made = jws.JWS(octets(self.claims(**claims)))
        made.add_signature(signer.jwk, protected["alg"],
                           json.dumps(protected, separators=(",", ":")))
        return note(made.serialize(compact=True))

    def forge(self, header=None, payload=None, signer=None, alg=None,
              sign=None):
        """A token by hand: any bytes for header and payload, validly signed
        unless `sign` (bytes) is given."""
        signer = self.signer if signer is None else signer
        if header is None:
            header = self.header(signer if isinstance(signer, Key) else None)
        if payload is None:
            payload = self.claims()
        first = b64(octets(header)) + "." + b64(octets(payload))
        if sign is None:
            sign = signature(alg or signer.alg, signer, first.encode())
        return note(first + "." + b64(sign))
