# SPDX-License-Identifier: Apache-2.0
"""How one issuer's key server is reached, and who we are there: the options of
AuthBearerIssuer, beside servers that must not learn it."""
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from testenv import env, mint
from testenv.apiserver import ApiServer
from testenv.conf import Conf
from testenv.errorlog import watch
from testenv.issuer import Authority
from testenv.mint import Mint, key
from testenv.proxy import Proxy

EC, NEW = key("P-256", "ec1"), key("P-256", "new1")
AUD = mint.AUDIENCE
LOUD = "MAB0201"
MISS = 1.1  # a little over the miss of this configuration
POD, API_KEY, LATER = "pod.s3cretOfThePod-1", "s3cretApiKey-2", "pod.s3cretLater-3"
CLUSTER = "https://kubernetes.default.svc.cluster.local"
LEGACY = "kubernetes/serviceaccount"
API_NAME = "kubernetes.default.svc"
COMMAND = Path(os.environ.get("AUTHBEARER")
               or Path(os.environ.get("abs_top_builddir", "build"))
               / "authbearer")


class World:
    """The private authority's servers, by what they are for."""

    def __init__(self, folder):
        for name in ("ours", "clients"):
            (folder / name).mkdir()
        self.authority = Authority(folder / "ours", "cluster authority")
        self.clients = Authority(folder / "clients", "client authority")
        make = self.make
        self.pod = make("/pod", names=[API_NAME]) \
            .want(Authorization=f"Bearer {POD}")
        self.pod.jwks_path = "/openid/v1/jwks"
        self.header = make("/header").want(X_Api_Key=API_KEY)
        self.cert = make("/cert").want_certificate(self.clients.ca)
        self.plain = make("/plain")
        self.untrusted = make("/untrusted")
        self.unnamed = make("/unnamed")
        self.stranger = make("/stranger") \
            .want(Authorization=f"Bearer {POD}", X_Api_Key=API_KEY)
        self.taken = make("/taken")
        self.taken.metadata = {"jwks_uri": self.stranger.jwks_uri}
        self.moved = make("/moved")
        self.moved.behave(status=302, body="", headers={
            "Location": self.stranger.jwks_uri})
        self.proxy = Proxy()
        for text in (POD, API_KEY, LATER):
            watch(text)

    def make(self, path, **how):
        return ApiServer(self.authority, path, [EC], **how)

    def servers(self):
        return [s for s in vars(self).values() if isinstance(s, ApiServer)]

    def stop(self):
        for one in self.servers():
            one.stop()
        self.proxy.stop()


@pytest.fixture(scope="module")
def world(mpm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("access")
    made = World(folder)
    yield made
    made.stop()


def write_secret(server, name, text):
    """A file that children can read, and nobody else; returns its path."""
    path = Path(server.write(name, text, 0o640))
    if os.getuid() == 0:
        shutil.chown(path, group="www-data")
    return path


def issuer(one, options, iss=None):
    return f"AuthBearerIssuer {iss or one.url} {options}"


@pytest.fixture(scope="module")
def server(serve, world, make_issuer, authority):
    """One server with a place for each way. Its own authorities, for all that
    say nothing, are others."""
    made = serve(None, start=False)
    pair = world.clients.issue(made.root / "client.pem").read_text()
    root = made.root
    write_secret(made, "pod.token", POD + "\n")
    write_secret(made, "api.header", f"X-Api-Key: {API_KEY}\n")
    write_secret(made, "client.pem", pair)
    made.write("keys.json", '{"keys": [%s]}' % mint.octets(
        EC.public()).decode())
    ca = f"ca={world.authority.ca}"
    both = f"token=file:{root}/pod.token header=file:{root}/api.header"
    made.usual = make_issuer("/usual", [EC])
    conf = Conf(f"AuthBearerFetch ca={authority.ca} miss=1s timeout=20s "
                "connect=10s", f"AuthBearerAudience {AUD}")
    conf.place("usual", issuer(made.usual, ""))
    conf.place("pod", issuer(
        world.pod, f"profile=kubernetes {ca} token=file:pod.token "
        f"address=127.0.0.1:{world.pod.port}", CLUSTER))
    # tokens of secrets, which older clusters make for ever
    conf.place("legacy", issuer(
        world.pod, f"{ca} token=file:pod.token keys=https://{API_NAME}"
        f"/openid/v1/jwks address=127.0.0.1:{world.pod.port}", LEGACY))
    conf.place("header", issuer(
        world.header, f"{ca} header=file:{root}/api.header"))
    conf.place("cert", issuer(
        world.cert, f"{ca} cert=file:{root}/client.pem "
        f"key=file:{root}/client.pem"))
    conf.place("proxied", issuer(
        world.plain, f"ca=+{world.authority.ca} proxy={world.proxy.url}"))
    conf.place("file", issuer(world.plain, f"keys=file:{root}/keys.json",
                              "https://file.example"))
    # hostile, or mistaken
    conf.place("untrusted", issuer(world.untrusted, f"ca={authority.ca}"))
    conf.place("unnamed", issuer(
        world.unnamed, f"{ca} {both} keys=https://{API_NAME}/keys "
        f"address=127.0.0.1:{world.unnamed.port}", "https://unnamed.example"))
    conf.place("taken", issuer(world.taken, f"{ca} {both}"))
    conf.place("moved", issuer(world.moved, f"{ca} {both}"))
    made.configure(conf)
    made.errorlog.allow_always(f"{LOUD}.*/(untrusted|taken|moved)")
    made.errorlog.allow_always(f"{LOUD}.*unnamed.example")
    made.errorlog.allow_always("keys_unavailable")
    return made.start()


def token(iss, k=EC):
    return Mint(getattr(iss, "url", iss), k, AUD).token()


# --- who we are -------------------------------------------------------------

def test_a_server_of_its_own_authority(server):
    """An issuer without options has those of AuthBearerFetch."""
    server.warm("/p/usual", token(server.usual))


def test_kubernetes_api_server(server, world):
    """The profile: keys of the API server by the pod's token, connected to by
    address, with the name of the URL."""
    server.warm("/p/pod", token(CLUSTER))
    assert {p for p, _ in world.pod.requests} == {"/openid/v1/jwks"}
    assert world.pod.seen("Authorization") == {f"Bearer {POD}"}
    assert world.pod.seen("Host") == {API_NAME}
    assert world.pod.count("(401)") == 0


def test_kubernetes_service_accounts_of_before(server, world):
    server.warm("/p/legacy", token(LEGACY))
    server.refused("/p/legacy", token(CLUSTER), "iss_unknown")
    server.refused("/p/pod", token(LEGACY), "iss_unknown")
    # without exp, as most of them are, they are good for ever: refused
    server.refused("/p/legacy", Mint(LEGACY, EC, AUD).token(exp=mint.DROP),
                   "exp_missing")


def test_a_header_of_a_file(server, world):
    server.warm("/p/header", token(world.header))
    assert world.header.seen("X-Api-Key") == {API_KEY}
    assert world.header.seen("Authorization") == {None}


def test_a_client_certificate(server, world):
    server.warm("/p/cert", token(world.cert))
    assert world.cert.count(world.cert.jwks_path) == 1


def test_a_proxy_of_one_issuer(server, world):
    server.warm("/p/proxied", token(world.plain))
    assert set(world.proxy.tunnels) == {world.plain.host}


def test_the_token_is_read_again_at_each_fetch(server, world):
    server.warm("/p/pod", token(CLUSTER))
    write_secret(server, "pod.token", LATER)
    world.pod.want(Authorization=f"Bearer {LATER}")
    world.pod.rotate(NEW)
    time.sleep(MISS)
    server.warm("/p/pod", token(CLUSTER, NEW))
    write_secret(server, "pod.token", POD)
    world.pod.want(Authorization=f"Bearer {POD}")


# --- who must not learn it --------------------------------------------------

def outage(server, iss, what):
    return server.errorlog.text().count("\n") and re.search(
        rf"{LOUD}: issuer {re.escape(iss)}: keys not refreshed: {what}",
        server.errorlog.text())


@pytest.mark.parametrize("name, what", [
    ("untrusted", "fetch_tls: .*certificate"),
    ("unnamed", "fetch_tls: .*hostname mismatch"),
    ("taken", "http_status: .*status 401; token=, header= and cert= are sent "
     "to https://127.0.0.1:\\d+ only: if this address is right, give it as "
     "keys="),
    ("moved", "http_status: .*status 302, not followed to "),
])
def test_keys_that_cannot_be_had(server, world, name, what):
    """And the stranger that metadata or a redirect names learns nothing."""
    one = getattr(world, name)
    iss = "https://unnamed.example" if name == "unnamed" else one.url
    server.unavailable("/p/" + name, token(iss))
    assert outage(server, iss, what), server.said()
    assert world.stranger.seen("Authorization") <= {None}
    assert world.stranger.seen("X-Api-Key") <= {None}
    if name in ("untrusted", "unnamed"):
        assert not one.requests
    if name == "taken":
        assert None not in one.seen("Authorization")
        assert world.stranger.count("(401)") >= 1


def test_nothing_secret_is_said(server):
    server.errorlog.allow(".*")
    for path in server.log_files():
        text = path.read_text(errors="replace")
        for secret in (POD, API_KEY, LATER):
            assert secret not in text
    dump = subprocess.run(server.command("-t", "-D", "DUMP_BEARER"),
                          env=server.variables(), text=True,
                          capture_output=True, timeout=60).stdout
    assert POD not in dump and API_KEY not in dump
    root = server.root
    for line in (
            "profile=kubernetes: keys of the API server, by what this pod got "
            "from its cluster",
            f"keys from https://{API_NAME}/openid/v1/jwks",
            f"token=file:{root}/pod.token", f"header=file:{root}/api.header",
            f"cert=file:{root}/client.pem key=file:{root}/client.pem",
            "proxy=http://127.0.0.1:", "address=127.0.0.1:", " ca=+"):
        assert line in dump, dump


# --- the command ------------------------------------------------------------

def run(*words):
    return subprocess.run([COMMAND, *words], text=True, capture_output=True,
                          timeout=60, stdin=subprocess.DEVNULL)


def test_the_command_reaches_the_same_servers(server, world):
    ca, root = str(world.authority.ca), server.root
    done = run("keys", "--keys", f"https://{API_NAME}/openid/v1/jwks", "--ca",
               "+" + ca, "--token", f"{root}/pod.token", "--address",
               f"127.0.0.1:{world.pod.port}")
    assert done.returncode == 0, done
    done = run("keys", world.header.url, "--ca", ca, "--header",
               f"file:{root}/api.header")
    assert done.returncode == 0, done
    pair = f"{root}/client.pem"
    done = run("keys", world.cert.url, "--ca", ca, "--cert", pair, "--key",
               pair)
    assert done.returncode == 0, done
    done = run("keys", world.cert.url, "--ca", ca)
    # the refusal may come after our request was written (TLS 1.3)
    assert done.returncode == 2 and re.search("fetch_(tls|io)", done.stdout)
    done = run("keys", world.header.url, "--ca", ca)
    assert done.returncode == 2 and "status 401" in done.stdout, done


# --- files that go away while it runs -----------------------------------------

def test_files_that_are_away_at_a_restart(server, world):
    """Keys that are there serve on; a first start would be refused."""
    server.warm("/p/pod", token(CLUSTER))
    server.accepted("/p/file", token("https://file.example"))
    for name in ("pod.token", "keys.json"):
        (server.root / name).rename(server.root / (name + ".away"))
    server.errorlog.expect(
        "MAB0215: AuthBearerIssuer in <Location \"/p/pod\"> at .*: "
        "fetch_credentials: .*pod.token: file_read: .*; at this restart, the "
        "keys that were there before serve on, as long as stale= says")
    server.errorlog.expect(
        "MAB0215: AuthBearerIssuer in <Location \"/p/file\"> at .*: file_read: "
        ".*; .*/keys.json must be a JWK set, .*; at this restart, the keys")
    server.errorlog.allow("MAB0215: .*/p/(legacy|unnamed|taken|moved)")
    server.errorlog.allow(f"{LOUD}.*(fetch_credentials|file_read)")
    server.graceful()
    server.accepted("/p/pod", token(CLUSTER))
    server.accepted("/p/file", token("https://file.example"))
    status, said = server.check_syntax()
    assert status != 0
    assert "pod.token" in said and "keys.json" in said, said
    for name in ("pod.token", "keys.json"):
        (server.root / (name + ".away")).rename(server.root / name)
    assert server.check_syntax()[0] == 0
