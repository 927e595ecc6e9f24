#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make_corpus - writes the seeds of the fuzz targets, corpus/<unit>/<name>.

    tests/fuzz/make_corpus.py

The same files each time; inputs that a fuzzer found stand in the same folders
under the names "found-...", which this leaves alone. Keys are those of
tests/unit/fixtures.h, the specifications, and of the byte 0x01.
"""

import base64
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = (HERE.parent / "unit" / "fixtures.h").read_text(encoding="utf-8")


def fixture(name):
    """A text of tests/unit/fixtures.h."""
    parts = re.search(rf'#define FIX_{name} \\\n((?:\s+".*"(?: \\)?\n)+)', FIXTURES)
    return "".join(re.findall(r'"(.*?)"', parts.group(1)))


def b64(data):
    """base64url without padding."""
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def js(value):
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"))


ED = {"kty": "OKP", "crv": "Ed25519", "kid": "ed",
      "x": "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"}
EC = {"kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig",
      "x": fixture("P256_X"), "y": fixture("P256_Y")}
EC384 = {"kty": "EC", "crv": "P-384", "kid": "ec3",
         "x": fixture("P384_X"), "y": fixture("P384_Y")}
RSA = {"kty": "RSA", "kid": "rsa", "alg": "RS256", "n": fixture("RSA_N"), "e": "AQAB"}
WEAK = {"kty": "RSA", "kid": "weak", "n": fixture("RSA1024_N"), "e": "AQAB"}
OCT = {"kty": "oct", "kid": "oct", "k": b64(b"k" * 32)}
PEM = ("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SI"
       "AbQPb1w=\n-----END PUBLIC KEY-----\n")

ISS, SHARED, NOW = "https://i.example", "https://s.example", 1800000000
GOOD = {"iss": ISS, "aud": "api", "exp": NOW + 3600, "sub": "alice"}
FULL = dict(GOOD, iat=NOW - 60, nbf=NOW - 60, jti="1", scope="read write", n=2.5,
            realm_access={"roles": ["admin", "user"]}, ok=True)
HEADER = {"alg": "EdDSA", "kid": "ed", "typ": "at+jwt"}
SET = {"keys": [ED, EC, RSA]}


def lines(*parts):
    """Parts as lines."""
    return "\n".join(parts)


def answer(head, body="", **fields):
    """The bytes of an HTTP answer; the first byte says how to cut it."""
    fields = {k.replace("_", "-"): v for k, v in fields.items()}
    head = [f"HTTP/1.1 {head}"] + [f"{k}: {v}" for k, v in fields.items()]
    return "\x07" + "\r\n".join(head) + "\r\n\r\n" + body


def cache(*steps):
    """What a token cache is asked: (store|drop|find, token, time)."""
    data = [8, 255]
    for what, token, time in steps:
        data += [token, {"store": 0, "drop": 64, "find": 128}[what] | time]
    return bytes(data)


def claims(**changed):
    """FULL as JSON with members changed."""
    return js(dict(FULL, **changed))


SEEDS = {
    "b64url": {"empty": "", "one": "A", "abc": "YWJj", "padded": "YWI=",
               "not-canonical": "YWJ", "alphabet": "-_-_", "plus": "a+/a",
               "header": b64(js(HEADER))},
    "json": {"empty": "{}", "full": claims(), "twice": '{"a":1,"\\u0061":2}',
             "array": "[1]", "deep": '{"a":' + "[" * 31 + "]" * 31 + "}",
             "too-deep": '{"a":' + "[" * 32 + "]" * 32 + "}", "nul": '{"a":"\\u0000"}',
             "numbers": '{"a":[-0.0,1e300,0.1,9223372036854775807]}',
             "numerals": '{"a":18446744073709551615,"b":[1e400,-1.5E+999,-1e-400,01]}',
             "precision": '{"a":[0.1,0.30000000000000004,5e-324,1e17]}',
             "names": "{" + ",".join(f'"n{i}":{i}' for i in range(70)) + "}",
             "halves": r'{"a":"\ud83d\udd11","b":"\ud83d"}',
             "escapes": r'{"a\"\\":"\"]}\ud834\udd1e"}', "bytes": b'{"a":"\xff"}'},
    "path": {"name": lines("sub", claims()),
             "dotted": lines("realm_access.roles.1", claims()),
             "pointer": lines("/realm_access/roles/0", claims()),
             "escape": lines("/a~1b~0c", '{"a/b~c":1}'), "empty-step": "a..b\n{}"},
    "url": {name: text for name, text in {
        "plain": "https://i.example/jwks?x=1", "issuer": "https://i.example/a/",
        "port": "https://I.example:8443", "v6": "http://[::1]:8080/x",
        "loopback": "http://127.0.0.1/", "user": "https://a@b/", "odd": "https://0x7f.1/",
        "proxy": "http://proxy.example:3128", "fragment": "https://i.example/#a"}.items()},
    "freshness": {"max-age": lines("public, max-age=300", "-", "-", "10"),
                  "expires": lines("-", "Fri, 15 Jan 2027 09:00:00 GMT",
                                   "Fri, 15 Jan 2027 08:00:00 GMT", "-", "x"),
                  "no-store": lines("no-store", "-", "-", "-"), "silent": "-\n-\n-\n-",
                  "quoted": lines('x="a, \\"b", max-age="60"', "0", "-", "1e9")},
    "jwk": {"ed": js(ED), "ec": js(EC), "ec3": js(EC384), "rsa": js(RSA),
            "weak": js(WEAK), "oct": js(OCT), "pem": PEM, "private": js(dict(ED, d="AAAA")),
            "ops": js(dict(EC, key_ops=["verify"])), "enc": js(dict(RSA, use="enc"))},
    "jwks": {"map": js({"a": PEM, "b": 7}), "mark": "\ufeff" + js(SET),
             "text-pem": "a: b\n" + PEM, "bundle": js({
                 "keys": [dict(EC, use="jwt-svid"), dict(RSA, use="x509-svid")],
                 "spiffe_sequence": 1, "spiffe_refresh_hint": 300}),
             "nulls": js({"keys": [dict(EC, use=None, alg=None, kid=None)]}),
             "three": js(SET), "one": js({"keys": [ED]}), "empty": js({"keys": []}),
             "single": js(EC), "pem": PEM, "bad": js({"keys": [OCT, WEAK, 1, None, EC]}),
             "no-kid": js({"keys": [{k: v for k, v in ED.items() if k != "kid"}] * 5})},
    "jws": {"text": ".".join((b64(js(HEADER)), b64(claims()), b64(b"s" * 64))),
            "parts": "." + lines(js(HEADER), claims(), "s" * 64),
            "secret": "." + lines(js({"alg": "HS512"}), claims(), "s" * 64),
            "crit": "." + lines(js(dict(HEADER, crit=["b64"], b64=False)), "{}", ""),
            "none": "e30.e30.", "five": "e30.A.A.A.AA"},
    "discovery": {"good": js({"issuer": ISS, "jwks_uri": ISS + "/jwks"}),
                  "other": js({"issuer": ISS + "/", "jwks_uri": ISS + "/jwks"}),
                  "file": js({"issuer": ISS, "jwks_uri": "file:///etc/passwd"})},
    "token": {"header": lines("Bearer e30.e30.AA", "-", "-", "-"),
              "twice": lines("Bearer a", "-", "b", "-"),
              "other": lines("-", "token a=", "", "-"), "basic": "Basic a\n-\n-\n-",
              "three": "Bearer a b\n-\n-\n-", "cookie": "-\n-\n-\ne30.e30.AA",
              "same": lines("Bearer a", "token a", "a", "-", "basic dTph", "YQ"),
              "differs": lines("-", "-", "a", "-", "Basic dTpi", "-"),
              "coded": lines("-", "-", "-", "-", "-", "ZTMwLmUzMC5BQQ"),
              "named": lines("-", "-", "-", "-", "Basic YWxpY2U6ZTMwLmUzMC5BQQ==", "-")},
    "claims": {"good": lines("", "scope", claims()), "list": lines(
        "2L", "realm_access.roles", claims(aud=["x", "api2"])),
        "strict": lines("LAERI", "/n", claims(aud="api2")), "any": lines(
            "*", "ok", js({"iss": ISS, "exp": NOW + 1, "sub": " "})),
        "bound": lines("", "sub", claims(cnf={"jkt": "x"})),
        "expired": lines("L", "sub", claims(exp=NOW - 60)),
        "old": lines("A", "sub", claims(iat=NOW - 601)),
        "foreign": lines("I2", "sub", claims(aud="api")),
        "nested": lines("", "sub", claims(aud=["api", ["api"]]))},
    "match": {"present": lines("sub", "", claims()), "equals": lines(
        "realm_access.roles", "admin", "x", "", claims()),
        "regex": lines("sub", "~", "^a.*e$", "", claims()),
        "number": lines("n", ">=", "2", "", claims()),
        "old": lines("sub:alice", "", claims()), "old-regex": lines("sub~^a", "", claims()),
        "scope": lines("read", "write", "", claims()), "pointer": lines(
            "/realm_access/roles/0", "admin", "", claims())},
    "challenge": {"all": lines("api \"x\" \\", "scope=x, \"y\"", "read write",
                               "https://a.example/.well-known/x", "token \"x\" \\"),
                  "none": "-\n-\n-\n-\n", "control": "a\rb\n\x7f\x01\n\xff\n\t\nx"},
    "resource": {"root": lines("https://api.example", "read write", "An API", "-", ISS),
                 "path": lines("https://api.example/a/b", "-", "-", "https://d.example/", ISS),
                 "loopback": "http://127.0.0.1:8080/x\n\n-\n-\n"},
    "http": {"length": answer("200 OK", "12345", Content_Length="5", ETag='"a"'),
             "chunked": answer("200 OK", "5;x=y\r\n12345\r\n0\r\nA: b\r\n\r\n",
                               Transfer_Encoding="chunked"),
             "close": answer("200 OK", "rest", Cache_Control="no-store", Age="1"),
             "interim": "\x01HTTP/1.1 103 x\r\nA: b\r\n\r\nHTTP/1.1 304 Not\n\n",
             "both": answer("200 OK", "0\r\n\r\n", Content_Length="1",
                            Transfer_Encoding="chunked"),
             "gzip": answer("200 OK", "x", Content_Encoding="gzip"),
             "moved": answer("302 Found", Location="http://x/", Content_Length="0")},
    "tokcache": {"store-find": cache(("store", 1, 1), ("find", 1, 0), ("find", 2, 0)),
                 "old": cache(("store", 1, 1), ("find", 1, 31), ("find", 1, 31)),
                 "drop": cache(("store", 3, 0), ("store", 3, 0), ("drop", 3, 0),
                               ("find", 3, 0)),
                 "evict": cache(*[("store", n, 1) for n in range(16)],
                                *[("find", n, 0) for n in range(16)])},
    "board": {"whole": b"", "one-patch": bytes([0, 0, 1, 255]),
              "patches": bytes([0] + [n * 7 % 256 for n in range(90)]),
              "all": bytes([1] + [n * 5 % 256 for n in range(300)])},
    "keyring": {"as-posted": b"", "patched": bytes([18, 0, 1, 255, 0, 9, 1]),
                "then": b"\x00" + js({"keys": [EC]}).encode(),
                "then-bad": b"\x10" + b"not json"},
    "pairs": {"cookie": lines("c", "tok", " a=1; tok=T ;b=\"x;y\"; tok=U"),
              "within": lines("c", "my_tok", "n=x my_tok=T, y; z=1,MY%5ftok = 2 ;"),
              "php": lines("c", "my.tok", "my_tok[0]=T; +my tok\u00a0=; my%00=1"),
              "query": lines("q", "tok", "a&t%6fk=T;TOK[]=U&tok=&&%u0074ok=1"),
              "names": lines("n", "X-User", "close; x_user ,\"a, X-User\" te X-User"),
              "protocols": lines("p", "a.b", "chat , a.b.T,a.b.U\t, a.b"),
              "line": lines("u", "tok", "GET /a?x=1&tok=T&tok HTTP/1.1"),
              "uri": lines("u", "tok", "/a;tok=T?tok=T#?tok=U")},
    "keystore": {"good": js({"issuer": ISS, "fetched": NOW - 60, "keys": [ED]}),
                 "old": js({"issuer": ISS, "fetched": 1, "keys": [ED]}),
                 "future": js({"issuer": ISS, "fetched": NOW + 90, "keys": [ED]}),
                 "other": js({"issuer": SHARED, "fetched": NOW, "keys": [ED]})},
    "verify": {"key": lines("k", js(HEADER), claims(), js(SET)),
               "secret": lines("2", js({"alg": "HS256"}), claims(iss=SHARED), js(SET)),
               "strict": lines("kLAER", js(HEADER), claims(), js(SET)),
               "expired": lines("kL", js(HEADER), claims(exp=NOW - 60), js(SET)),
               "crit": lines("k", js(dict(HEADER, crit=["x"])), claims(), js(SET)),
               "id-token": lines("k", js(dict(HEADER, typ="id+jwt")), claims(), js(SET)),
               "spoilt": lines("k!", js(HEADER), claims(), js(SET)),
               "short": lines("<", js({"alg": "HS256"}), claims(iss=SHARED), js(SET)),
               "confused": lines("x", js(dict(HEADER, alg="HS256")), claims(), js(SET)),
               "no-kid": lines("kT", js({"alg": "EdDSA", "typ": "at+jwt"}), claims(),
                               js({"keys": [RSA, EC, ED]}))},
}


def main():
    """Writes them all."""
    for unit, seeds in SEEDS.items():
        folder = HERE / "corpus" / unit
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in seeds.items():
            data = text if isinstance(text, bytes) else text.encode("utf-8")
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
