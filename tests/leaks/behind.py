# SPDX-License-Identifier: Apache-2.0
"""What is behind httpd: one process with an HTTP and a FastCGI server that
answer with the mark of the page they were asked for and with all they got.

They map paths byte for byte, after one percent-decoding, as such programs do:
anything that is not exactly a page's name is some other page without a mark."""
import json
import os
import selectors
import signal
import socket
import struct
from urllib.parse import unquote_to_bytes

FRESH = {"public": "public, max-age=60", "age": "max-age=60"}


def listener():
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen(256)
    sock.setblocking(False)
    return sock


def record(kind, page, mark, seen):
    return b"@@R" + json.dumps([kind, page, mark, seen]).encode() + b"@@\n"


class Behind:
    """pages: name ("proxy/admin") -> mark."""

    def __init__(self, pages, files):
        self.pages, self.files = pages, files
        self.listeners = [listener(), listener()]
        self.http, self.fcgi = [s.getsockname()[1] for s in self.listeners]
        self.pid = os.fork()
        if not self.pid:
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                self.serve()
            finally:
                os._exit(0)
        for sock in self.listeners:
            sock.close()

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)

    def serve(self):
        self.selector = selectors.DefaultSelector()
        for sock, answer in zip(self.listeners,
                                (self.answer_http, self.answer_fcgi)):
            self.selector.register(sock, selectors.EVENT_READ, (None, answer))
        while os.getppid() != 1:
            for key, _ in self.selector.select(5):
                buffer, answer = key.data
                if buffer is None:
                    self.accept(key.fileobj, answer)
                else:
                    self.read(key.fileobj, buffer, answer)

    def accept(self, sock, answer):
        try:
            connection = sock.accept()[0]
        except OSError:
            return
        connection.settimeout(5)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(connection, selectors.EVENT_READ,
                               (bytearray(), answer))

    def read(self, connection, buffer, answer):
        try:
            data = connection.recv(65536)
            buffer += data
            keep = bool(data) and answer(connection, buffer)
        except (OSError, ValueError, IndexError, struct.error):
            keep = False
        if not keep:
            self.selector.unregister(connection)
            connection.close()

    # --- HTTP ---

    def answer_http(self, connection, buffer):
        while True:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return True
            lines = buffer[:end].decode("latin-1").split("\r\n")
            headers = [line.split(": ", 1) if ": " in line
                       else [line.rstrip(":"), ""] for line in lines[1:]]
            lower = {k.lower(): v for k, v in headers}
            size = end + 4 + int(lower.get("content-length") or 0)
            if "transfer-encoding" in lower:
                stop = buffer.find(b"0\r\n\r\n", end)
                if stop < 0:
                    return True
                size = stop + 5
            if len(buffer) < size:
                return True
            del buffer[:size]
            method, target, _ = lines[0].split(" ", 2)
            # an encoded slash is part of a name, as httpd's sections see it
            path = target.split("?")[0].replace("%2f", "%2F") \
                .replace("%2F", "%252F")
            page = self.page_of(unquote_to_bytes(path).decode("latin-1"))
            body = record("http", page, self.pages.get(page),
                          [["target", target], *headers])
            fresh = FRESH.get(lower.get("x-fresh"))
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" \
                f"Content-Length: {len(body)}\r\n"
            if fresh:
                head += f"Cache-Control: {fresh}\r\n"
            connection.sendall(head.encode() + b"\r\n"
                               + (b"" if method == "HEAD" else body))

    def page_of(self, path):
        """/s3/proxy/admin or below: "proxy/admin". (With nocanon httpd leaves
        dots to the program; this one does not know them.)"""
        parts = path.split("/")
        if ".." in parts or "." in parts:
            return "other"
        for count in (4, 5):
            name = "/".join(parts[2:count])
            if name in self.pages and parts[0] == "" \
                    and parts[1][:1] == "s":
                found = name
                longer = "/".join(parts[2:count + 1])
                return longer if longer in self.pages else found
        return "other"

    # --- FastCGI ---

    def answer_fcgi(self, connection, buffer):
        at, params, role, number, ended = 0, b"", 1, 1, False
        while at + 8 <= len(buffer):
            _, kind, number, length, padding = struct.unpack_from(
                ">BBHHBx", buffer, at)
            if at + 8 + length + padding > len(buffer):
                return True
            content = bytes(buffer[at + 8:at + 8 + length])
            at += 8 + length + padding
            if kind == 1:
                role = struct.unpack_from(">H", content)[0]
            elif kind == 4:
                params += content
                # an authorizer gets no standard input
                ended = ended or (role == 2 and not length)
            elif kind == 5 and not length:
                ended = True
        if not ended:
            return True
        if role == 2:
            body = b"Status: 200 OK\r\n\r\n"
        else:
            body = self.program(self.pairs(params))
        connection.sendall(
            struct.pack(">BBHHBx", 1, 6, number, len(body), 0) + body
            + struct.pack(">BBHHBx", 1, 6, number, 0, 0)
            + struct.pack(">BBHHBxIB3x", 1, 3, number, 8, 0, 0, 0))
        return False

    def program(self, params):
        name = params.get("SCRIPT_FILENAME", "")
        if name.startswith("proxy:fcgi://"):
            name = "/" + name[13:].partition("/")[2]
        page = self.files.get(name)
        while page is None and "/pfcgi/" in name:
            name = name.rpartition("/")[0]
            page = self.files.get(name)
        body = record("fcgi", page or "other", self.pages.get(page),
                      list(params.items()))
        fresh = FRESH.get(params.get("HTTP_X_FRESH"))
        head = "Content-Type: text/plain\r\n"
        if fresh:
            head += f"Cache-Control: {fresh}\r\n"
        return head.encode() + b"\r\n" + body

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
            name = data[at:at + sizes[0]].decode("latin-1")
            at += sizes[0]
            found[name] = data[at:at + sizes[1]].decode("latin-1")
            at += sizes[1]
        return found
