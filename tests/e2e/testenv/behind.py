# SPDX-License-Identifier: Apache-2.0
"""Programs behind httpd that tell what they were sent."""
import http.server
import json
import socket
import struct
import threading


class BackEnd:
    """A server behind mod_proxy that answers with what it was sent. headers:
    pairs, of all its answers. asked: the paths that it was ever asked for."""

    def __init__(self, headers=()):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                body = json.dumps({
                    "method": self.command, "path": self.path,
                    "headers": [[k.lower(), v] for k, v
                                in self.headers.items()]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                for pair in headers:
                    self.send_header(*pair)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,),
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Fcgi:
    """A FastCGI responder on a unix socket: its parameters as JSON. asked: all
    that it was ever asked, likewise. headers: pairs, of all its answers."""

    def __init__(self, path, headers=()):
        self.asked = []
        self.path = str(path)
        self.head = "".join(f"{name}: {value}\r\n" for name, value in [
            ("Content-Type", "application/json"), *headers]).encode()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection:
                self.answer(connection.makefile("rb"), connection)

    def answer(self, stream, connection):
        params = b""
        while True:
            head = stream.read(8)
            if len(head) < 8:
                return
            _, kind, number, length, padding = struct.unpack(">BBHHBx", head)
            content = stream.read(length)
            stream.read(padding)
            if kind == 4:
                params += content
            elif kind == 5 and not length:
                break
        self.asked.append(self.pairs(params))
        body = self.head + b"\r\n" + json.dumps(self.asked[-1]).encode()
        connection.sendall(
            struct.pack(">BBHHBx", 1, 6, number, len(body), 0) + body
            + struct.pack(">BBHHBx", 1, 6, number, 0, 0)
            + struct.pack(">BBHHBxIB3x", 1, 3, number, 8, 0, 0, 0))

    @staticmethod
    def pairs(data):
        found, at = {}, 0
        while at < len(data):
            sizes = []
            for _ in range(2):
                if data[at] < 128:
                    sizes.append(data[at])
                    at += 1
                else:
                    sizes.append(struct.unpack_from(">I", data, at)[0]
                                 & 0x7fffffff)
                    at += 4
            name = data[at:at + sizes[0]].decode()
            at += sizes[0]
            found[name] = data[at:at + sizes[1]].decode()
            at += sizes[1]
        return found

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
