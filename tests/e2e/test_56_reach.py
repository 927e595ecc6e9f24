# SPDX-License-Identifier: Apache-2.0
"""How an issuer is reached, how much it may say, and how long that is good:
connections that hang, addresses of both families, names, redirects, large
documents, keys that grow old."""
import email.utils
import json
import os
import re
import threading
import time

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.issuer import Dead, Issuer
from testenv.mint import Mint, key

EC, NEW, LAST = key("P-256", "ec1"), key("P-256", "new1"), key("P-256", "last")
AUD = mint.AUDIENCE
LOUD = "MAB0201"  # keys not refreshed
MISS = 1.1        # a little over the miss of these configurations
LIMIT = 262144    # max-size, unless it is set
#: a machine whose clock jumped this far slept longer than stale=60s
ASLEEP = 61


def conf_for(authority, issuers, more="miss=1s timeout=5s connect=2s"):
    return Conf(f"AuthBearerFetch ca={authority.ca} {more}",
                f"AuthBearerAudience {AUD}").places(issuers)


def rounds_that_fail(server, mints, count=2):
    """mints: of places. Each round is caused by a request, which the known keys
    of the issuer do not help; other requests they serve."""
    for _ in range(count):
        time.sleep(MISS)
        for name, tokens in mints.items():
            server.unavailable("/p/" + name, tokens.token(NEW))
            server.accepted("/p/" + name, tokens.token())


def told_once(server, issuer, what):
    """One line for the whole outage, and it says that the old keys serve. A
    machine that is too busy may add an outage of its own."""
    line = (f"{LOUD}: issuer {re.escape(issuer.url)}: keys not refreshed: "
            f"{what}.*next try in .*; the keys in use are \\d+ s old")
    server.errorlog.expect(line)
    server.errorlog.wait(line, 10)
    server.errorlog.allow(f"{LOUD}.*fetch_timeout")
    told = server.errorlog.states(issuer.url)
    assert all(a != b for a, b in zip(told, told[1:])), told


@pytest.fixture
def dead():
    """Makes addresses that nobody can connect to."""
    made = []

    def make(*place, **how):
        try:
            made.append(Dead(*place, **how))
        except (OSError, NotImplementedError) as error:
            pytest.skip(f"{place[0]} cannot be had: {error}")
        return made[-1]

    yield make
    for one in made:
        one.close()


# --- connections ------------------------------------------------------------

@pytest.fixture
def hanging(make_issuer, dead):
    """An issuer that can be made deaf here."""
    dead("127.0.0.1", 0, silent=True).close()
    issuer = make_issuer("/hangs", [EC])
    yield issuer
    issuer.stop()


def test_connections_that_hang_leave_the_keys(serve_once, make_issuer,
                                              authority, hanging):
    well = make_issuer("/well", [EC])
    server = serve_once(conf_for(authority, {"a": hanging, "b": well},
                                 "miss=1s timeout=5s connect=1s"))
    tokens, other = Mint(hanging.url, EC, AUD), Mint(well.url, EC, AUD)
    server.warm("/p/a", tokens.token()).warm("/p/b", other.token())
    hanging.deaf()
    rounds_that_fail(server, {"a": tokens})
    told_once(server, hanging, "fetch_timeout: .*connecting to 127.0.0.1 port "
                               f"{hanging.port}: ")
    # the other's keys come meanwhile
    well.rotate(NEW)
    server.warm("/p/b", other.token(NEW))
    hanging.start()
    hanging.rotate(NEW)
    server.warm("/p/a", tokens.token(NEW))
    server.errorlog.wait(f"issuer {hanging.url}: refreshed again after ")


def test_no_keys_while_connections_hang(serve_once, authority, hanging):
    hanging.deaf()
    server = serve_once(conf_for(authority, {"a": hanging})
                        .place("open", require="Require all granted"))
    server.errorlog.expect(f"{LOUD}.*fetch_timeout.*; there are no keys")
    server.errorlog.expect("keys_unavailable")
    tokens = Mint(hanging.url, EC, AUD)
    server.unavailable("/p/a", tokens.token())
    assert server.get("/p/a").status == 401
    assert server.get("/p/open").status == 200
    hanging.start()
    server.warm("/p/a", tokens.token())


# --- addresses --------------------------------------------------------------

@pytest.fixture
def six(make_issuer, authority):
    """An issuer on ::1."""
    try:
        issuer = make_issuer("/six", [EC], address="::1")
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    issuer.pair = authority.issue(authority.folder / "six.pem", address="::1")
    issuer.present(issuer.pair)
    yield issuer
    issuer.stop()


def test_an_issuer_with_an_address_of_six(serve_once, authority, six):
    server = serve_once(conf_for(authority, {"a": six}))
    tokens = Mint(six.url, EC, AUD)
    assert six.url == f"https://[::1]:{six.port}/six"
    server.warm("/p/a", tokens.token())
    assert six.count(six.discovery_path) == six.count(six.jwks_path) == 1
    assert {head["Host"] for _, head in six.requests} == {f"[::1]:{six.port}"}
    # an outage is one like any other
    six.stop()
    rounds_that_fail(server, {"a": tokens})
    told_once(server, six, f"fetch_connect: .*connecting to ::1 port "
                           f"{six.port}: ")
    six.start()
    six.present(six.pair)
    six.rotate(NEW)
    server.warm("/p/a", tokens.token(NEW))


def test_a_certificate_for_another_address_of_six(serve_once, authority, six):
    six.present(authority.issue(authority.folder / "six-wrong.pem",
                                address="::2"))
    server = serve_once(conf_for(authority, {"a": six}))
    server.errorlog.expect(f"{LOUD}.*fetch_tls")
    server.errorlog.expect("keys_unavailable")
    server.unavailable("/p/a", Mint(six.url, EC, AUD).token())
    assert six.count() == 0


class Greeter(Issuer):
    """Counts connections before it knows whether they are meant for it."""

    def greet(self):
        def meet():
            self.hits["(met)"] += 1

        self.server.meet = meet


@pytest.fixture
def named(make_issuer, authority):
    """An issuer on 127.0.0.1 whose URLs have the name two.test."""
    issuer = make_issuer("/named", [EC], name="two.test")
    issuer.pair = authority.issue(authority.folder / "named.pem",
                                  names=["two.test"])
    issuer.present(issuer.pair)
    yield issuer
    issuer.stop()


@pytest.mark.parametrize("first, silent", [
    ("127.0.0.2", False), ("127.0.0.2", True), ("::1", False)],
    ids=["refused", "silent", "other-family"])
def test_the_second_address_serves(in_a_world, authority, named, dead, first,
                                   silent):
    dead(first, named.port, silent=silent)
    # a silent address takes half of the time to connect
    server, world = in_a_world(conf_for(
        authority, {"a": named}, "miss=1s timeout=20s connect=2s"))
    world.name("two.test", first, "127.0.0.1")
    server.start()
    tokens = Mint(named.url, EC, AUD)
    server.warm("/p/a", tokens.token())
    assert {head["Host"] for _, head in named.requests} == {named.host}
    # and again and again, without a word in the log
    for another in (NEW, LAST):
        time.sleep(MISS)
        named.rotate(another)
        server.accepted("/p/a", tokens.token(another))
    # of two that are dead, the log names one, and the keys stay
    named.stop()
    time.sleep(MISS)
    server.unavailable("/p/a", tokens.token(key("P-256", "none")))
    told_once(server, named, "fetch_(connect|timeout): .*connecting to ")
    server.accepted("/p/a", tokens.token())
    named.start()
    named.present(named.pair)


def test_the_second_address_after_a_stranger(in_a_world, authority, named):
    """The first address is somebody else's, who cannot prove the name: he is
    asked nothing."""
    stranger = Greeter(authority, "/named", [key("P-256", "ec1")],
                       address="127.0.0.2", port=named.port)
    stranger.present(authority.issue(authority.folder / "other.pem",
                                     address="127.0.0.2",
                                     names=["other.test"]))
    stranger.greet()
    server, world = in_a_world(conf_for(authority, {"a": named}))
    world.name("two.test", "127.0.0.2", "127.0.0.1")
    server.start()
    tokens = Mint(named.url, EC, AUD)
    server.warm("/p/a", tokens.token())
    met = stranger.count("(met)")
    assert met >= 2, "first for the metadata, and first for the keys"
    assert stranger.count() == met
    # alone he gives no keys, and his failure is the one that is told
    named.stop()
    rounds_that_fail(server, {"a": tokens})
    told_once(server, named, "fetch_tls: .*127.0.0.2 port ")
    assert stranger.count() == stranger.count("(met)")
    stranger.stop()


# --- names ------------------------------------------------------------------

def fetchers(server):
    return {int(pid) for pid in re.findall(
        r"child (\d+) begins fetching keys", server.errorlog.text())}


def test_only_the_fetcher_looks_up_names(in_a_world, authority, named):
    server, world = in_a_world(conf_for(
        authority, {"a": named}).add("StartServers 4"))
    world.name("two.test", "127.0.0.1")
    server.start()
    tokens = Mint(named.url, EC, AUD)
    server.warm("/p/a", tokens.token())
    for number in range(3):
        time.sleep(MISS)
        for more in range(10):
            server.accepted("/p/a", tokens.token())
            server.refused("/p/a", tokens.token(
                NEW, {"kid": f"k{number}{more}"}), "key_unknown")
    # requests were served by other children too, which never looked
    asked = world.lookups("two.test")
    assert set(asked) <= fetchers(server), server.said()
    assert len(asked) >= named.count() >= 2


def test_a_silent_resolver_delays_nobody(in_a_world, make_issuer, authority,
                                         named):
    """No clock here: what is not to be waited for does not come."""
    well = make_issuer("/well", [EC])
    server, world = in_a_world(conf_for(
        authority, {"a": named, "b": well}, "miss=1s timeout=3s connect=2s"))
    world.name("two.test", "127.0.0.1")
    server.start()
    tokens, other = Mint(named.url, EC, AUD), Mint(well.url, EC, AUD)
    server.warm("/p/a", tokens.token()).warm("/p/b", other.token())
    time.sleep(MISS)
    world.name("two.test")
    before = len(world.lookups("two.test"))
    stuck = threading.Thread(
        target=server.unavailable, args=("/p/a", tokens.token(NEW)))
    stuck.start()
    world.wait_for("two.test", before + 1)
    for _ in range(20):
        assert server.get("/p/a", tokens.token()).status == 200
    well.rotate(NEW)
    server.warm("/p/b", other.token(NEW))
    stuck.join()
    # not even the end of the child that asked
    old = server.workers()
    server.graceful()
    for _ in range(20):
        assert server.get("/p/a", tokens.token()).status == 200
    deadline = time.monotonic() + 60
    while server.workers() & old:
        assert time.monotonic() < deadline, "a child hangs in the resolver"
        time.sleep(0.1)
    named.rotate(NEW)
    world.name("two.test", "127.0.0.1")
    server.errorlog.allow(LOUD)
    server.warm("/p/a", tokens.token(NEW))


def test_a_name_that_is_unknown(in_a_world, authority, named):
    server, world = in_a_world(conf_for(authority, {"a": named}))
    world.name("two.test", "127.0.0.1")
    server.start()
    tokens = Mint(named.url, EC, AUD)
    server.warm("/p/a", tokens.token())
    world.name("two.test", "no.address")  # which no resolver knows
    rounds_that_fail(server, {"a": tokens})
    told_once(server, named, "fetch_resolve: .*two.test")
    world.name("two.test", "127.0.0.1")
    named.rotate(NEW)
    server.warm("/p/a", tokens.token(NEW))


# --- redirects --------------------------------------------------------------

@pytest.mark.parametrize("what", ["jwks_path", "discovery_path"])
def test_redirects_are_not_followed(serve_once, make_issuer, authority, what):
    """Not even to the keys that would be right."""
    aim = make_issuer("/aim", [EC])
    issuers = {f"r{status}": make_issuer(f"/r{status}", [EC])
               for status in (300, 301, 302, 303, 307, 308)}
    for name, issuer in issuers.items():
        aim.metadata = {"issuer": issuer.url}
        issuer.behave(getattr(issuer, what), status=int(name[1:]), body="",
                      headers={"Location": aim.origin + getattr(aim, what)})
    server = serve_once(conf_for(authority, issuers))
    server.errorlog.allow("keys_unavailable")
    for name, issuer in issuers.items():
        server.errorlog.expect(
            f"{LOUD}: issuer {issuer.url}: keys not refreshed: http_status: "
            f".*status {name[1:]}, not followed to https://127.0.0.1:")
        server.unavailable("/p/" + name, Mint(issuer.url, EC, AUD).token())
    assert aim.count() == 0


# --- large documents --------------------------------------------------------

def sized(issuer, size, chunked=False):
    """A key set of exactly so many bytes, with the issuer's good keys."""
    document = {**issuer.jwks(), "x": ""}
    document["x"] = "x" * (size - len(json.dumps(document)))
    body = json.dumps(document).encode()
    assert len(body) == size
    if not chunked:
        return dict(body=body)
    pieces = [body[i:i + 50000] for i in range(0, size, 50000)] + [b""]
    return dict(body=b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces),
                headers={"Transfer-Encoding": "chunked"})


def swollen(issuer):
    """A megabyte of keys: good ones first, then strangers' without end."""
    stranger = json.dumps({**LAST.public(), "x5c": ["A" * 600]})
    text = json.dumps(issuer.jwks())[:-2]
    while len(text) < 1 << 20:
        text += ", " + stranger
    return dict(body=text + "]}")


#: how the set comes
TOO_LARGE = {
    "megabyte": lambda i: sized(i, 1 << 20),
    "megabyte-chunked": lambda i: sized(i, 1 << 20, chunked=True),
    "megabyte-of-keys": swollen,
    "just-over": lambda i: sized(i, LIMIT + 1),
    "just-over-chunked": lambda i: sized(i, LIMIT + 1, chunked=True),
}
LARGE = {
    "limit": lambda i: sized(i, LIMIT),
    "limit-chunked": lambda i: sized(i, LIMIT, chunked=True),
    "just-under": lambda i: sized(i, LIMIT - 1),
}


def test_sets_over_the_limit_leave_the_keys(serve_once, make_issuer,
                                            authority):
    issuers = {name: make_issuer("/" + name, [EC]) for name in TOO_LARGE}
    server = serve_once(conf_for(authority, issuers,
                                 "miss=1s timeout=10s connect=5s"))
    mints = {n: Mint(i.url, EC, AUD) for n, i in issuers.items()}
    for name, tokens in mints.items():
        server.warm("/p/" + name, tokens.token())
    for name, issuer in issuers.items():
        issuer.rotate(NEW)  # which would serve, if the set were taken
        issuer.behave(**TOO_LARGE[name](issuer))
    rounds_that_fail(server, mints)
    for name, issuer in issuers.items():
        told_once(server, issuer, "http_body_size")
        assert issuer.count(issuer.jwks_path) > 2, "it was asked again"
        issuer.recover()
        server.warm("/p/" + name, mints[name].token(NEW))


def test_sets_at_the_limit_serve(serve_once, make_issuer, authority):
    issuers = {name: make_issuer("/" + name, [EC]) for name in LARGE}
    for name, issuer in issuers.items():
        issuer.behave(**LARGE[name](issuer))
    server = serve_once(conf_for(authority, issuers,
                                 "miss=60s timeout=10s connect=5s"))
    for name, issuer in issuers.items():
        server.warm("/p/" + name, Mint(issuer.url, EC, AUD).token())
        assert issuer.count(issuer.jwks_path) == 1


def test_a_megabyte_serves_where_it_may(serve_once, make_issuer, authority):
    issuers = {name: make_issuer("/" + name, [EC]) for name in
               ("megabyte", "megabyte-chunked", "megabyte-of-keys", "over")}
    for name, issuer in issuers.items():
        issuer.behave(**TOO_LARGE.get(name, lambda i: sized(
            i, (1 << 20) + 2048))(issuer))
    server = serve_once(conf_for(authority, issuers,
                                 "miss=60s timeout=10s connect=5s "
                                 f"max-size={(1 << 20) + 2047}"))
    over = issuers.pop("over")
    server.errorlog.allow("MAB0202: issuer .*megabyte-of-keys: ")
    server.errorlog.expect(f"{LOUD}: issuer {over.url}:.*http_body_size")
    server.errorlog.expect("keys_unavailable")
    for name, issuer in issuers.items():
        server.warm("/p/" + name, Mint(issuer.url, EC, AUD).token())
    server.unavailable("/p/over", Mint(over.url, EC, AUD).token())


# --- keys that grow old -----------------------------------------------------

#: how an issuer is away
AWAY = {
    "refused": lambda i: i.stop(),
    "silent": lambda i: i.hole(),
    "lies": lambda i: i.behave(body="<html>please log in</html>"),
    "useless": lambda i: i.behave(body='{"keys": [{}]}'),
}


def test_the_strictest_numbers_of_two_servers_count(in_a_world, make_issuer,
                                                    authority):
    """They share the issuer's keys, whoever comes first."""
    issuer = make_issuer("/shared", [EC])
    conf = Conf(f"AuthBearerFetch ca={authority.ca} miss=1h",
                f"AuthBearerAudience {AUD}")
    for name, numbers in (("one", "refresh=6h"), ("two", "refresh=60s"),
                          ("three", "refresh=1h stale=12h")):
        conf.section("VirtualHost", "*:*", f"ServerName {name}",
                     f"AuthBearerFetch {numbers}", f'<Location "/p/{name}">',
                     "AuthType Bearer", f"AuthBearerIssuer {issuer.url}",
                     "Require valid-user", "</Location>")
    server, world = in_a_world(conf)
    server.start()
    tokens = Mint(issuer.url, EC, AUD)
    server.warm("/p/one", tokens.token())
    before = issuer.count(issuer.jwks_path)
    issuer.rotate(NEW, keep=False)
    world.ahead(ASLEEP)
    issuer.wait_for(issuer.jwks_path, before + 1, 10)
    for name in ("one", "two", "three"):
        server.warm(f"/p/{name}", tokens.token(NEW), host=name)


#: and what becomes of key files
FILES = {
    "file": (lambda path: None, None),
    "deleted": (lambda path: path.unlink(), "file_read"),
    "broken": (lambda path: path.write_text('{"keys": ['), "json_syntax"),
    "open": (lambda path: path.chmod(0o666), "file_writable"),
    **({"shut": (lambda path: path.chmod(0o600), "file_read")}
       if os.getuid() == 0 else {}),
}


def test_keys_that_nobody_confirms_run_out(in_a_world, make_issuer,
                                           authority):
    issuers = {name: make_issuer("/" + name, [EC]) for name in AWAY}
    conf = conf_for(authority, issuers,
                    "stale=60s refresh=60s miss=1s timeout=2s connect=2s")
    conf.place("as401", f"AuthBearerIssuer {issuers['lies'].url}",
               "AuthBearerErrors json unavailable=401")
    server, world = in_a_world(conf)
    mints = {n: Mint(i.url, EC, AUD) for n, i in issuers.items()}
    files = {}
    for name in FILES:
        files[name] = server.root / f"{name}.json"
        server.write(f"{name}.json", json.dumps({"keys": [EC.public()]}))
        mints[name] = Mint(f"https://{name}.example", EC, AUD)
        conf.place(name, f"AuthBearerIssuer https://{name}.example "
                         f"keys=file:{files[name]}")
    server.configure(conf)
    server.start()
    known = {n: m.token() for n, m in mints.items()}
    for name in mints:
        server.warm("/p/" + name, known[name])
        server.accepted("/p/" + name, known[name])
    for name, issuer in issuers.items():
        AWAY[name](issuer)
    for name, (damage, _) in FILES.items():
        damage(files[name])
    rounds_that_fail(server, {name: mints[name] for name in issuers}, 1)
    for name, issuer in issuers.items():
        told_once(server, issuer, "")
    # a minute passes
    world.ahead(ASLEEP)
    server.errorlog.allow("keys_unavailable")
    for name, issuer in issuers.items():
        server.errorlog.expect(f"{LOUD}: issuer {issuer.url}:.*the keys are no "
                               "longer used, they are \\d+ s old")
    for name, (_, said) in FILES.items():
        if not said:
            continue
        server.errorlog.expect(f"{LOUD}: issuer https://{name}.example: .*"
                               f"{said}.*the keys are no longer used")
        server.errorlog.allow(f"{LOUD}: issuer https://{name}.example")
    for name in {**issuers, **FILES}:
        if name == "file":
            continue
        # neither known tokens nor others, before and after a restart
        for token in (known[name], mints[name].token()):
            server.unavailable("/p/" + name, token)
    # a file that just does not change is fresh
    server.accepted("/p/file", known["file"])
    for name, path in files.items():
        server.write(path.name, json.dumps({"keys": [EC.public()]}))
        server.warm("/p/" + name, known[name])
    server.graceful()
    for name in issuers:
        server.unavailable("/p/" + name, known[name])
    answer = server.get("/p/as401", known["lies"])
    assert (answer.status, answer.json()["code"]) == (401, "invalid_token")
    # what needs no issuer goes on
    server.accepted("/p/file", known["file"])
    assert server.get("/p/refused").status == 401
    for name, issuer in issuers.items():
        server.errorlog.wait(f"{LOUD}: issuer {issuer.url}:.*no longer used")
    # and they come back
    server.errorlog.allow("MAB0203")  # a round that began before
    for name, issuer in issuers.items():
        if not issuer.server:
            issuer.start()
        issuer.recover()
    for name in issuers:
        server.warm("/p/" + name, known[name])
        server.errorlog.wait(
            f"issuer {issuers[name].url}: refreshed again after ")


def test_a_machine_that_slept_has_its_keys_fetched(in_a_world, make_issuer,
                                                   authority):
    """Longer than stale: the first token waits for the keys and is served."""
    issuer = make_issuer("/slept", [EC])
    server, world = in_a_world(conf_for(
        authority, {"a": issuer}, "stale=60s refresh=60s timeout=20s"))
    server.start()
    tokens = Mint(issuer.url, EC, AUD)
    server.warm("/p/a", tokens.token())
    # a fetch that was under way has no time left when the machine wakes
    server.errorlog.allow(f"{LOUD}.*fetch_timeout")
    for nights in (1, 2, 3):
        asked = issuer.count(issuer.jwks_path)
        world.ahead(nights * 8 * 3600)
        server.accepted("/p/a", tokens.token())
        assert issuer.count(issuer.jwks_path) > asked


#: what an answer says of its freshness (Expires: from the test on), and after
#: how many seconds it is to be asked for again
FRESH = {
    "no-store": ({"Cache-Control": "no-store"}, 48, 57),
    "short": ({"Cache-Control": "max-age=1"}, 48, 57),
    "aged": ({"Cache-Control": "max-age=600", "Age": "300"}, 240, 285),
    "max-age": ({"Cache-Control": "public, max-age=1200"}, 960, 1140),
    "expires": ({"Expires": 1300}, 960, 1235),
    "silent": ({}, 2880, 3420),
    "for-ever": ({"Cache-Control": "max-age=99999999"}, 2880, 3420),
}


def test_keys_are_asked_for_before_they_grow_old(in_a_world, make_issuer,
                                                 authority):
    issuers = {}
    for name, (headers, _, _) in FRESH.items():
        issuers[name] = make_issuer("/fresh-" + name, [EC])
        issuers[name].headers = dict(headers)
        if "Expires" in headers:
            issuers[name].headers["Expires"] = email.utils.formatdate(
                time.time() + headers["Expires"], usegmt=True)
        issuers[name].etag = '"1"'
    server, world = in_a_world(conf_for(
        authority, issuers, "refresh=1h miss=60s timeout=5s"))
    server.start()
    for name, (_, low, high) in FRESH.items():
        server.warm("/p/" + name, Mint(issuers[name].url, EC, AUD).token())
        line = server.errorlog.wait(f"issuer {issuers[name].url}: keys loaded")
        wait = int(re.search(r"next refresh in (\d+) s", line)[1])
        assert low <= wait <= high + 1, line
    for issuer in issuers.values():
        issuer.forget()
    # a fetch that is under way when the clock jumps has used up its time
    server.errorlog.allow(f"{LOUD}.*fetch_timeout")
    # nobody asks for anything; each is asked when it is due, and not before
    for ahead in (58, 300, 1250, 3430):
        world.ahead(ahead)
        for name, (_, _, high) in FRESH.items():
            if high < ahead:
                issuers[name].wait_for(issuers[name].jwks_path, 1, 15)
        for name, (_, low, _) in FRESH.items():
            if low > ahead + 200:
                assert issuers[name].count() == 0, name
    for name, issuer in issuers.items():
        if server.mpm == "event":
            # the same child asks again, with the validator; 304 is the answer
            assert all(head["If-None-Match"] == '"1"' for path, head
                       in issuer.requests if path == issuer.jwks_path)
        server.accepted("/p/" + name, Mint(issuer.url, EC, AUD).token())
