# SPDX-License-Identifier: Apache-2.0
"""An issuer of tokens, in a thread, that can be told to misbehave."""
import collections
import datetime
import http.server
import ipaddress
import json
import select
import socket
import ssl
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .mint import Key


class Authority:
    """A certificate authority of our own and one server certificate."""

    def __init__(self, folder, name="test authority"):
        self.folder = Path(folder)
        self.ca = self.folder / "ca.pem"
        self.pair = self.folder / "server.pem"
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.certificate(name, self.root_key, None,
                                     self.root_key, True)
        self.ca.write_bytes(self.root.public_bytes(
            serialization.Encoding.PEM))
        self.ca.chmod(0o644)
        self.issue(self.pair)

    def issue(self, path, signed=True, **how):
        """A server's key and certificate in one file; how: address, names,
        days. Returns the path."""
        own = ec.generate_private_key(ec.SECP256R1())
        made = self.certificate(
            "127.0.0.1", own, self.root.subject if signed else None,
            self.root_key if signed else own, False, **how)
        path.write_bytes(
            own.private_bytes(serialization.Encoding.PEM,
                              serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption())
            + made.public_bytes(serialization.Encoding.PEM))
        return path

    @staticmethod
    def certificate(name, own, issuer, signer, is_ca, address="127.0.0.1",
                    names=(), days=1):
        subject = x509.Name([x509.NameAttribute(
            x509.NameOID.COMMON_NAME, name)])
        now = datetime.datetime.utcnow()
        day = datetime.timedelta(days=1)
        made = x509.CertificateBuilder().subject_name(subject) \
            .issuer_name(issuer or subject).public_key(own.public_key()) \
            .serial_number(x509.random_serial_number()) \
            .not_valid_before(now - 3 * day).not_valid_after(now + days * day) \
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        if not is_ca:
            made = made.add_extension(x509.SubjectAlternativeName([
                x509.IPAddress(ipaddress.ip_address(address))]
                + [x509.DNSName("localhost")] * (address == "127.0.0.1")
                + [x509.DNSName(name) for name in names]), critical=False)
        return made.sign(signer, hashes.SHA256())


class Behaviour:
    """How one path answers. None means: as usual."""

    def __init__(self, status=None, body=None, headers=None, stall=0,
                 truncate=None, times=None, wire=None):
        self.status = status
        self.body = body
        self.headers = headers or {}
        self.stall = stall
        self.truncate = truncate
        self.times = times
        self.wire = wire  # writes all of the answer: wire(issuer, handler)


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    tls = None
    #: called with each connection before TLS; true: it is done with
    meet = staticmethod(lambda: False)

    def finish_request(self, request, client_address):
        # in the thread of the request: a silent client delays nobody else
        request.settimeout(30)
        if self.meet():
            return
        if self.tls:
            request = self.tls.wrap_socket(request, server_side=True)
        try:
            super().finish_request(request, client_address)
        finally:
            if self.tls:
                request.close()

    def handle_error(self, request, client_address):
        """Clients that go away are no news."""


class Listener6(Listener):
    address_family = socket.AF_INET6


class Dead:
    """A port where nobody can connect: refused, or (silent) without an answer
    even from the system, since the queue of who waits there is full."""

    def __init__(self, address, port, silent=False):
        self.sockets = [self.socket(address)]
        self.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sockets[0].bind((address, port))
        if silent:
            self.sockets[0].listen(0)
            self.fill(self.sockets[0].getsockname())

    @staticmethod
    def socket(address):
        return socket.socket(socket.AF_INET6 if ":" in address
                             else socket.AF_INET)

    def fill(self, place):
        for _ in range(8):
            self.sockets.append(self.socket(place[0]))
            self.sockets[-1].setblocking(False)
            self.sockets[-1].connect_ex(place)
            if not select.select([], self.sockets[-1:], [], 0.2)[1]:
                return
        self.close()
        raise NotImplementedError("this system leaves no connection hanging")

    def close(self):
        for one in self.sockets:
            one.close()
        self.sockets = []


class Issuer:
    """Serves discovery and a key set below `path`. authority=None: http. name:
    what its URLs have instead of its address."""

    def __init__(self, authority, path="", keys=(), address="127.0.0.1",
                 port=0, name=None):
        self.authority = authority
        self.address = address
        self.path = path
        self.keys = list(keys)
        self.hits = collections.Counter()
        self.requests = []
        self.behaviours = {}
        self.headers = {}
        self.etag = None
        self.wakeup = threading.Event()
        self.port = port
        self.server = None
        self.dead = None
        self.start()
        scheme = "https" if authority else "http"
        host = name or (f"[{address}]" if ":" in address else address)
        self.host = f"{host}:{self.port}"
        self.origin = f"{scheme}://{self.host}"
        self.url = self.origin + path
        self.jwks_path = path + "/jwks"
        self.jwks_uri = self.origin + self.jwks_path
        self.discovery_path = path + "/.well-known/openid-configuration"
        self.metadata = {}

    # --- life ---

    def start(self):
        """Listens, on the same port as before if there was one."""
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                issuer.answer(self)

            def log_message(self, *args):
                pass

        self.wakeup.clear()
        self.answer_again()
        kind = Listener6 if ":" in self.address else Listener
        self.server = kind((self.address, self.port), Handler)
        if self.authority:
            self.present(self.authority.pair)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,),
                         daemon=True).start()

    def present(self, pair):
        """Another certificate from the next connection on."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pair)
        self.server.tls = tls

    def hang_up(self):
        """Accepts connections and ends them before TLS, until `recover`."""
        def meet():
            self.hits["(hung up)"] += 1
            return True

        self.server.meet = meet

    def hole(self):
        """Accepts connections and says nothing, not even TLS, until
        `recover`."""
        def meet():
            self.hits["(hole)"] += 1
            self.wakeup.wait(60)
            return True

        self.server.meet = meet

    def stop(self):
        """Refuses connections from now on; ends stalls."""
        if self.server:
            self.wakeup.set()
            self.server.shutdown()
            self.server.server_close()
            self.server = None
        self.answer_again()

    def deaf(self):
        """Leaves who connects without any answer, until `start`."""
        self.stop()
        self.dead = Dead(self.address, self.port, silent=True)

    def answer_again(self):
        if self.dead:
            self.dead.close()
            self.dead = None

    # --- controls ---

    def rotate(self, *keys, keep=True):
        """New keys, with or without the old ones."""
        self.keys = list(keys) + (self.keys if keep else [])

    def behave(self, path=None, **how):
        """Changes how a path (default: the key set) answers."""
        self.behaviours[path or self.jwks_path] = Behaviour(**how)

    def stall(self, seconds):
        for path in (self.jwks_path, self.discovery_path):
            self.behave(path, stall=seconds)

    def recover(self):
        self.behaviours.clear()
        self.server.meet = Listener.meet
        self.wakeup.set()
        self.wakeup.clear()

    def count(self, path=None):
        return self.hits[path] if path else sum(self.hits.values())

    def forget(self):
        self.hits.clear()
        self.requests.clear()

    def wait_for(self, path, count=1, seconds=5.0):
        deadline = time.monotonic() + seconds
        while self.hits[path] < count:
            assert time.monotonic() < deadline, \
                f"{path} was asked {self.hits[path]} times, not {count}"
            time.sleep(0.02)

    # --- answers ---

    def jwks(self):
        return {"keys": [k.public() if isinstance(k, Key) else k
                         for k in self.keys]}

    def discovery(self):
        document = {"issuer": self.url, "jwks_uri": self.jwks_uri,
                    "token_endpoint": self.url + "/token",
                    "response_types_supported": ["code"],
                    **self.metadata}
        return {k: v for k, v in document.items() if v is not None}

    def usual(self, path):
        if path == self.discovery_path:
            return 200, json.dumps(self.discovery()).encode()
        if path == self.jwks_path:
            return 200, json.dumps(self.jwks()).encode()
        return 404, b'{"error":"not_found"}'

    def answer(self, handler):
        path = handler.path
        self.hits[path] += 1
        self.requests.append((path, dict(handler.headers)))
        status, body = self.usual(path)
        headers = {"Content-Type": "application/json", **self.headers}
        how = self.behaviours.get(path, Behaviour())
        if how.times is not None:
            how.times -= 1
            if how.times < 0:
                how = Behaviour()
        if how.stall:
            self.wakeup.wait(how.stall)
        if how.wire:
            handler.close_connection = True
            how.wire(self, handler)
            return
        status = how.status or status
        body = body if how.body is None else how.body
        if isinstance(body, str):
            body = body.encode()
        if path == self.jwks_path and self.etag and status == 200:
            headers["ETag"] = self.etag
            if handler.headers.get("If-None-Match") == self.etag:
                status, body = 304, b""
        headers.update(how.headers)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if "Transfer-Encoding" not in headers and status != 304:
            handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        handler.wfile.write(body if how.truncate is None
                            else body[:how.truncate])


def free_port():
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
