# SPDX-License-Identifier: Apache-2.0
"""A CONNECT proxy in a thread, that can be told to be silent."""
import socket
import threading

from .issuer import free_port


class Proxy:
    """Tunnels to whoever is named; remembers the names."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.tunnels = []   # "host:port" of each CONNECT
        self.silent = False
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.listen, daemon=True).start()

    def stop(self):
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def listen(self):
        while not self.ended.is_set():
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        client.settimeout(30)
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(4096)
                if not piece:
                    return
                head += piece
            method, target = head.decode("latin-1").split(" ", 2)[:2]
            self.tunnels.append(target)
            if self.silent:
                self.ended.wait(30)
                return
            if method != "CONNECT":
                client.sendall(b"HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n")
                return
            host, port = target.rsplit(":", 1)
            with socket.create_connection((host, int(port)), 30) as peer:
                client.sendall(b"HTTP/1.1 200 Yes\r\n\r\n")
                back = threading.Thread(target=self.pipe,
                                        args=(peer, client), daemon=True)
                back.start()
                self.pipe(client, peer)
                back.join()

    @staticmethod
    def pipe(source, sink):
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
