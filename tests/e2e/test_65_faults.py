# SPDX-License-Identifier: Apache-2.0
"""The world fails: children are killed, files cannot be written or opened, clocks
are set, the server is restarted again and again. Counted, not timed: what is
promised is that no good token is refused, no bad one accepted, and all is well
when the fault is over."""
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from testenv import env, mint
from testenv.conf import Conf
from testenv.mint import Mint, key

EC, NEW = key("P-256", "ec1"), key("P-256", "new1")
EVIL = key("P-256", "evil1")
AUD = mint.AUDIENCE
#: graceful restarts of the test of memory; docs/assurance.md has it for 100
RESTARTS = int(os.environ.get("MAB_RESTARTS", "25"))
#: children killed in the test of killing
KILLS = int(os.environ.get("MAB_KILLS", "12"))
LIBFAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@pytest.fixture
def one(make_issuer):
    issuer = make_issuer("/faults", [EC])
    yield issuer
    issuer.stop()


@pytest.fixture
def tokens(one):
    return Mint(one.url, EC, AUD)


def conf_for(authority, issuer, *lines):
    return Conf(f"AuthBearerFetch ca={authority.ca} miss=1s timeout=2s",
                f"AuthBearerAudience {AUD}",
                f"AuthBearerIssuer {issuer.url}", *lines).place("x")


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


def memory(pid):
    """Resident memory of a process, KiB, without what it shares."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("RssAnon:")[1].split()[0])


def test_graceful_restarts_leave_the_parent_s_memory_flat(serve_once, authority,
                                                          one, tokens):
    server = serve_once(conf_for(authority, one))
    server.warm("/p/x", tokens.token())
    # mod_cgid's new daemon may come before the old one has left its socket
    server.errorlog.allow("AH01243|AH01238")
    for _ in range(5):  # pools and malloc find their size
        server.graceful()
    before = memory(server.process.pid)
    for _ in range(RESTARTS):
        server.graceful()
        server.accepted("/p/x", tokens.token())
    after = memory(server.process.pid)
    print(f"{server.mpm}: {RESTARTS} restarts, {before} to {after} KiB")
    if os.environ.get("MAB_PRELOAD"):
        return  # a sanitizer keeps what is freed for a while
    # a configuration that was not freed would be over 100 KiB each time
    assert after - before < max(512, 8 * RESTARTS), (before, after)


def test_children_killed_at_random_refuse_and_accept_nothing_wrong(
        serve_once, authority, one, tokens):
    server = serve_once(conf_for(authority, one))
    server.warm("/p/x", tokens.token())
    server.errorlog.allow("MAB0201|AH00052|AH03490|AH00045|AH00046|AH10159")
    good, bad = tokens.token(), tokens.token(EVIL, {"kid": "ec1"})
    seen, end = [], threading.Event()

    def ask(token):
        while not end.is_set():
            try:
                seen.append((token is good,
                             env.send(server.port, "/p/x", [
                                 ("Authorization", f"Bearer {token}")],
                                 timeout=10).status))
            except (OSError, env.http.client.HTTPException):
                time.sleep(0.01)  # it died in the middle of this one

    threads = [threading.Thread(target=ask, args=(token,))
               for token in (good, bad)]
    for thread in threads:
        thread.start()
    chance = random.Random(1)
    for number in range(KILLS):
        goal = len(seen) + 10
        for pid in chance.sample(sorted(server.workers()),
                                 min(1, len(server.workers()))):
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while len(seen) < goal:
            assert time.monotonic() < deadline, f"none serves after {number}"
            time.sleep(0.01)
    end.set()
    for thread in threads:
        thread.join()
    assert {s for is_good, s in seen if is_good} == {200}
    assert {s for is_good, s in seen if not is_good} == {401}
    # the keys are still found, by whoever fetches now
    one.rotate(NEW)
    until(server, tokens.token(NEW), seconds=60)


def test_no_more_open_files(serve_once, mpm, authority, one, tokens,
                            monkeypatch):
    conf = conf_for(authority, one)
    if mpm == "event":
        # more threads than files, and room for the child that comes after one
        # that httpd ends because it cannot accept
        conf.add("ThreadsPerChild 64", "MaxRequestWorkers 256")
    server = serve_once(conf, start=False)
    usual = server.command
    monkeypatch.setattr(server, "command", lambda *more: [
        "sh", "-c", 'ulimit -n 48; exec "$@"', "-", *usual(*more)])
    server.start()
    server.warm("/p/x", tokens.token())
    server.errorlog.allow("MAB0201|AH|Too many open files")
    asked = one.count(one.jwks_path)
    # httpd gives up if no child was well yet (AH02324), and looks once a second
    time.sleep(3)
    # requests that never end take what files there are, and those of new children
    idle = []
    for _ in range(120):
        idle.append(env.socket.create_connection(("127.0.0.1", server.port), 5))
        idle[-1].sendall(b"GET /p/x HTTP/1.1\r\n")
    time.sleep(0.5)
    if mpm == "event":  # a child of prefork has one connection only
        server.errorlog.wait(r"\(24\)Too many open files", 10)
    for connection in idle:
        connection.close()
    until(server, tokens.token(), seconds=60)
    assert one.count(one.jwks_path) == asked, "the keys were lost"
    for _ in range(10):
        server.accepted("/p/x", tokens.token())
        server.refused("/p/x", tokens.token(EVIL, {"kid": "ec1"}), "sig_wrong")
    one.rotate(NEW)
    until(server, tokens.token(NEW))


def test_a_key_store_that_cannot_be_written(serve_once, authority, one,
                                            tokens):
    server = serve_once(Conf(), start=False)
    store = Path(server.root) / "store"
    store.mkdir(mode=0o700)
    server.configure(conf_for(authority, one, f"AuthBearerKeyStore {store}"))
    user = "www-data" if os.getuid() == 0 else None
    if user:
        env.shutil.chown(store, user, user)
    server.start()
    server.warm("/p/x", tokens.token())
    deadline = time.monotonic() + 10
    while not list(store.glob("*.jwks")):
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.05)
    before = {path: path.read_bytes() for path in store.glob("*.jwks")}
    if user:
        env.shutil.chown(store, "root", "root")
    store.chmod(0o555)
    server.errorlog.expect("MAB0204")
    one.rotate(NEW)
    until(server, tokens.token(NEW))
    server.accepted("/p/x", tokens.token())
    assert {p: p.read_bytes() for p in store.iterdir()
            if p.name != "store.key"} == before
    store.chmod(0o755)


@pytest.fixture
def clock(serve_once, authority, one, monkeypatch):
    """A server whose wall clock can be set: (server, a function that sets it to
    so many seconds from now). The other clock goes on."""
    if not LIBFAKETIME.exists():
        pytest.skip("needs libfaketime (Debian: faketime)")
    server = serve_once(conf_for(authority, one), start=False)
    file = Path(server.write("offset", "+0"))
    usual = server.variables()
    if "LD_PRELOAD" in usual:
        pytest.skip("hangs together with a sanitizer")
    monkeypatch.setattr(server, "variables", lambda: {
        **usual, "LD_PRELOAD": str(LIBFAKETIME), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_DONT_FAKE_MONOTONIC": "1"})

    def set_to(seconds):
        file.write_text(f"{seconds:+d}")

    return server.start(), set_to


def test_clocks_that_are_set(clock, one, tokens):
    server, set_to = clock
    server.warm("/p/x", tokens.token())
    asked = one.count()
    hour = 3600
    now = int(time.time())
    # (from, to) in seconds from now -> accepted at these settings
    lives = {(-30, 300): {0}, (hour - 30, hour + 300): {hour},
             (-hour - 30, -hour + 300): {-hour}, (-2 * hour, 2 * hour):
             {0, hour, -hour}}
    made = {span: tokens.token(iat=now + span[0], nbf=now + span[0],
                               exp=now + span[1]) for span in lives}
    for setting in (0, hour, 0, -hour, hour, -hour, 0):
        set_to(setting)
        for span, good in lives.items():
            status = server.get("/p/x", made[span]).status
            assert status == (200 if setting in good else 401), (setting, span)
    # neither lost the keys nor ran for them
    assert one.count() == asked
