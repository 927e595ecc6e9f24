# SPDX-License-Identifier: Apache-2.0
"""Servers to be measured, and the measuring: CPU and memory from /proc, load by
wrk. Everything lives in one folder below /tmp and on free ports of 127.0.0.1."""
import functools
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
TICK = os.sysconf("SC_CLK_TCK")


# --- where things are -------------------------------------------------------

@functools.lru_cache(maxsize=None)
def apxs(name):
    command = os.environ.get("APXS") or shutil.which("apxs") or "apxs2"
    return subprocess.run([command, "-q", name], check=True, text=True,
                          capture_output=True).stdout.strip()


def httpd_binary():
    return os.environ.get("APACHE2") \
        or f"{apxs('SBINDIR')}/{apxs('PROGNAME')}"


@functools.lru_cache(maxsize=None)
def static_modules():
    out = subprocess.run([httpd_binary(), "-l"], capture_output=True,
                         text=True)
    return set(re.findall(r"mod_(\w+)\.c", out.stdout))


def build_folder():
    """Where the project is built: BUILD_DIR, or build/."""
    return Path(os.environ.get("BUILD_DIR") or TOP / "build").resolve()


def module():
    path = build_folder() / ".libs/mod_auth_bearer.so"
    if not path.exists():
        sys.exit(f"bench: {path} is not there: build first, or set BUILD_DIR")
    return path


def installed(name):
    """A module of Debian's packages, or None."""
    path = Path(apxs("LIBEXECDIR")) / f"mod_{name}.so"
    return path if path.exists() else None


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def until(is_true, seconds=60):
    """Waits for it; that it does not come is the end."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            sys.exit(f"bench: waited {seconds} s in vain")
        time.sleep(0.1)


# --- a run's folder ---------------------------------------------------------

class Folder:
    """A folder that is gone at the end, and what to stop before."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="mab-bench-"))
        self.root.chmod(0o755)
        self.servers = []

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.root, ignore_errors=True)


# --- an issuer --------------------------------------------------------------

class Issuer:
    """Serves a key set that may be changed at any time."""

    def __init__(self, folder, pair=None):
        """pair: a PEM file with key and certificate, for TLS"""
        self.keys = []
        self.asked = 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                body = json.dumps({"keys": issuer.keys}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        scheme = "http"
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair)
            self.server.socket = context.wrap_socket(self.server.socket,
                                                     server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}/jwks"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        folder.servers.append(self)

    def stop(self):
        self.server.shutdown()


# --- servers ----------------------------------------------------------------

class Server:
    """A process with children, and what it costs."""

    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        self.port = free_port()
        self.process = None
        folder.servers.append(self)

    def spawn(self, command, **how):
        log = open(self.folder.root / f"{self.name}.out", "ab")
        # a session of its own: httpd ends with a signal to its whole group
        self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                        start_new_session=True,
                                        stdin=subprocess.DEVNULL, **how)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.ask("/")
                return self
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"bench: {self.name} did not start:\n{self.said()}")
            time.sleep(0.05)

    def said(self):
        return "".join(p.read_text(errors="replace")[-4000:]
                       for p in sorted(self.folder.root.glob(f"{self.name}.*"))
                       if p.suffix in (".out", ".log"))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ask(self, path, token=None, authorization=None, port=None):
        """The status of one request."""
        client = http.client.HTTPConnection("127.0.0.1", port or self.port,
                                            timeout=20)
        headers = {"Connection": "close"}
        if token:
            authorization = f"Bearer {token}"
        if authorization:
            headers["Authorization"] = authorization
        try:
            client.request("GET", path, headers=headers)
            answer = client.getresponse()
            answer.read()
            return answer.status
        finally:
            client.close()

    # --- what it costs ---

    def children(self):
        pid = self.process.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in text.split()]

    def cpu(self):
        """Seconds of CPU of the server and its children: (all, user)."""
        each = [cpu_of(pid) for pid in [self.process.pid, *self.children()]]
        return tuple(map(sum, zip(*each)))

    def memory(self):
        """(RSS, PSS, private) of the largest child in KiB."""
        return max(memory_of(pid) for pid in self.children()
                   or [self.process.pid])


def cpu_of(pid):
    """utime + stime of all threads, and utime, in seconds."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return 0.0, 0.0
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK, int(fields[11]) / TICK


def memory_of(pid):
    found = {"Rss": 0, "Pss": 0, "Private_Clean": 0, "Private_Dirty": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name = line.split(":")[0]
        if name in found:
            found[name] = int(line.split()[1])
    return (found["Rss"], found["Pss"],
            found["Private_Clean"] + found["Private_Dirty"])


MODULES = "authn_core authz_core authz_user dir alias".split()


class Httpd(Server):
    """An httpd with few modules, one child (event) or a fixed number."""

    def __init__(self, folder, name, mpm="event", modules=(), files=(),
                 conf="", children=None, threads=48, tuning=None):
        super().__init__(folder, name)
        count = children or (1 if mpm == "event" else 16)
        if tuning:
            pass
        elif mpm == "event":
            tuning = f"""StartServers {count}
ServerLimit {count}
ThreadsPerChild {threads}
ThreadLimit {threads}
MinSpareThreads 1
MaxSpareThreads {count * threads}
AsyncRequestWorkerFactor 8
MaxRequestWorkers {count * threads}"""
        else:
            tuning = f"""StartServers {count}
MinSpareServers {count}
MaxSpareServers {count + 1}
ServerLimit {count}
MaxRequestWorkers {count}"""
        root = folder.root
        folder.write("htdocs/ok.txt", "ok")
        loads = [f"LoadModule {n}_module {apxs('LIBEXECDIR')}/mod_{n}.so"
                 for n in [f"mpm_{mpm}", *MODULES, *modules]
                 if n not in static_modules()]
        loads += [f"LoadModule {n}_module {path}" for n, path in files]
        user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
        self.conf = folder.write(f"{name}.conf", "\n".join(loads) + f"""
ServerRoot {root}
ServerName 127.0.0.1
Listen 127.0.0.1:{self.port}
{user}
PidFile {root}/{name}.pid
DefaultRuntimeDir {root}
ErrorLog {root}/{name}.log
LogLevel warn
DocumentRoot {root}/htdocs
AliasMatch "^/p/" "{root}/htdocs/ok.txt"
AliasMatch "^/$" "{root}/htdocs/ok.txt"
<Directory />
  AllowOverride None
</Directory>
KeepAlive On
KeepAliveTimeout 60
MaxKeepAliveRequests 0
LimitRequestFieldSize 65536
{tuning}
{conf}
""")

    def start(self):
        return self.spawn([httpd_binary(), "-d", str(self.folder.root), "-f",
                           str(self.conf), "-DFOREGROUND"])


class Haproxy(Server):
    """An HAProxy that answers by itself; ports: name -> port."""

    def __init__(self, folder, name, frontends):
        super().__init__(folder, name)
        self.ports = {"bare": self.port}
        answer = 'http-request return status 200 content-type text/plain ' \
            'string "ok"'
        text = ["global", "  nbthread 1", "defaults", "  mode http",
                "  timeout client 60s", "  timeout server 60s",
                "  timeout connect 5s", "frontend bare",
                f"  bind 127.0.0.1:{self.port}", f"  {answer}"]
        for front, rules in frontends.items():
            self.ports[front] = free_port()
            text += [f"frontend {front}",
                     f"  bind 127.0.0.1:{self.ports[front]}", *rules,
                     f"  {answer}"]
        self.conf = folder.write(f"{name}.conf", "\n".join(text) + "\n")

    def start(self):
        return self.spawn(["haproxy", "-db", "-f", str(self.conf)])

    def children(self):
        return []


# --- load -------------------------------------------------------------------

def wrk(folder, port, path, authorizations=(), seconds=1.0, connections=32):
    """Load with these Authorization values in turn; requests, errors, and
    latencies in microseconds."""
    file = folder.write("wrk-values.txt", "\n".join(authorizations) + "\n") \
        if authorizations and not isinstance(authorizations, Path) \
        else authorizations or "-"
    begun = time.monotonic()
    # wrk counts whole seconds only
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s",
         "-s", str(HERE / "wrk.lua"), f"http://127.0.0.1:{port}",
         "--", path, str(file)],
        text=True, capture_output=True, check=True)
    took = time.monotonic() - begun
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            return {**json.loads(line), "took": took}
    raise RuntimeError(done.stdout + done.stderr)


def slice_of(folder, server, port, path, authorizations, seconds,
             connections):
    """One slice of load on a server: requests/s, CPU microseconds a request,
    latencies. A slice with an answer that is not 200 is no measurement."""
    before = server.cpu()
    run = wrk(folder, port, path, authorizations, seconds, connections)
    spent, user = (b - a for a, b in zip(before, server.cpu()))
    # an idle connection that event closes is a read error and no answer
    if run["errors"] - run["reads"] or run["reads"] > 40 or not run["requests"]:
        sys.exit(f"bench: {server.name}{path}: {run}\n{server.said()}")
    return {"rps": run["requests"] / (run["micros"] / 1e6),
            "cpu": spent * 1e6 / run["requests"],
            "user": user * 1e6 / run["requests"],
            "p50": run["p50"], "p99": run["p99"],
            "requests": run["requests"]}
