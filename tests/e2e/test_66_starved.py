# SPDX-License-Identifier: Apache-2.0
"""What httpd asks for is not there: random bytes, shared memory, memory, room on
the disk. Refused at the start with a clear word, or served on."""
import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from testenv import env, mint
from testenv.conf import Conf
from testenv.mint import Mint, key

EC, NEW = key("P-256", "ec1"), key("P-256", "new1")
EVIL = key("P-256", "evil1")
AUD = mint.AUDIENCE
SOURCE = Path(__file__).with_name("testenv") / "starve.c"
ROOT = os.getuid() == 0


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("starve")
    path = folder / "starve.so"
    subprocess.run([os.environ.get("CC") or "cc", "-O1", "-fPIC", "-shared",
                    "-o", path, SOURCE, "-ldl"], check=True)
    for part in (folder, *folder.parents[:2], path):
        part.chmod(0o755)  # for httpd's children
    return path


@pytest.fixture
def one(make_issuer):
    issuer = make_issuer("/starved", [EC])
    yield issuer
    issuer.stop()


@pytest.fixture
def tokens(one):
    return Mint(one.url, EC, AUD)


def conf_for(authority, issuer, *lines):
    return Conf(f"AuthBearerFetch ca={authority.ca} miss=1s timeout=2s",
                f"AuthBearerAudience {AUD}",
                f"AuthBearerIssuer {issuer.url}", *lines).place("x")


class Starved:
    """A server with the library, and its switches."""

    def __init__(self, server, library):
        self.server = server
        self.folder = server.root / "starve"
        self.folder.mkdir()
        preload = os.environ.get("MAB_PRELOAD", "")
        self.variables = {"LD_PRELOAD": f"{preload} {library}".strip(),
                          "MAB_STARVE": str(self.folder)}
        usual = server.variables
        server.variables = lambda: {**usual(), **self.variables}

    def lack(self, what, text=""):
        (self.folder / what).write_text(text)

    def have(self, what):
        (self.folder / what).unlink()


@pytest.fixture
def starved(serve_once, library, authority, one):
    return Starved(serve_once(conf_for(authority, one), start=False), library)


def refuses_to_start(server, *words):
    with pytest.raises(AssertionError, match="httpd did not start"):
        server.start()
    server.failed = False
    said = server.said()
    for word in words:
        assert re.search(word, said), said
        server.errorlog.allow(word)
    server.errorlog.allow("AH00141|AH00016|Configuration Failed")


def kill_workers(server):
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)


def until(server, token, status=200, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if server.get("/p/x", token).status == status:
                return
        except OSError:
            pass  # a child that just ended
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.1)


# --- random bytes -----------------------------------------------------------

def test_httpd_does_not_start_without_random_bytes(starved):
    starved.lack("random")
    refuses_to_start(starved.server, "random")


def test_children_without_random_bytes_judge_as_ever(starved, one, tokens):
    """Nothing is judged by chance: without random bytes a child keeps no tokens
    (their places could be guessed), and has no TLS."""
    server = starved.server.start()
    server.warm("/p/x", tokens.token())
    server.errorlog.allow("MAB0303|AH00052|AH03490")
    starved.lack("random")
    kill_workers(server)
    until(server, tokens.token())
    server.errorlog.wait("MAB0303: this child keeps no verified tokens")
    again = tokens.token()
    for _ in range(5):
        server.accepted("/p/x", again)
        server.refused("/p/x", tokens.token(EVIL, {"kid": "ec1"}), "sig_wrong")
    # keys cannot be fetched, which is said; those that are there serve
    server.errorlog.expect("MAB0201.*fetch_tls")
    server.unavailable("/p/x", tokens.token(NEW))
    server.errorlog.wait("MAB0201.*fetch_tls", 20)
    server.accepted("/p/x", tokens.token())
    starved.have("random")
    one.rotate(NEW)
    until(server, tokens.token(NEW))


# --- threads ----------------------------------------------------------------

def test_a_round_that_has_no_thread_is_begun_once(starved, one, tokens):
    """A round that could not begin is not queued again and again: when threads
    are back, the issuer is asked once."""
    if starved.server.mpm != "prefork":
        pytest.skip("children of other MPMs need threads themselves")
    server = starved.server.start()
    server.warm("/p/x", tokens.token())
    server.errorlog.allow("MAB0302|AH|exit signal")
    starved.lack("threads")
    os.kill(server.fetcher(), signal.SIGKILL)
    one.rotate(NEW)
    asked = one.count(one.jwks_path)
    deadline = time.monotonic() + 60
    while len(server.errorlog.matching("MAB0302")) < 3:
        assert time.monotonic() < deadline, server.said()
        try:
            server.get("/p/x", tokens.token(NEW))
        except OSError:
            pass  # the child that was killed
        time.sleep(0.2)
    assert one.count(one.jwks_path) == asked
    starved.have("threads")
    until(server, tokens.token(NEW))
    time.sleep(2)
    # one for the ask, and those that the requests of this test may have made since
    assert one.count(one.jwks_path) - asked <= 3


# --- memory -----------------------------------------------------------------

def test_httpd_does_not_start_without_shared_memory(starved):
    starved.lack("shared", "65536")  # more than a mutex
    refuses_to_start(starved.server,
                     "cannot make shared memory for the keys of 1 issuers")


def test_children_without_memory_end_and_others_follow(starved, one, tokens):
    """httpd's pools end the process; nothing wrong is served before or after."""
    # it ends with SIGABRT, which is no find
    asan = starved.server.variables().get("ASAN_OPTIONS", "")
    starved.variables["ASAN_OPTIONS"] = asan.replace("handle_abort=2",
                                                     "handle_abort=0")
    server = starved.server.start()
    server.warm("/p/x", tokens.token())
    asked = one.count(one.jwks_path)
    server.errorlog.allow("AH|emory")
    starved.lack("memory", str(server.process.pid))
    kill_workers(server)
    server.errorlog.wait(r"exit signal Abort|DEADLYSIGNAL", 20)
    starved.have("memory")
    until(server, tokens.token())
    server.accepted("/p/x", tokens.token())
    assert one.count(one.jwks_path) == asked, "the keys were lost"
    server.refused("/p/x", tokens.token(EVIL, {"kid": "ec1"}), "sig_wrong")
    # they ended as they should, and in no other way
    ends = server.errorlog.matching("exit signal")
    assert all(re.search(r"Abort|Killed", line) for line in ends), ends
    server.errorlog.checked = server.errorlog.size()


def test_a_fetcher_without_memory_ends_as_pools_end(starved, one, tokens):
    """Its pools are its own, and end the process as httpd's do."""
    asan = starved.server.variables().get("ASAN_OPTIONS", "")
    starved.variables["ASAN_OPTIONS"] = asan.replace("handle_abort=2",
                                                     "handle_abort=0")
    server = starved.server.start()
    server.warm("/p/x", tokens.token())
    server.errorlog.allow("AH|emory")
    starved.lack("memory-large", str(server.process.pid))
    # 100 KiB, to be read into one block
    one.keys = [key("P-256", f"many{n}") for n in range(500)]
    with contextlib.suppress(OSError, env.http.client.HTTPException):
        server.get("/p/x", tokens.token(NEW))  # makes it ask for newer keys
    line = server.errorlog.wait("exit signal", 20)
    assert "exit signal Abort" in line, line
    starved.have("memory-large")
    one.keys = [EC, NEW]
    until(server, tokens.token(NEW))
    server.accepted("/p/x", tokens.token())
    ends = server.errorlog.matching("exit signal")
    assert all("Abort" in line for line in ends), ends
    server.errorlog.checked = server.errorlog.size()


def test_the_command_says_that_it_has_no_memory(library, tmp_path):
    command = os.environ.get("AUTHBEARER")
    if not command:
        pytest.skip("the command is not built")
    (tmp_path / "memory").write_text("")
    preload = os.environ.get("MAB_PRELOAD", "")
    done = subprocess.run(
        [command, "explain"], input=b"a.b.c", capture_output=True, timeout=60,
        env={**os.environ, "LD_PRELOAD": f"{preload} {library}".strip(),
             "MAB_STARVE": str(tmp_path)})
    assert done.returncode == 2, done
    assert b"memory" in done.stderr


# --- the disk ---------------------------------------------------------------

@pytest.fixture
def small_disk(serve_once, authority, one):
    """A server whose key store is a disk of three pages, its own: (server, the
    folder as seen from here once it runs)."""
    server = serve_once(Conf(), start=False)
    store = server.root / "store"
    store.mkdir(mode=0o700)
    mount = f"mount -t tmpfs -o size=12k,mode=700,uid=$0 tmpfs {store}"
    owner = str(store.stat().st_uid)
    if ROOT:
        env.shutil.chown(store, "www-data", "www-data")
        owner = str(store.stat().st_uid)
    if not ROOT or subprocess.run(
            ["unshare", "-m", "sh", "-c", mount, owner],
            capture_output=True).returncode:
        pytest.skip("may not mount")
    server.configure(conf_for(authority, one, f"AuthBearerKeyStore {store}"))
    usual = server.command
    server.command = lambda *more: [
        "unshare", "-m", "sh", "-c", mount + ' && exec "$@"', owner,
        *usual(*more)]
    return server, lambda: Path(f"/proc/{server.process.pid}/root{store}")


def test_a_full_disk_leaves_the_old_keys_and_serves(small_disk, one, tokens):
    server, folder = small_disk
    server.start()
    server.warm("/p/x", tokens.token())
    deadline = time.monotonic() + 10
    while not list(folder().glob("*.jwks")):
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.05)
    before = {path.name: path.read_bytes() for path in folder().glob("*.jwks")}
    full = folder() / "full"
    with open(full, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    server.errorlog.expect("MAB0204.*No space left on device")
    for number in range(2):
        time.sleep(1.1)
        another = key("P-256", f"full{number}")
        one.rotate(another)
        until(server, tokens.token(another))
    server.errorlog.wait("MAB0204")
    assert len(server.errorlog.matching("MAB0204")) == 1
    # the old file is whole, and nothing half written is beside it
    full.unlink()
    assert {path.name: path.read_bytes()
            for path in folder().iterdir()
            if path.name != "store.key"} == before
    time.sleep(1.1)
    one.rotate(NEW)
    until(server, tokens.token(NEW))
    server.errorlog.wait("keys stored again in", 10)
    assert b"new1" in next(folder().glob("*.jwks")).read_bytes()
