#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""An issuer for tools/demo: publishes its keys, and makes a token for anyone.

    GET /.well-known/openid-configuration
    GET /jwks
    GET /token?sub=alice&email=a@example.org&groups=staff,admin&ttl=300

Only for the demo: it listens on 127.0.0.1 and asks nobody for a password. Its
tokens are made by jwcrypto, not by what the module verifies them with.

    issuer.py AUDIENCE READY-FILE     writes its own URL to READY-FILE
"""

import json
import os
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from jwcrypto import jwk, jwt

KEY = jwk.JWK.generate(kty="EC", crv="P-256", use="sig", alg="ES256", kid="demo-1")


def mint(issuer, audience, wish):
    """A signed token; wish is the query of the request."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": audience, "sub": wish.get("sub", "alice"),
              "email": wish.get("email", "alice@example.org"),
              "groups": wish.get("groups", "staff").split(","),
              "iat": now, "exp": now + int(wish.get("ttl", "3600")), "jti": uuid.uuid4().hex}
    token = jwt.JWT(header={"alg": "ES256", "typ": "at+jwt", "kid": KEY["kid"]}, claims=claims)
    token.make_signed_token(KEY)
    return token.serialize()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        issuer, audience = self.server.issuer, self.server.audience
        url = urlsplit(self.path)
        if url.path == "/.well-known/openid-configuration":
            self.answer("application/json",
                        json.dumps({"issuer": issuer, "jwks_uri": f"{issuer}/jwks"}))
        elif url.path == "/jwks":
            keys = {"keys": [KEY.export_public(as_dict=True)]}
            self.answer("application/jwk-set+json", json.dumps(keys))
        elif url.path == "/token":
            wish = {name: values[-1] for name, values in parse_qs(url.query).items()}
            self.answer("text/plain", mint(issuer, audience, wish))
        else:
            self.send_error(404)

    def answer(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Silent: the request line of a browser may hold anything."""


def main():
    audience, ready = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.issuer = f"http://127.0.0.1:{server.server_port}"
    server.audience = audience
    with open(ready + ".new", "w", encoding="ascii") as file:
        file.write(server.issuer)
    os.rename(ready + ".new", ready)
    server.serve_forever()


if __name__ == "__main__":
    main()
