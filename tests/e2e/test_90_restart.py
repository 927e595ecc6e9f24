# SPDX-License-Identifier: Apache-2.0
"""What survives: keys over graceful restarts and the death of children."""
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from testenv import env, mint
from testenv.conf import Conf
from testenv.mint import Mint, key

EC, NEW = key("P-256", "ec1"), key("P-256", "new1")
AUD = mint.AUDIENCE


@pytest.fixture
def one(make_issuer):
    issuer = make_issuer("/restart", [EC])
    yield issuer
    issuer.stop()


def conf_for(authority, *issuers, more="miss=1s timeout=2s connect=1s"):
    return Conf(f"AuthBearerFetch ca={authority.ca} {more}",
                f"AuthBearerAudience {AUD}") \
        .places({f"i{n}": issuer for n, issuer in enumerate(issuers)})


def test_a_graceful_restart_keeps_the_keys(serve_once, authority, one):
    tokens = Mint(one.url, EC, AUD)
    server = serve_once(conf_for(authority, one))
    server.warm("/p/i0", tokens.token())
    one.stop()
    asked = one.count()
    server.errorlog.allow("MAB0201")
    for _ in range(3):
        server.graceful()
        for _ in range(5):
            server.accepted("/p/i0", tokens.token())
    assert one.count() == asked
    # and rotation still works afterwards
    one.start()
    one.rotate(NEW)
    deadline = time.monotonic() + 15
    while server.get("/p/i0", tokens.token(NEW)).status != 200:
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.2)


def test_a_restart_that_loads_the_module_elsewhere_keeps_the_keys(
        serve_once, authority, one, monkeypatch):
    """httpd unloads modules and loads them again: nothing that outlives a
    configuration may point into ours, which has another address now."""
    tokens = Mint(one.url, EC, AUD)
    server = serve_once(conf_for(authority, one), start=False)
    usual, folder = server.loads, env.query("LIBEXECDIR")
    more = "\n".join(f"LoadModule {name}_module {folder}/mod_{name}.so"
                     for name in ("dav", "include", "session", "cache", "macro",
                                  "info", "auth_basic", "remoteip"))
    first = []
    monkeypatch.setattr(server, "loads",
                        lambda: "\n".join([*first, usual()]))
    server.configure(server.conf)
    server.start()
    server.warm("/p/i0", tokens.token())
    one.stop()
    asked, seen = one.count(), {loaded_at(server)}
    server.errorlog.allow("MAB0201")
    for first[:] in ([more], [], [more], []):
        server.configure(server.conf)
        server.graceful()
        seen.add(loaded_at(server))
        server.accepted("/p/i0", tokens.token())
    # what is preloaded may leave no room elsewhere
    assert len(seen) > 1 or "MAB_PRELOAD" in os.environ
    assert one.count() == asked


def loaded_at(server):
    """Where the parent has the module."""
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    return next(line.split("-")[0] for line in maps.splitlines()
                if line.endswith("mod_auth_bearer.so"))


def test_another_configuration_keeps_the_keys_it_still_has(
        serve_once, authority, one, make_issuer):
    two = make_issuer("/two", [EC])
    three = make_issuer("/three", [EC])
    tokens = [Mint(i.url, EC, AUD) for i in (one, two, three)]
    server = serve_once(conf_for(authority, one, two))
    server.warm("/p/i0", tokens[0].token()).warm("/p/i1", tokens[1].token())
    one.stop()
    server.errorlog.allow("MAB0201")
    # in another order, one new, one gone
    server.configure(conf_for(authority, three, one))
    server.graceful()
    server.accepted("/p/i1", tokens[0].token())
    server.warm("/p/i0", tokens[2].token())
    server.refused("/p/i0", tokens[1].token(), "iss_unknown")
    # the other way round
    server.configure(conf_for(authority, one, two, three))
    server.graceful()
    server.accepted("/p/i0", tokens[0].token())
    server.warm("/p/i1", tokens[1].token())
    server.accepted("/p/i2", tokens[2].token())
    two.stop()
    three.stop()


def test_requests_during_restarts_are_all_served(serve_once, authority, one):
    tokens = Mint(one.url, EC, AUD)
    server = serve_once(conf_for(authority, one))
    server.warm("/p/i0", tokens.token())
    token, seen, end = tokens.token(), [], threading.Event()

    def ask():
        while not end.is_set():
            try:
                seen.append(server.get("/p/i0", token).status)
            except OSError as error:
                seen.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        server.graceful()
        time.sleep(0.2)
    end.set()
    for thread in threads:
        thread.join()
    assert set(seen) == {200} and len(seen) > 20, seen[-20:]


def test_killed_children_are_replaced_and_know_the_keys(serve_once,
                                                        authority, one):
    tokens = Mint(one.url, EC, AUD)
    server = serve_once(conf_for(authority, one))
    server.warm("/p/i0", tokens.token())
    # the new ones find the keys in shared memory, not at the issuer
    one.stop()
    server.errorlog.allow("MAB0201")
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while True:
        try:
            server.accepted("/p/i0", tokens.token())
            break
        except OSError:
            assert time.monotonic() < deadline, server.said()
            time.sleep(0.1)
    for _ in range(10):
        server.accepted("/p/i0", tokens.token())
    # the fetcher died, too; another child takes over (after 10 s)
    one.start()
    one.rotate(NEW)
    deadline = time.monotonic() + 30
    while server.get("/p/i0", tokens.token(NEW)).status != 200:
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.3)


def test_stopping_while_a_fetch_is_stuck(serve_once, authority, one):
    one.stall(60)
    server = serve_once(conf_for(authority, one, more="timeout=30s"))
    one.wait_for(one.discovery_path, 1, 10)
    # but not AH00046: httpd must not have to kill the child
    server.errorlog.allow("MAB0201|AH00045")
    server.stop()
    one.recover()


def test_many_requests_at_once(serve_once, authority, one):
    tokens = Mint(one.url, EC, AUD)
    server = serve_once(conf_for(authority, one))
    server.warm("/p/i0", tokens.token())
    good, bad = tokens.token(), tokens.token(NEW, {"kid": "ec1"})
    wrong = []

    def ask(token, want):
        for _ in range(40):
            status = server.get("/p/i0", token).status
            if status != want:
                wrong.append((status, want))

    threads = [threading.Thread(target=ask, args=pair)
               for pair in ((good, 200), (bad, 401)) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_board_that_is_too_small_is_made_anew_with_its_keys(
        serve_once, authority, one):
    tokens = Mint(one.url, EC, AUD)
    server = serve_once(conf_for(authority, one))
    server.warm("/p/i0", tokens.token())
    one.stop()
    server.errorlog.allow("MAB0201")
    # one issuer makes a board of 8 slots; these are 21, of which 20 are away
    server.configure(conf_for(authority, one, *[
        Away(f"https://127.0.0.1:9/{number}") for number in range(20)]))
    server.graceful()
    for _ in range(5):
        server.accepted("/p/i0", tokens.token())


class Away:
    """An issuer that is only a name."""

    def __init__(self, url):
        self.url = url


# --- a fetcher that comes back ----------------------------------------------

def until(what, server, seconds=20):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, server.said()
        time.sleep(0.05)


def leader(server):
    """Who has the lease; None: nobody, or nobody says."""
    try:
        return server.get("/status?json", timeout=2).json()["fetcher"]
    except OSError:
        return None


def take_turns(server, first):
    """Ends whoever has the lease until this child has it."""
    others = set()

    def leads():
        found = leader(server)
        if found and found != first and found not in others:
            others.add(found)
            os.kill(found, signal.SIGKILL)
        return found == first

    until(leads, server)


def test_a_fetcher_that_was_stopped_brings_nothing_back(serve_once, authority,
                                                        one, mpm):
    """It is stopped while an old answer is on its way, another one fetches
    newer keys and dies, and the first has the lease again when its answer
    comes."""
    tokens, other = Mint(one.url, EC, AUD), key("P-256", "unknown")
    conf = conf_for(authority, one, more="miss=1s refresh=1h timeout=60s")
    conf.location("/status", "SetHandler bearer-status")
    if mpm == "event":
        conf.add("ThreadsPerChild 8", "StartServers 2", "MaxRequestWorkers 32")
    server = serve_once(conf)
    server.warm("/p/i0", tokens.token())
    first, asks = leader(server), []

    def ask(signer):
        """Has no answer before the keys come, or miss is over."""
        def run():
            try:
                server.get("/p/i0", token, timeout=3)
            except OSError:
                pass

        token = tokens.token(signer)
        asks.append(threading.Thread(target=run))
        asks[-1].start()

    def asked(count):
        if not any(thread.is_alive() for thread in asks):
            ask(other)
        return one.count(one.jwks_path) >= count

    lost = key("P-256", "lost1")
    one.behave(body=json.dumps({"keys": [EC.public(), lost.public()]}),
               stall=300, times=1)
    one.forget()
    until(lambda: asked(1), server)
    os.kill(first, signal.SIGSTOP)
    try:
        until(lambda: leader(server) not in (None, first), server)
        one.keys = [NEW]
        until(lambda: asked(2), server)
        server.errorlog.wait(r"keys changed: 1 \(new1\)")
    finally:
        os.kill(first, signal.SIGCONT)
    take_turns(server, first)
    mark = server.errorlog.size()
    one.recover()
    # it fetches again when it is done with the old answer, not before
    count = one.count(one.jwks_path)
    until(lambda: asked(count + 1), server)
    for thread in asks:
        thread.join()
    assert "lost1" not in server.errorlog.text(mark)
    server.accepted("/p/i0", tokens.token(NEW))
    server.refused("/p/i0", tokens.token(lost), "key_unknown")
