#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fixtures.h: keys and tokens of an implementation that is not ours.

usage: tests/unit/make_fixtures.py > tests/unit/fixtures.h
Each run makes new keys; the private ones are forgotten.
"""
import base64
import datetime
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa, x25519
from jwcrypto import jwk, jws

PAYLOAD = json.dumps({"iss": "https://issuer.example", "sub": "alice",
                      "aud": "https://api.example", "exp": 1800000600},
                     separators=(",", ":"))

KEYS = {
    "RSA": dict(kty="RSA", size=2048),
    "RSA_OTHER": dict(kty="RSA", size=2048),
    "RSA2050": dict(kty="RSA", size=2050),
    "RSA1024": dict(kty="RSA", size=1024),
    "P256": dict(kty="EC", crv="P-256"),
    "P256_OTHER": dict(kty="EC", crv="P-256"),
    "P384": dict(kty="EC", crv="P-384"),
    "P521": dict(kty="EC", crv="P-521"),
    "SECP256K1": dict(kty="EC", crv="secp256k1"),
    "ED25519": dict(kty="OKP", crv="Ed25519"),
    "ED448": dict(kty="OKP", crv="Ed448"),
    "OCT": dict(kty="oct", size=512),
}

TOKENS = [
    ("RS256", "RSA"), ("RS384", "RSA"), ("RS512", "RSA"), ("PS256", "RSA"),
    ("PS384", "RSA"), ("PS512", "RSA"), ("RS256", "RSA2050"),
    ("RS256", "RSA1024"), ("ES256", "P256"), ("ES384", "P384"),
    ("ES512", "P521"), ("EdDSA", "ED25519"), ("EdDSA", "ED448"),
    ("HS256", "OCT"), ("HS384", "OCT"), ("HS512", "OCT"),
]


def define(name, text):
    """One macro; the literal is cut into short lines."""
    print(f"#define FIX_{name} \\")
    parts = []
    for line in text.splitlines(keepends=True):
        parts += [line[i:i + 64] for i in range(0, len(line), 64)]
    quoted = ['    "' + p.replace("\\", "\\\\").replace('"', '\\"')
              .replace("\n", "\\n") + '"' for p in parts]
    print(" \\\n".join(quoted))
    print()


def sign(key, alg, **more):
    header = {"alg": alg, "typ": "JWT", "kid": "k", **more}
    token = jws.JWS(PAYLOAD)
    token.allowed_algs = [alg]
    token.add_signature(key, protected=json.dumps(header, separators=(",", ":")))
    return token.serialize(compact=True)


def public_pem(key):
    return key.public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def with_trailing_byte(key):
    der = key.public_bytes(serialization.Encoding.DER,
                           serialization.PublicFormat.SubjectPublicKeyInfo) + b"\0"
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n"


def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "unit test")])
    start = datetime.datetime(2001, 1, 1)  # over long ago: dates are not judged
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=1))
            .sign(key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM).decode()


def main():
    keys = {name: jwk.JWK.generate(**how) for name, how in KEYS.items()}
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* made by tests/unit/make_fixtures.py; do not edit */")
    print("/* clang-format off */")
    print("#ifndef BEARER_TESTS_FIXTURES_H\n#define BEARER_TESTS_FIXTURES_H\n")
    for name, key in keys.items():
        members = key.export(as_dict=True, private_key=name == "OCT")
        for member in ("n", "x", "y", "k"):
            if member in members:
                define(f"{name}_{member.upper()}", members[member])
    for name in ("RSA", "RSA1024", "P256", "P384", "P521", "SECP256K1", "ED25519", "ED448"):
        define(f"{name}_PEM", keys[name].export_to_pem(private_key=False).decode())
    define("RSA_PKCS1_PEM", keys["RSA"].get_op_key("verify").public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.PKCS1).decode())
    define("P256_PRIVATE_PEM", keys["P256"].export_to_pem(private_key=True, password=None)
           .decode())
    define("TRAILING_PEM", with_trailing_byte(keys["P256"].get_op_key("verify")))
    define("X25519_PEM", public_pem(x25519.X25519PrivateKey.generate().public_key()))
    define("DSA_PEM", public_pem(dsa.generate_private_key(1024).public_key()))
    define("RSA_CERTIFICATE_PEM",
           certificate(keys["RSA"].get_op_key("sign")))
    for alg, name in TOKENS:
        define(f"{alg.upper()}_{name}_TOKEN", sign(keys[name], alg))
    # a forger's token that brings its own key
    forger = keys["P256_OTHER"]
    define("FORGED_TOKEN", sign(forger, "ES256", jwk=forger.export_public(as_dict=True),
                                jku="https://evil.example/", x5c=["AAAA"]))
    print("#endif")


if __name__ == "__main__":
    sys.exit(main())
