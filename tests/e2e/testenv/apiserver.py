# SPDX-License-Identifier: Apache-2.0
"""A key server that wants to know who asks, as Kubernetes' API server does."""
import ssl

from .issuer import Issuer


class ApiServer(Issuer):
    """An issuer that answers 401 to whoever does not send what it wants, and
    ends TLS with whoever shows no certificate, if it wants one."""

    def __init__(self, authority, path="", keys=(), names=(), **where):
        self.wanted = {}       # header -> value
        self.client_ca = None  # a file: whose certificates are let in
        self.pair = None
        super().__init__(authority, path, keys, **where)
        self.pair = authority.issue(
            authority.folder / f"api-{self.port}.pem", names=names)
        self.present(self.pair)

    def want(self, **headers):
        """Authorization="Bearer x" from the next request on."""
        self.wanted = {k.replace("_", "-"): v for k, v in headers.items()}
        return self

    def want_certificate(self, ca):
        self.client_ca = ca
        self.present(self.pair)
        return self

    def present(self, pair):
        super().present(self.pair or pair)
        if self.client_ca:
            self.server.tls.load_verify_locations(self.client_ca)
            self.server.tls.verify_mode = ssl.CERT_REQUIRED

    def answer(self, handler):
        sent = {k: handler.headers.get_all(k) for k in self.wanted}
        if all(sent[k] == [v] for k, v in self.wanted.items()):
            super().answer(handler)
            return
        self.hits["(401)"] += 1
        self.requests.append((handler.path, dict(handler.headers)))
        handler.close_connection = True
        handler.send_response(401)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def seen(self, name):
        """The values of a header that came so far, None where it did not."""
        return {head.get(name) for _, head in self.requests}
