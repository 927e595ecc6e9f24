# SPDX-License-Identifier: Apache-2.0
"""The life of one private httpd, and a client that sends exact bytes."""
import functools
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import mint
from .errorlog import ErrorLog, leaks
from .issuer import free_port

HERE = Path(__file__).resolve().parent
#: servers whose logs are still to be checked
servers = []

MODULES = """authn_core authz_core authz_user authz_host headers alias env
setenvif mime dir proxy proxy_http rewrite status""".split()

TUNING = {
    "event": """
        StartServers 1
        ServerLimit 4
        ThreadsPerChild 16
        MaxRequestWorkers 16
        MinSpareThreads 1
        MaxSpareThreads 64""",
    "prefork": """
        StartServers 4
        MinSpareServers 1
        MaxSpareServers 16
        MaxRequestWorkers 16""",
}

ENV_CGI = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
exec env -0
"""


# --- where things are -------------------------------------------------------

@functools.lru_cache(maxsize=None)
def query(name):
    apxs = os.environ.get("APXS", "apxs")
    return subprocess.run([apxs, "-q", name], check=True, text=True,
                          capture_output=True).stdout.strip()


@functools.lru_cache(maxsize=None)
def binary():
    """httpd, or None."""
    try:
        path = os.environ.get("APACHE2") \
            or f"{query('SBINDIR')}/{query('PROGNAME')}"
    except (OSError, subprocess.CalledProcessError):
        return None
    return path if os.access(path, os.X_OK) else None


@functools.lru_cache(maxsize=None)
def static_modules():
    out = subprocess.run([binary(), "-l"], capture_output=True, text=True)
    return set(re.findall(r"mod_(\w+)\.c", out.stdout))


def shared_object(name):
    """Where the module of that name is, if it is not static."""
    return Path(query("LIBEXECDIR")) / f"mod_{name}.so"


def has(name):
    """Whether httpd has this module here."""
    return name in static_modules() or shared_object(name).exists()


def module():
    """The module under test, or None if it has not been built."""
    builddir = os.environ.get("abs_top_builddir")
    path = Path(os.environ.get("MODULE")
                or (Path(builddir) / ".libs/mod_auth_bearer.so" if builddir
                    else HERE.parents[2] / "build/.libs/mod_auth_bearer.so"))
    return path.resolve() if path.exists() else None


@functools.lru_cache(maxsize=None)
def knows(directive):
    """Whether the module under test has this directive."""
    return bool(module()) and directive.encode() + b"\0" \
        in module().read_bytes()


def mpms():
    return [m for m in ("event", "prefork")
            if os.environ.get("MAB_MPM", m) == m]


#: what every challenge has of a server without AuthName: its ServerName
REALM = {"realm": "127.0.0.1"}
BARE = 'Bearer realm="127.0.0.1"'


# --- a client ---------------------------------------------------------------

class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.getheaders()
        self.body = body

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def header(self, name):
        """The value of a field that must not come twice; None: absent."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        assert self.header("Content-Type") == "application/json", self
        return json.loads(self.body)

    def environment(self):
        """What the CGI program saw."""
        assert self.status == 200, self
        pairs = self.body.decode("utf-8", "surrogateescape").split("\0")
        return dict(p.split("=", 1) for p in pairs if "=" in p)

    def challenge(self):
        """The challenge as a dict; its form is checked strictly."""
        value = self.header("WWW-Authenticate")
        assert value is not None, self
        # RFC 6750 3: with one parameter at least
        assert value.startswith("Bearer "), value
        rest = value[len("Bearer "):]
        found = {}
        for name, text in re.findall(
                r'([a-z_]+)="([\x20\x21\x23-\x5b\x5d-\x7e]*)"', rest):
            assert name not in found, value
            found[name] = text
        rebuilt = ", ".join(f'{k}="{v}"' for k, v in found.items())
        assert rebuilt == rest, f"not a clean challenge: {value!r}"
        return found

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:400]!r}>"


def send(port, target, headers=(), method="GET", body=b"", timeout=30,
         host=None, tls=None):
    """One request, byte for byte. headers: pairs; values may be bytes. tls: an
    ssl.SSLContext."""
    lines = [f"{method} {target} HTTP/1.1".encode("latin-1"),
             f"Host: 127.0.0.1:{port}".encode(), b"Connection: close"]
    if host:
        lines[1] = f"Host: {host}".encode()
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    for name, value in headers:
        if isinstance(value, str):
            value = value.encode("latin-1")
        lines.append(name.encode() + b": " + value)
    with socket.create_connection(("127.0.0.1", port), timeout) as plain, \
            tls.wrap_socket(plain, server_hostname="127.0.0.1") if tls \
            else plain as sock:
        sock.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        response = http.client.HTTPResponse(sock, method=method)
        response.begin()
        return Answer(response, response.read())


# --- a server ---------------------------------------------------------------

class Httpd:
    """One httpd in a folder of its own. modules: names of further ones, loaded
    in this order; first: ours is loaded before all others."""

    def __init__(self, mpm, conf=None, with_module=True, modules=(),
                 first=False):
        self.mpm = mpm
        self.with_module = with_module
        self.modules = list(modules)
        self.first = first
        self.root = Path(tempfile.mkdtemp(prefix=f"mab-{mpm}-"))
        self.root.chmod(0o755)
        self.port = free_port()
        self.process = None
        self.failed = False
        self.logs_read = {}
        self.environment = {}  # beside the usual variables
        self.preload = []
        self.errorlog = ErrorLog(self.root / "error.log")
        # a system whose mod_ssl is newer than its OpenSSL: no part of ours
        self.errorlog.allow_always("AH01882")
        self.write("htdocs/ok.txt", "ok\n")
        self.write("cgi/env", ENV_CGI, 0o755)
        for name in ("tmp", "run"):
            (self.root / name).mkdir()
            if os.getuid() == 0:
                shutil.chown(self.root / name, "www-data", "www-data")
        (self.root / "asan").mkdir()
        (self.root / "asan").chmod(0o1777)
        if with_module:
            # a copy: a build that goes on must not replace what children run
            shutil.copy(module(), self.root / "mod_auth_bearer.so")
        servers.append(self)
        self.configure(conf)

    # --- configuration ---

    def write(self, name, text, mode=0o644):
        """A file below the server's folder; returns its path as text."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def configure(self, conf):
        self.conf = conf
        self.write("httpd.conf",
                   self.preamble() + (conf.text() if conf else ""))

    def fill(self):
        """Writes its folder for ROOT, its port for :PORT in the file."""
        text = (self.root / "httpd.conf").read_text()
        self.write("httpd.conf", text.replace("ROOT", str(self.root))
                   .replace(":PORT", f":{self.port}"))
        return self

    def loads(self):
        names = [f"mpm_{self.mpm}",
                 "cgid" if self.mpm == "event" else "cgi"] + MODULES
        names += [n for n in self.modules if n not in names]
        lines = [f"LoadModule {n}_module {shared_object(n)}"
                 for n in names if n not in static_modules()]
        if self.with_module:
            lines.insert(
                0 if self.first else len(lines),
                f"LoadModule auth_bearer_module {self.root}/mod_auth_bearer.so")
        return "\n".join(lines)

    def preamble(self):
        root = self.root
        user = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
        cgid = f"ScriptSock {root}/run/cgid\n" if self.mpm == "event" else ""
        level = " auth_bearer:debug" if self.with_module else ""
        # MAB_CORES=<folder for all to write>, after ulimit -c unlimited
        cores = os.environ.get("MAB_CORES")
        cores = f"CoreDumpDirectory {cores}\n" if cores else ""
        return f"""ServerRoot {root}
ServerName 127.0.0.1
Listen 127.0.0.1:{self.port}
{self.loads()}
{user}{cgid}{cores}PidFile {root}/run/httpd.pid
DefaultRuntimeDir {root}/run
ErrorLog {root}/error.log
LogLevel info{level}
LogFormat "%h %l %u %t \\"%r\\" %>s %O %{{bearer-code}}n %{{bearer-reason}}n" full
CustomLog {root}/access.log full
DocumentRoot {root}/htdocs
TypesConfig /dev/null
AddType text/html .html
Timeout 20
GracefulShutdownTimeout 5
LimitRequestFieldSize 65536
LimitRequestLine 65536
{TUNING[self.mpm]}
Alias /cgi {root}/cgi
AliasMatch "^/p/" "{root}/htdocs/ok.txt"
Header always set X-User "expr=%{{REMOTE_USER}}"
<Directory {root}/cgi>
  Options +ExecCGI
  SetHandler cgi-script
</Directory>
"""

    def variables(self):
        env = {k: v for k, v in os.environ.items()
               if k in ("PATH", "LANG", "HOME", "LD_LIBRARY_PATH")}
        env.update(self.environment)
        sanitizer = os.environ.get("MAB_PRELOAD")
        # the sanitizer must come first
        preload = ([sanitizer] if sanitizer else []) + self.preload
        if preload:
            env["LD_PRELOAD"] = " ".join(preload)
        if sanitizer:
            report = f"log_path={self.root}/asan/report"
            # 2: httpd's own handlers do not hide where it crashed
            env["ASAN_OPTIONS"] = "detect_leaks=0:handle_segv=2:" \
                f"handle_sigbus=2:handle_abort=2:{report}"
            env["UBSAN_OPTIONS"] = f"print_stacktrace=1:{report}"
        return env

    def command(self, *arguments):
        return [binary(), "-d", str(self.root), "-f",
                str(self.root / "httpd.conf"), *arguments]

    def check_syntax(self):
        """`apache2 -t`: (exit status, what it said)."""
        done = subprocess.run(self.command("-t"), env=self.variables(),
                              text=True, capture_output=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    # --- life ---

    def start(self):
        out = open(self.root / "stdout.log", "ab")
        self.process = subprocess.Popen(
            self.command("-DFOREGROUND"), env=self.variables(), stdout=out,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True)
        out.close()
        deadline = time.monotonic() + 30
        while not self.listening():
            if self.process.poll() is not None:
                self.failed = True
                raise AssertionError("httpd did not start:\n" + self.said())
            assert time.monotonic() < deadline, "httpd does not answer"
            time.sleep(0.02)
        return self

    def said(self):
        return "\n".join(f"{p.name}: {p.read_text(errors='replace')}"
                         for p in self.log_files())

    def listening(self):
        # "resuming normal operations" comes when children may serve
        if "resuming normal operations" not in self.errorlog.text():
            return False
        try:
            send(self.port, "/ok.txt", timeout=5)
            return True
        except OSError:
            return False

    def graceful(self):
        """A graceful restart; returns when the new generation serves."""
        # mod_cgid's new daemon may come before the old one has left its socket
        self.errorlog.allow("AH01243|AH01238")
        mark = self.errorlog.size()
        os.kill(self.process.pid, signal.SIGUSR1)
        deadline = time.monotonic() + 20
        while "resuming normal operations" not in self.errorlog.text(mark):
            assert self.process.poll() is None, "httpd died:\n" + self.said()
            assert time.monotonic() < deadline, "no restart"
            time.sleep(0.02)

    def stop(self):
        if self.process and self.process.poll() is None:
            # event's own race between a lingering close and its end
            self.errorlog.allow_always("AH03092: process_lingering_close")
            # event closes its workers' sockets, and crashes where one just gives
            # its own up (core: apr_os_sock_get below child_main of mod_mpm_event);
            # a child of prefork cleans up in its signal handler, and frees a
            # mod_ssl connection twice that it was just freeing. No part of ours:
            # let connections end first
            time.sleep(0.05)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                # the session that we made ourselves, and only that
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)
                raise AssertionError("httpd did not stop") from None

    def close(self):
        """Stops, checks the logs a last time, removes the folder."""
        self.stop()
        problems = self.problems()
        servers.remove(self)
        if problems or self.failed or os.environ.get("MAB_KEEP"):
            print(f"kept: {self.root}")
        else:
            shutil.rmtree(self.root)
        assert not problems, "\n".join(problems)

    def children(self):
        """The pids of the children now."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return {int(pid) for pid in Path(path).read_text().split()}

    def workers(self):
        """The children that serve requests; mod_cgid's daemon, which only
        event has, is the one without threads."""
        found = set()
        for pid in self.children():
            try:
                if self.mpm != "event" \
                        or len(os.listdir(f"/proc/{pid}/task")) > 1:
                    found.add(pid)
            except FileNotFoundError:
                pass
        return found

    def highest_memory(self):
        """The most memory that each worker ever had, in KiB."""
        found = {}
        for pid in self.workers():
            with open(f"/proc/{pid}/status") as status:
                found[pid] = int(re.search(r"VmHWM:\s*(\d+)",
                                           status.read())[1])
        return found

    def fetcher(self):
        """The pid of the child that fetches keys, as the log tells; None:
        nobody just now."""
        leading = None
        for pid, what in re.findall(
                r"child (\d+) (begins|ends) fetching keys",
                self.errorlog.text()):
            if what == "begins":
                leading = int(pid)
            elif leading == int(pid):
                leading = None
        return leading if leading in self.children() else None

    # --- requests ---

    def get(self, target, token=None, headers=(), method="GET", **more):
        headers = list(headers)
        if token is not None:
            mint.note(token)
            headers.append(("Authorization", f"Bearer {token}"))
        return send(self.port, target, headers, method, **more)

    def refused(self, target, token, *slugs):
        """Asks with a token that must be refused for one of these reasons,
        logged once; the answer is that of an invalid token."""
        mark = self.errorlog.size()
        answer = self.get(target, token)
        assert answer.status == 401, f"{answer} {self.errorlog.text(mark)}"
        logged = self.errorlog.refusals(mark)
        assert len(logged) == 1, self.errorlog.text(mark)
        assert logged[0] in slugs, self.errorlog.text(mark)
        challenge = answer.challenge()
        if logged[0] == "token_format":
            assert challenge["error"] == "invalid_request"
        else:
            assert challenge["error"] == "invalid_token"
            assert answer.json()["code"] == "invalid_token"
        return answer

    def accepted(self, target, token, user=None):
        """Asks with a good token."""
        mark = self.errorlog.size()
        answer = self.get(target, token)
        assert answer.status == 200, f"{answer} {self.errorlog.text(mark)}"
        assert not self.errorlog.refusals(mark)
        assert answer.header("WWW-Authenticate") is None
        if user is not None:
            assert answer.header("X-User") == user
        return answer

    def unavailable(self, target, token):
        """Asks with a token whose issuer's keys are not there: no fault of
        the client's, who is told when to come back."""
        answer = self.get(target, token)
        assert answer.status == 503, f"{answer}\n{self.said()}"
        assert answer.json()["code"] == "keys_unavailable"
        assert int(answer.header("Retry-After")) > 0
        for value in answer.all("WWW-Authenticate"):
            assert "error=" not in value
        return answer

    def warm(self, target, token, seconds=15, **more):
        """Asks until the issuer's keys are there."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.get(target, token, **more)
            if answer.status == 200:
                return self
            assert time.monotonic() < deadline, \
                f"no keys after {seconds} s: {answer}\n{self.said()}"
            time.sleep(0.05)

    # --- tripwires ---

    def log_files(self):
        return [self.root / n for n in ("error.log", "access.log",
                                        "stdout.log", "extra.log")
                if (self.root / n).exists()]

    def problems(self):
        """What the tripwires found since the last time."""
        found = [f"{self.mpm}: {p}" for p in self.errorlog.problems()]
        for path in self.log_files():
            data = path.read_bytes()
            start = self.logs_read.get(path, 0)
            self.logs_read[path] = len(data)
            text = data[start:].decode("latin-1")
            if text:
                found += [f"{path.name} has a piece of a token: {piece}"
                          for piece in leaks(text)]
        for report in (self.root / "asan").iterdir():
            found.append(f"sanitizer: {report.read_text()[:4000]}")
            report.unlink()
        if found:
            self.failed = True
        return found
