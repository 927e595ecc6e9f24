# SPDX-License-Identifier: Apache-2.0
"""A client that sends prepared bytes over kept connections, and is quick."""
import socket


class Closed(Exception):
    """The server closed before it answered."""


class Answer:
    __slots__ = ("status", "head", "body")

    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body


class Wire:
    """One connection. kind: what its owner tells it by; context and name: for
    TLS."""

    def __init__(self, port, kind, context=None, name=None):
        self.port, self.kind = port, kind
        self.context, self.name = context, name
        self.sock = None
        self.buffer = b""

    def open(self):
        sock = socket.create_connection(("127.0.0.1", self.port), 15)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context:
            sock = self.context.wrap_socket(sock, server_hostname=self.name)
        self.sock, self.buffer = sock, b""

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock = None

    def send(self, data):
        """Sends a request; an error shows when its answer is read."""
        try:
            if not self.sock:
                self.open()
            self.sock.sendall(data)
        except OSError:
            # it was kept too long: once more
            try:
                self.close()
                self.open()
                self.sock.sendall(data)
            except OSError:
                self.close()

    def more(self):
        data = self.sock.recv(262144)
        if not data:
            raise Closed
        self.buffer += data

    def receive(self, method):
        """The answer; None if the server closed without one."""
        if not self.sock:
            return None
        try:
            return self.parse(method)
        except (OSError, Closed, ValueError):
            self.close()
            return None

    def parse(self, method):
        while True:
            # httpd ends a page twice whose part was an error page
            while (end := self.buffer.lstrip(b"\r\n").find(
                    b"\r\n\r\n")) < 0:
                self.more()
            self.buffer = self.buffer.lstrip(b"\r\n")
            head = self.buffer[:end].decode("latin-1")
            self.buffer = self.buffer[end + 4:]
            status = int(head[9:12])
            if status >= 200:
                break
        lower = head.lower()
        if method == "HEAD" or status in (204, 304):
            body = b""
        elif "\r\ntransfer-encoding: chunked" in lower:
            body = self.chunked()
        elif (at := lower.find("\r\ncontent-length: ")) >= 0:
            body = self.take(int(lower[at + 18:].split("\r\n", 1)[0]))
        else:
            body = self.rest()
        if "\r\nconnection: close" in lower:
            self.close()
        return Answer(status, head, body.decode("latin-1"))

    def take(self, size):
        while len(self.buffer) < size:
            self.more()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def chunked(self):
        parts = []
        while True:
            while (end := self.buffer.find(b"\r\n")) < 0:
                self.more()
            size = int(self.buffer[:end].split(b";")[0], 16)
            self.buffer = self.buffer[end + 2:]
            parts.append(self.take(size))
            self.take(2)
            if not size:
                return b"".join(parts)

    def rest(self):
        try:
            while True:
                self.more()
        except Closed:
            data, self.buffer = self.buffer, b""
            self.close()
            return data
