# SPDX-License-Identifier: Apache-2.0
"""Issuers that misbehave on the wire, many issuers at once, and proxies."""
import json
import os
import signal
import threading
import time

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.issuer import Authority
from testenv.mint import DROP, Mint, key
from testenv.proxy import Proxy

EC, NEW = key("P-256", "ec1"), key("P-256", "new1")
RSA = key("RSA", "rsa1")
AUD = mint.AUDIENCE
LOUD = "MAB0201"  # keys not refreshed
MISS = 1.1        # a little over the miss of these configurations

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def conf_for(ca, issuers, more="miss=1s timeout=1s connect=1s"):
    return Conf(f"AuthBearerFetch ca={ca} {more}",
                f"AuthBearerAudience {AUD}").places(issuers)


def at_once(*calls):
    """Runs calls in threads of their own; their results, or exceptions."""
    results = [None] * len(calls)

    def run(number):
        try:
            results[number] = calls[number]()
        except Exception as error:  # what a thread says must not get lost
            results[number] = error

    threads = [threading.Thread(target=run, args=(n,))
               for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# --- on the wire ------------------------------------------------------------

def send(*pieces, flood=False, drip=False, clean=False):
    """An answer in exact bytes, with the end of TCP and no end of TLS, unless
    clean. flood: the last piece for ever; drip: byte by byte, slowly."""
    def wire(issuer, handler):
        try:
            for piece in pieces:
                if drip:
                    for byte in piece:
                        handler.wfile.write(bytes([byte]))
                        if issuer.wakeup.wait(0.3):
                            return
                else:
                    handler.wfile.write(piece)
            while flood:
                handler.wfile.write(pieces[-1])
            if clean:
                handler.connection.unwrap()
        except OSError:
            pass  # the client has had enough
    return dict(wire=wire)


def keys_of(issuer):
    return json.dumps(issuer.jwks()).encode()


def cut(head, body):
    return lambda issuer: issuer.behave(**send(head, body))


#: how an issuer misbehaves, and what the log calls it
FAULTS = {
    "silent": (lambda i: i.stall(30), "fetch_timeout"),
    "slow-head": (lambda i: i.behave(**send(OK * 2, drip=True)),
                  "fetch_timeout"),
    "slow-body": (lambda i: i.behave(**send(
        OK + b"Content-Length: 99\r\n\r\n" + b" " * 50, drip=True)),
        "fetch_timeout"),
    "no-tls": (lambda i: i.hole(), "fetch_(connect|timeout|tls)"),
    "hangs-up": (lambda i: i.hang_up(), "fetch_(tls|io)"),
    "refused": (lambda i: i.stop(), "fetch_connect"),
    "endless-head": (lambda i: i.behave(**send(OK, b"A: b\r\n" * 99,
                                               flood=True)),
                     "http_header_size"),
    "endless-body": (lambda i: i.behave(**send(OK + b"\r\n", b" " * 9999,
                                               flood=True)),
                     "http_body_size"),
    "endless-chunks": (lambda i: i.behave(**send(
        CHUNKED, b"1000\r\n" + b" " * 4096 + b"\r\n", flood=True)),
        "http_body_size"),
    "cut-head": (cut(OK, b"Content-Le"), "http_truncated|fetch_io"),
    "cut-length": (cut(OK + b"Content-Length: 99\r\n\r\n", b'{"keys":[]}'),
                   "http_truncated|fetch_io"),
    "cut-in-chunk": (cut(CHUNKED, b'40\r\n{"keys":[]'),
                     "http_truncated|fetch_io"),
    "cut-at-chunk": (cut(CHUNKED, b'b\r\n{"keys":[]}\r\n'),
                     "http_truncated|fetch_io"),
    # a whole document, but nobody says that it is
    "cut-tls": (lambda i: i.behave(**send(OK + b"\r\n", keys_of(i))),
                "http_truncated|fetch_io"),
    "no-http": (lambda i: i.behave(**send(b"SSH-2.0-x\r\n\r\n")),
                "http_form"),
    "only-100": (cut(b"HTTP/1.1 100 Continue\r\n\r\n" * 99, b""),
                 "http_(form|truncated|status)"),
    "wrong-name": (lambda i: i.present(i.authority.issue(
        i.authority.folder / "name.pem", address="127.0.0.2")), "fetch_tls"),
    "expired": (lambda i: i.present(i.authority.issue(
        i.authority.folder / "expired.pem", days=-1)), "fetch_tls"),
    "self-signed": (lambda i: i.present(i.authority.issue(
        i.authority.folder / "self.pem", signed=False)), "fetch_tls"),
    "other-ca": (lambda i: i.present(i.stranger.pair), "fetch_tls"),
}


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"), "another")


def heal(issuer, *keys):
    issuer.keys = list(keys)
    if not issuer.server:
        issuer.start()
    issuer.recover()
    issuer.present(issuer.authority.pair)


@pytest.fixture(scope="module")
def faulty(make_issuer, stranger):
    issuers = {name: make_issuer("/" + name, [EC]) for name in FAULTS}
    for issuer in issuers.values():
        issuer.stranger = stranger
    return issuers


def test_good_keys_stay_and_the_log_tells_changes(serve_once, faulty,
                                                  authority):
    for issuer in faulty.values():
        heal(issuer, EC)
    server = serve_once(conf_for(authority.ca, faulty))
    # a second may be too little on a busy machine
    server.errorlog.allow(f"{LOUD}.*fetch_timeout")
    mints = {n: Mint(i.url, EC, AUD) for n, i in faulty.items()}
    good = {n: m.token() for n, m in mints.items()}
    new = {n: m.token(NEW) for n, m in mints.items()}
    for name in FAULTS:
        server.warm("/p/" + name, good[name])
    time.sleep(MISS)
    for name, issuer in faulty.items():
        FAULTS[name][0](issuer)
        server.errorlog.expect(f"{LOUD}: issuer {issuer.url}: keys not "
                               f"refreshed: ({FAULTS[name][1]}):.*next try in "
                               r".*the keys in use are \d+ s old")
    # several rounds fail, and the known keys serve before, during and after
    for _ in range(3):
        asked = at_once(*[lambda n=n: server.get("/p/" + n, new[n]).status
                          for n in FAULTS])
        assert asked == [503] * len(FAULTS), dict(zip(FAULTS, asked))
        for name in FAULTS:
            server.accepted("/p/" + name, good[name])
        time.sleep(MISS)
    for name, issuer in faulty.items():
        server.errorlog.wait(f"{LOUD}: issuer {issuer.url}:", 10)
    # all heal, with a new key
    for issuer in faulty.values():
        heal(issuer, NEW, EC)
    server.errorlog.allow("MAB0203")  # a round that began before
    time.sleep(MISS)
    for name, issuer in faulty.items():
        server.warm("/p/" + name, new[name])
        server.errorlog.wait(
            f"issuer {issuer.url}: refreshed again after \\d+ failures, keys ")
        # one line for each change of state, not for each attempt. Another
        # reason is a change; which one a cut connection gives is chance.
        told = server.errorlog.states(issuer.url)
        assert all(a != b for a, b in zip(told, told[1:])), told


def test_no_keys_from_a_faulty_issuer(serve_once, faulty, authority):
    for name, issuer in faulty.items():
        heal(issuer, EC)
        FAULTS[name][0](issuer)
    server = serve_once(conf_for(authority.ca, faulty))
    server.errorlog.allow(LOUD)
    server.errorlog.allow("keys_unavailable")
    tokens = {n: Mint(i.url, EC, AUD).token() for n, i in faulty.items()}
    asked = at_once(*[lambda n=n: server.get("/p/" + n, tokens[n]).status
                      for n in FAULTS])
    assert asked == [503] * len(FAULTS), dict(zip(FAULTS, asked))
    for issuer in faulty.values():
        heal(issuer, EC)


def chunks(body):
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in
                    (body[:7], body[7:])) + b"0\r\nX: y\r\n\r\n"


#: what is odd but right on the wire
RIGHT = {
    "continue": lambda b: send(b"HTTP/1.1 100 Continue\r\n\r\n" + OK
                               + b"Content-Length: %d\r\n\r\n" % len(b) + b),
    "old": lambda b: send(b"HTTP/1.0 200 OK\r\n\r\n" + b, clean=True),
    "to-the-end": lambda b: send(OK + b"Connection: close\r\n\r\n", b,
                                 clean=True),
    "chunks": lambda b: send(CHUNKED, chunks(b)),
    "slow": lambda b: dict(stall=0.5),
}

#: key sets that are odd, but have a good key
SETS = {
    "broken-beside": [{"kty": "EC", "crv": "P-256", "kid": "ec1",
                       "x": "AA", "y": "AA"}, EC],
    "no-object-beside": [7, None, "key", EC],
    "hundred": [{**key("P-256", "many").public(), "kid": f"k{n}"}
                for n in range(99)] + [EC],
    "kid-twice": [RSA.public(kid="ec1"), EC],
    "no-kid": [EC.public(kid=DROP)],
    "no-alg-no-use": [EC.public(alg=DROP, use=DROP)],
    "x5c": [EC.public(x5c=["AAAA"], x5t="AAAA", extra={"a": [1]})],
}


def test_odd_but_right_answers_serve(serve_once, make_issuer, authority,
                                     stranger):
    # of the authorities in the file, the one that is needed comes second
    bundle = stranger.folder / "bundle.pem"
    bundle.write_bytes(stranger.ca.read_bytes() + authority.ca.read_bytes())
    bundle.chmod(0o644)
    os.chmod(bundle.parent, 0o755)
    for parent in bundle.parents[1:3]:
        os.chmod(parent, os.stat(parent).st_mode | 0o011)
    issuers = {}
    for name, form in RIGHT.items():
        issuer = issuers[name] = make_issuer("/" + name, [EC])
        issuer.behave(**form(keys_of(issuer)))
    for name, keys in SETS.items():
        issuers[name] = make_issuer("/" + name, keys)
    server = serve_once(conf_for(bundle, issuers,
                                 "miss=60s timeout=5s connect=2s"))
    server.errorlog.allow("MAB0202")
    for name, issuer in issuers.items():
        server.warm("/p/" + name, Mint(issuer.url, EC, AUD).token())
        if name.endswith("-beside"):
            server.errorlog.wait(f"MAB0202: issuer {issuer.url}: . of . keys "
                                 "not used")
    many = issuers["hundred"]
    server.accepted("/p/hundred", Mint(many.url, EC, AUD).token(
        key("P-256", "many"), {"kid": "k98"}))
    twice = issuers["kid-twice"]
    server.accepted("/p/kid-twice", Mint(twice.url, RSA, AUD).token(
        header={"kid": "ec1"}))


# --- many issuers -----------------------------------------------------------

def test_one_kid_in_two_issuers_never_mixes(serve_once, make_issuer,
                                            authority):
    kid = "shared"
    own = [EC, key("P-256", "second"), RSA]
    issuers = [make_issuer(f"/mix{n}", [k.public(kid=kid)])
               for n, k in enumerate(own)]
    server = serve_once(Conf(
        f"AuthBearerFetch ca={authority.ca} miss=1s",
        f"AuthBearerAudience {AUD}").place(
            "a", *[f"AuthBearerIssuer {i.url}" for i in issuers]))
    for issuer, signer in zip(issuers, own):
        server.warm("/p/a", Mint(issuer.url, signer, AUD).token(
            header={"kid": kid}))

    def check():
        for issuer, right in zip(issuers, own):
            for signer in own:
                token = Mint(issuer.url, signer, AUD).token(
                    header={"kid": kid})
                if signer is right:
                    server.accepted("/p/a", token)
                else:
                    server.refused("/p/a", token, "sig_wrong", "key_unfit")

    check()
    # one gets another's key's neighbour: only its own tokens change
    time.sleep(MISS)
    own[0] = NEW
    issuers[0].keys = [NEW.public(kid=kid), NEW.public(kid="trigger")]
    server.warm("/p/a", Mint(issuers[0].url, NEW, AUD).token(
        header={"kid": "trigger"}))
    check()


def test_a_silent_issuer_delays_no_other(serve_once, make_issuer, authority):
    """No clock here: what must not be waited for does not come at all."""
    silent = [make_issuer(f"/silent{n}", [EC]) for n in range(3)]
    well = make_issuer("/well", [EC])
    server = serve_once(Conf(
        f"AuthBearerFetch ca={authority.ca} miss=1s timeout=60s",
        f"AuthBearerAudience {AUD}").place(
            "a", *[f"AuthBearerIssuer {i.url}" for i in silent + [well]]))
    tokens = Mint(well.url, EC, AUD)
    for issuer in silent:
        server.warm("/p/a", Mint(issuer.url, EC, AUD).token())
    server.warm("/p/a", tokens.token())
    time.sleep(MISS)
    for issuer in silent:
        issuer.stall(120)
        issuer.forget()
    stuck = [threading.Thread(target=server.get, args=(
        "/p/a", Mint(i.url, NEW, AUD).token())) for i in silent]
    for thread in stuck:
        thread.start()
    for issuer in silent:
        issuer.wait_for(issuer.jwks_path, 1, 10)
    # the fetches of three hang now; the fourth rotates, twice
    for number in range(2):
        time.sleep(MISS)
        another = key("P-256", f"well{number}")
        well.rotate(another)
        server.accepted("/p/a", tokens.token(another))
    for issuer in silent:
        server.accepted("/p/a", Mint(issuer.url, EC, AUD).token())
        assert issuer.count() == 1, "still the one that hangs"
    for issuer in silent:
        issuer.recover()
    for thread in stuck:
        thread.join()
    assert not server.errorlog.matching(LOUD)


# --- floods -----------------------------------------------------------------

def test_a_flood_of_kids_costs_one_request_a_miss(serve_once, make_issuer,
                                                  authority):
    issuer = make_issuer("/flood", [EC])
    other = make_issuer("/calm", [EC])
    tokens, calm = Mint(issuer.url, EC, AUD), Mint(other.url, EC, AUD)
    server = serve_once(conf_for(authority.ca, {"a": issuer, "b": other},
                                 "miss=1s timeout=2s"))
    server.warm("/p/a", tokens.token()).warm("/p/b", calm.token())
    flood = [tokens.token(NEW, {"kid": f"f{n}"}) for n in range(40)]
    good, also = tokens.token(), calm.token()
    end, refused = threading.Event(), []
    other.forget()
    begun = time.monotonic()
    issuer.forget()

    def pour(mine):
        while not end.is_set():
            for token in mine:
                refused.append(server.get("/p/a", token).status)

    threads = [threading.Thread(target=pour, args=(flood[n::4],))
               for n in range(4)]
    for thread in threads:
        thread.start()
    while issuer.count(issuer.jwks_path) < 3:
        assert server.get("/p/a", good).status == 200
        assert server.get("/p/b", also).status == 200
        assert time.monotonic() - begun < 30
    end.set()
    for thread in threads:
        thread.join()
    passed = time.monotonic() - begun
    assert set(refused) == {401} and len(refused) > 40
    # at most one in a miss, however many were refused; and the first
    assert issuer.count(issuer.jwks_path) <= passed + 1
    assert other.count() == 0


def test_requests_that_wait_leave_room(serve_once, make_issuer, authority):
    """More unknown kids at once than there are threads, and an issuer that
    does not answer: a quarter may wait, the others are answered, and so is
    everybody else."""
    issuer = make_issuer("/room", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(conf_for(authority.ca, {"a": issuer},
                                 "miss=1s timeout=60s"))
    server.warm("/p/a", tokens.token())
    time.sleep(MISS)
    issuer.stall(120)
    issuer.forget()
    answers = []
    stuck = [threading.Thread(
        target=lambda n=n: answers.append(server.get(
            "/p/a", tokens.token(NEW, {"kid": f"r{n}"}), timeout=90).status))
        for n in range(24)]
    for thread in stuck:
        thread.start()
    issuer.wait_for(issuer.jwks_path, 1, 10)
    good = tokens.token()
    for _ in range(20):
        assert server.get("/p/a", good).status == 200
    deadline = time.monotonic() + 20
    while len(answers) < 20:
        assert time.monotonic() < deadline, len(answers)
        time.sleep(0.05)
    assert sum(thread.is_alive() for thread in stuck) <= 4
    assert issuer.count() == 1
    issuer.recover()
    for thread in stuck:
        thread.join()
    # who had no seat could not be judged, and whoever waited may have been
    assert {503} <= set(answers) <= {401, 503}


# --- children that are killed -----------------------------------------------

def test_a_killed_fetcher_is_replaced_at_once(serve_once, make_issuer,
                                              authority):
    issuer = make_issuer("/killed", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(conf_for(authority.ca, {"a": issuer},
                                 "miss=1s timeout=10s connect=2s"))
    server.warm("/p/a", tokens.token())
    for number in range(3):
        time.sleep(MISS)
        fetcher = server.fetcher()
        assert fetcher, server.said()
        another = key("P-256", f"killed{number}")
        if number % 2:
            # in the middle of a fetch that somebody waits for
            issuer.stall(60)
            asked = issuer.count(issuer.jwks_path)
            threading.Thread(target=lambda: at_once(
                lambda: server.get("/p/a", tokens.token(another)))).start()
            issuer.wait_for(issuer.jwks_path, asked + 1, 10)
        os.kill(fetcher, signal.SIGKILL)
        issuer.recover()
        issuer.rotate(another)
        # the very first request with the new key is served
        while True:
            try:
                answer = server.get("/p/a", tokens.token(another))
                break
            except OSError:  # the child that took it was the killed one
                time.sleep(0.05)
        assert answer.status == 200, server.said()
        server.accepted("/p/a", tokens.token())
        assert server.fetcher() != fetcher
    # each goes on where the one before it found the keys
    assert issuer.count(issuer.discovery_path) == 1


def test_a_dead_fetcher_is_replaced_before_httpd_buries_it(
        serve_once, make_issuer, authority):
    """httpd looks for dead children once a second; here, never. The fetcher's
    lease alone would last longer than the request may wait."""
    issuer = make_issuer("/zombie", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    conf = conf_for(authority.ca, {"a": issuer},
                    "miss=1s timeout=2s connect=1s")
    server = serve_once(conf.add("StartServers 3", "MaxRequestWorkers 48"))
    server.warm("/p/a", tokens.token())
    time.sleep(MISS)
    fetcher = server.fetcher()
    server.process.send_signal(signal.SIGSTOP)
    try:
        os.kill(fetcher, signal.SIGKILL)
        issuer.rotate(NEW)
        while True:
            try:
                answer = server.get("/p/a", tokens.token(NEW))
                break
            except OSError:  # the child that took it was the killed one
                time.sleep(0.05)
        assert answer.status == 200, server.said()
        assert fetcher in server.children(), "not buried"
    finally:
        server.process.send_signal(signal.SIGCONT)


def held_by(pid):
    """Shared mappings and descriptors of a process."""
    with open(f"/proc/{pid}/maps", encoding="latin-1") as maps:
        shared = sum(" rw-s " in line for line in maps)
    return shared, len(os.listdir(f"/proc/{pid}/fd"))


def test_killed_readers_leak_nothing(serve_once, make_issuer, authority):
    """Children die with requests in them that wait: their places come back,
    no memory or descriptor stays, no lock is held."""
    issuer = make_issuer("/readers", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(conf_for(authority.ca, {"a": issuer},
                                 "miss=1s timeout=2s connect=1s"))
    server.errorlog.allow(LOUD)
    server.warm("/p/a", tokens.token())
    before = held_by(server.process.pid)
    for round_ in range(2):
        time.sleep(MISS)
        issuer.stall(30)
        issuer.forget()
        waiting = [threading.Thread(target=lambda n=n: at_once(
            lambda: server.get("/p/a", tokens.token(
                NEW, {"kid": f"w{round_}{n}"})))) for n in range(6)]
        for thread in waiting:
            thread.start()
        issuer.wait_for(issuer.jwks_path, 1, 15)
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        for thread in waiting:
            thread.join()
        issuer.recover()
        server_is_back(server, tokens.token())
    assert held_by(server.process.pid) == before
    # whoever waits now gets a place
    time.sleep(2.1)
    another = key("P-256", "after")
    issuer.rotate(another)
    asked = at_once(*[lambda: server.get(
        "/p/a", tokens.token(another)).status] * 4)
    assert asked == [200] * 4, server.said()


def server_is_back(server, token):
    deadline = time.monotonic() + 15
    while True:
        try:
            assert server.get("/p/a", token).status == 200
            return
        except OSError:
            assert time.monotonic() < deadline, server.said()
            time.sleep(0.05)


# --- key files --------------------------------------------------------------

def damage(path, how):
    if how == "gone":
        path.unlink()
    elif how == "directory":
        path.unlink()
        path.mkdir()
    elif how == "fifo":
        path.unlink()
        os.mkfifo(path)
    elif how == "unreadable":
        path.chmod(0)
        if os.getuid() == 0:
            os.chown(path, 0, 0)
    else:
        path.write_text(how)


DAMAGE = {
    "gone": "file_read", "directory": "file_read", "fifo": "file_read",
    "unreadable": "file_read", "": "file_size", "keys": "json_syntax",
    '{"keys":[{}]}': "jwks_empty", "{}": "jwks_form",
    "-----BEGIN PUBLIC KEY-----\nMFkw\n": "pem_form",
}


def test_wrong_key_files_leave_the_old_keys(serve_once, authority):
    server = serve_once(Conf(), start=False)
    conf = Conf("AuthBearerFetch miss=1s", f"AuthBearerAudience {AUD}")
    paths, mints = {}, {}
    for number, how in enumerate(DAMAGE):
        name = f"file{number}"
        server.write(f"{name}.json", json.dumps({"keys": [EC.public()]}))
        paths[how] = server.root / f"{name}.json"
        mints[how] = Mint(f"https://{name}.example", EC, AUD)
        conf.place(name, f"AuthBearerIssuer https://{name}.example "
                         f"keys=file:{paths[how]}")
    server.configure(conf)
    server.start()
    for number, (how, slug) in enumerate(DAMAGE.items()):
        server.accepted(f"/p/file{number}", mints[how].token())
        damage(paths[how], how)
        server.errorlog.expect(f"{LOUD}: issuer {mints[how].issuer}: keys "
                               f"not refreshed: {slug}:")
    for _ in range(2):
        time.sleep(MISS)
        for number, how in enumerate(DAMAGE):
            server.unavailable(f"/p/file{number}", mints[how].token(NEW))
    for number, how in enumerate(DAMAGE):
        server.errorlog.wait(f"{LOUD}: issuer {mints[how].issuer}:")
        told = server.errorlog.matching(f"{LOUD}.*{mints[how].issuer}:")
        assert len(told) == 1, told
        server.accepted(f"/p/file{number}", mints[how].token())


# --- proxies ----------------------------------------------------------------

@pytest.fixture
def proxy():
    made = Proxy()
    yield made
    made.stop()


def proxied(serve_once, make_issuer, authority, name, option, environment):
    issuer = make_issuer("/" + name, [EC])
    server = serve_once(conf_for(
        authority.ca, {"a": issuer},
        f"miss=1s timeout=1s connect=1s {option}"), start=False)
    server.environment = environment
    return issuer, server.start(), Mint(issuer.url, EC, AUD)


def test_a_proxy_tunnels(serve_once, make_issuer, authority, proxy):
    issuer, server, tokens = proxied(
        serve_once, make_issuer, authority, "tunnel", f"proxy={proxy.url}", {})
    server.warm("/p/a", tokens.token())
    place = f"127.0.0.1:{issuer.port}"
    assert proxy.tunnels == [place] * 2, "metadata and keys"
    assert issuer.count() == 2
    # a proxy that falls silent is an outage like any other
    proxy.silent = True
    time.sleep(MISS)
    server.errorlog.expect(f"{LOUD}.*fetch_(timeout|proxy|connect)")
    server.unavailable("/p/a", tokens.token(NEW))
    server.errorlog.wait(LOUD)
    server.accepted("/p/a", tokens.token())


def variables(proxy, **more):
    return {name: proxy.url for name in ("https_proxy", "HTTPS_PROXY",
                                         "http_proxy", "all_proxy")} | more


@pytest.mark.parametrize("option, used, more", [
    ("", False, {}),
    ("proxy=none", False, {}),
    ("proxy=env", True, {}),
    ("proxy=env", True, {"no_proxy": "10.0.0.1, example.org"}),
    ("proxy=env", False, {"no_proxy": "example.org,127.0.0.1"}),
    ("proxy=env", False, {"https_proxy": "", "HTTPS_PROXY": ""}),
], ids="silence none env others-excepted excepted empty".split())
def test_the_environments_proxy_only_when_asked(serve_once, make_issuer,
                                                authority, proxy, option,
                                                used, more):
    issuer, server, tokens = proxied(
        serve_once, make_issuer, authority, "env", option,
        variables(proxy, **more))
    server.warm("/p/a", tokens.token())
    assert bool(proxy.tunnels) == used
    assert issuer.count(issuer.jwks_path) == 1


def test_a_bad_proxy_in_the_environment_is_found_at_start(serve_once, proxy):
    server = serve_once(Conf("AuthBearerFetch proxy=env"), start=False)
    server.environment = {"https_proxy": "http://me:geheim@127.0.0.1:1"}
    status, said = server.check_syntax()
    assert status != 0 and "https_proxy is not a proxy" in said, said
    assert "geheim" not in said
    server.environment = {"https_proxy": f"127.0.0.1:{proxy.port}"}
    assert server.check_syntax()[0] == 0
