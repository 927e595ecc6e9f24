# SPDX-License-Identifier: Apache-2.0
"""keys=pem-per-kid: the key of each kid has an address of its own."""
import json
import os
import subprocess
import threading
import time

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.mint import DROP, Mint, key

EC, NEW, RSA = key("P-256", "ec1"), key("P-256", "new1"), key("RSA", "rsa1")
#: fetches for kids in "miss", whoever writes them
BUDGET = 8


class Keys:
    """An issuer with a folder of keys in PEM."""

    def __init__(self, issuer, *keys):
        self.issuer = issuer
        self.prefix = issuer.origin + "/pem/"
        for one in keys:
            self.put(one)

    def path(self, kid):
        return "/pem/" + kid

    def put(self, one, body=None, **how):
        self.issuer.behave(self.path(one.kid), status=200,
                           body=body or one.pem(), **how)

    def line(self):
        return f"AuthBearerIssuer {self.issuer.url} " \
               f"keys=pem-per-kid:{self.prefix}"

    def asked(self, kid):
        return self.issuer.count(self.path(kid))


@pytest.fixture
def keys(make_issuer):
    return Keys(make_issuer("/own"), EC, RSA)


def conf_for(authority, keys, *more, fetch="miss=60s timeout=3s"):
    conf = Conf(f"AuthBearerFetch ca={authority.ca} {fetch}",
                f"AuthBearerAudience {mint.AUDIENCE}", *more)
    conf.place("a", keys.line())
    return conf.location("/status", "SetHandler bearer-status",
                         "Require all granted")


@pytest.fixture
def site(serve_once, authority, keys):
    return serve_once(conf_for(authority, keys))


@pytest.fixture
def tokens(keys):
    return Mint(keys.issuer.url, EC, mint.AUDIENCE)


def status(server):
    return server.get("/status?json").json()["issuers"][0]


def wait_for(what, seconds=10):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_keys_come_when_tokens_do(site, keys, tokens):
    server = site
    assert keys.issuer.count() == 0, "nobody needs a key yet"
    wait_for(lambda: status(server)["usable"])
    assert not status(server)["keys"]
    assert b"usable, no token came yet" in server.get("/status").body
    # the first request waits and gets in: no 401, no 503
    server.accepted("/p/a", tokens.token())
    server.accepted("/p/a", tokens.token(RSA))
    # a certificate is as good as a key
    keys.put(NEW, body=NEW.certificate())
    server.accepted("/p/a", tokens.token(NEW))
    for _ in range(20):
        server.accepted("/p/a", tokens.token())
    assert [keys.asked(k.kid) for k in (EC, RSA, NEW)] == [1, 1, 1]
    shown = status(server)
    assert shown["kind"] == "pem-per-kid"
    assert [k["kid"] for k in shown["keys"]] == ["ec1", "rsa1", "new1"]
    assert (shown["kids_asked"], shown["kids_missing"]) == (3, 0)
    server.errorlog.wait(r"keys loaded: 1 \(ec1\); from .*/pem/ec1")


def test_all_processes_ask_once(site, keys, tokens):
    results = []

    def ask(token):
        results.append(site.get("/p/a", token).status)

    askers = [threading.Thread(target=ask, args=(tokens.token(),))
              for _ in range(12)]
    for one in askers:
        one.start()
    for one in askers:
        one.join()
    # some found no seat to wait in: 503, never 401
    assert set(results) <= {200, 503} and 200 in results
    site.warm("/p/a", tokens.token())
    assert keys.asked("ec1") == 1


def test_a_key_that_is_missing_is_401_and_asked_for_once(site, keys, tokens):
    for _ in range(6):
        site.refused("/p/a", tokens.token(NEW), "key_unknown")
    assert keys.asked("new1") == 1
    assert status(site)["kids_missing"] == 1
    # another issuer's signature under a known kid
    site.refused("/p/a", tokens.token(NEW, header={"kid": "ec1"}), "sig_wrong")
    assert keys.asked("ec1") == 1


WRONG = [{"status": 403}, {"status": 500}, {"status": 302},
         {"body": "<html>"}, {"body": '{"keys":[]}'},
         {"body": NEW.pem() + EC.pem()}]


def test_a_key_that_cannot_be_had_is_503(site, keys, tokens):
    site.errorlog.allow("MAB0201")
    for n, how in enumerate(WRONG):
        keys.issuer.behave(keys.path(f"bad-{n}"), **{"status": 200, **how})
        token = tokens.token(NEW, header={"kid": f"bad-{n}"})
        for _ in range(3):
            site.unavailable("/p/a", token)
    # the others are served
    site.accepted("/p/a", tokens.token())
    # and it is tried again without being asked again
    for n in range(len(WRONG)):
        keys.issuer.behave(keys.path(f"bad-{n}"), status=200, body=NEW.pem())
        site.warm("/p/a", tokens.token(NEW, header={"kid": f"bad-{n}"}))


def test_an_outage_is_503_and_what_is_known_is_served(site, keys, tokens):
    site.errorlog.allow("MAB0201")
    site.accepted("/p/a", tokens.token())
    keys.issuer.stop()
    site.unavailable("/p/a", tokens.token(RSA))
    site.unavailable("/p/a", tokens.token(NEW))
    site.accepted("/p/a", tokens.token())
    keys.issuer.start()
    site.warm("/p/a", tokens.token(RSA))


def test_strangers_buy_few_fetches(site, keys, tokens):
    site.accepted("/p/a", tokens.token())
    answers = [site.get("/p/a", tokens.token(
        header={"kid": f"stranger-{n}"})).status for n in range(60)]
    # those within the budget are known to be missing; of the others nothing
    # is known
    assert answers.count(401) == BUDGET - 1
    assert set(answers) == {401, 503}
    assert sum(n for path, n in keys.issuer.hits.items()
               if "stranger" in path) == BUDGET - 1
    site.accepted("/p/a", tokens.token())
    # a real key that comes now has to wait, too: 503, which clients repeat
    answer = site.unavailable("/p/a", tokens.token(NEW))
    assert int(answer.header("Retry-After")) <= 60 // BUDGET + 1
    assert b"8 of at most 8 asked for in 1 min" in site.get("/status").body


def test_strangers_shut_out_a_new_key_for_a_while_only(serve_once, authority,
                                                       keys, tokens):
    server = serve_once(conf_for(authority, keys,
                                 fetch="miss=1s timeout=3s"))
    server.accepted("/p/a", tokens.token())
    for n in range(30):
        server.get("/p/a", tokens.token(header={"kid": f"stranger-{n}"}))
    keys.put(NEW)
    server.warm("/p/a", tokens.token(NEW))


LEAVING = [
    "../jwks", "..", ".", "a/b", "/etc", "%2e%2e%2fjwks", "a?b", "a#b",
    "a\\b", "@127.0.0.1", "a b", "", "ec1\x00", "ec1\r\nHost: x", "é",
    "x" * 65, DROP]


def test_a_kid_never_leaves_its_place(site, keys, tokens):
    for kid in LEAVING:
        site.refused("/p/a", tokens.token(header={"kid": kid}), "header_kid",
                     "header_json")
    assert keys.issuer.count() == 0
    # not even one that a key of this issuer would fit
    site.accepted("/p/a", tokens.token())
    for kid in LEAVING:
        site.refused("/p/a", tokens.token(header={"kid": kid}), "header_kid",
                     "header_json")
    assert keys.issuer.count() == 1


def test_a_graceful_restart_keeps_keys_and_answers(site, keys, tokens):
    site.accepted("/p/a", tokens.token())
    site.refused("/p/a", tokens.token(NEW), "key_unknown")
    site.graceful()
    for _ in range(5):
        site.accepted("/p/a", tokens.token())
        site.refused("/p/a", tokens.token(NEW), "key_unknown")
    site.accepted("/p/a", tokens.token(RSA))
    assert [keys.asked(k.kid) for k in (EC, NEW, RSA)] == [1, 1, 1]


def test_a_cold_start_in_an_outage_serves(serve_once, authority, keys,
                                          tokens):
    folder = serve_once(Conf(), start=False).root / "run"
    folder.chmod(0o755)
    store = f"AuthBearerKeyStore {folder}"
    server = serve_once(conf_for(authority, keys, store))
    server.accepted("/p/a", tokens.token())
    server.errorlog.wait("keys loaded: 1")
    server.stop()
    assert list(folder.glob("*.jwks"))
    keys.issuer.stop()
    server = serve_once(conf_for(authority, keys, store))
    server.errorlog.allow("MAB0201")
    server.accepted("/p/a", tokens.token())
    server.unavailable("/p/a", tokens.token(RSA))


# --- the command --------------------------------------------------------------

def run(*words, token=""):
    return subprocess.run([os.environ["AUTHBEARER"], *words], input=token,
                          capture_output=True, text=True, timeout=60)


@pytest.fixture
def verify(authority, keys):
    def call(token, *more, location=None):
        return run("verify", "--json", f"--ca={authority.ca}",
                   f"--issuer={keys.issuer.url}",
                   f"--audience={mint.AUDIENCE}",
                   f"--keys=pem-per-kid:{location or keys.prefix}", *more,
                   token=token)
    return call


def test_the_command_verifies(mpm, verify, keys, tokens):
    made = json.loads(verify(tokens.token()).stdout)
    assert made["verdict"] == "accepted"
    assert keys.asked("ec1") == 1
    for token, reason in [
            (tokens.token(NEW), "key_unknown"),
            (tokens.token(header={"kid": "../jwks"}), "header_kid"),
            (tokens.token(NEW, header={"kid": "ec1"}), "sig_wrong")]:
        made = json.loads(verify(token).stdout)
        assert (made["verdict"], made["reason"]) == ("refused", reason)
    keys.issuer.behave(keys.path("new1"), status=500)
    made = json.loads(verify(tokens.token(NEW)).stdout)
    assert (made["verdict"], made["reason"]) == ("undecided",
                                                 "keys_unavailable")
    said = verify(tokens.token(), location=keys.prefix + "ec1")
    assert said.returncode == 2 and "ends with a slash" in said.stderr


def test_the_command_shows_a_key(mpm, authority, keys):
    def look(kid):
        return run("keys", f"--ca={authority.ca}",
                   f"--keys=pem-per-kid:{keys.prefix}{kid}")
    said = look("ec1")
    assert said.returncode == 0, said
    assert keys.prefix + "ec1" in said.stdout and "usable" in said.stdout
    said = look("nobody")
    assert said.returncode == 2 and "status 404" in said.stdout
    said = look("")
    assert said.returncode == 2
    assert "needs the key id whose key to look at" in said.stderr
