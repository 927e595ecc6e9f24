# SPDX-License-Identifier: Apache-2.0
"""AuthBearerKeyStore: the last good keys on disk, for a cold start while the
issuer is away."""
import json
import os
import time

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.mint import Mint, key

EC, NEW = key("P-256", "ec1"), key("P-256", "new1")
AUD = mint.AUDIENCE
LOUD = "MAB0201"    # keys not refreshed
UNUSED = "MAB0205"  # stored keys not used
UNWRITTEN = "MAB0204"
ROOT = os.getuid() == 0


def conf_for(authority, store, issuers, more="miss=1s timeout=2s connect=1s"):
    return Conf(f"AuthBearerFetch ca={authority.ca} {more}",
                f"AuthBearerAudience {AUD}",
                f"AuthBearerKeyStore {store}").places(issuers)


def stored(store):
    """issuer -> file"""
    return {json.loads(path.read_text())["issuer"]: path
            for path in store.glob("*.jwks")}


def wait_for(what, seconds=10):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def store(serve_once):
    """A folder that httpd's children may write to, and nobody else."""
    folder = serve_once(Conf(), start=False).root / "run"
    folder.chmod(0o755)
    return folder


def filled(serve_once, authority, store, issuers):
    """A server that has stored the keys of all issuers, and is gone."""
    server = serve_once(conf_for(authority, store, issuers))
    for name, issuer in issuers.items():
        server.warm("/p/" + name, Mint(issuer.url, EC, AUD).token())
    wait_for(lambda: len(stored(store)) == len(issuers))
    server.stop()
    return server


def test_a_cold_start_in_an_outage_serves(serve_once, make_issuer, authority,
                                          store):
    issuer = make_issuer("/cold", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    old = filled(serve_once, authority, store, {"a": issuer})
    path = stored(store)[issuer.url]
    assert path.stat().st_mode & 0o777 == 0o600
    document = json.loads(path.read_text())
    assert [k["kid"] for k in document["keys"]] == ["ec1"]
    assert "d" not in document["keys"][0]
    issuer.stop()
    # nothing is left of the first one but the file
    server = serve_once(conf_for(authority, store, {"a": issuer}))
    assert server.root != old.root
    server.errorlog.expect(f"{LOUD}.*fetch_connect.*keys in use are")
    server.accepted("/p/a", tokens.token())
    server.errorlog.wait(f"issuer {issuer.url}: keys loaded from the store: 1 "
                         r"\(ec1\), \d+ s old; from " + str(path))
    server.refused("/p/a", tokens.token(NEW), "key_unknown")
    server.errorlog.wait(LOUD)
    # the network's truth replaces the disk's, and is stored
    issuer.keys = [NEW]
    issuer.start()
    time.sleep(1.1)
    server.warm("/p/a", tokens.token(NEW))
    server.refused("/p/a", tokens.token(), "key_unknown")
    wait_for(lambda: "new1" in path.read_text())
    assert "ec1" not in path.read_text()
    wait_for(lambda: not list(store.glob("*.tmp")))


def test_the_network_comes_first_when_it_is_there(serve_once, make_issuer,
                                                  authority, store):
    issuer = make_issuer("/first", [EC])
    filled(serve_once, authority, store, {"a": issuer})
    issuer.keys = [NEW]
    server = serve_once(conf_for(authority, store, {"a": issuer}))
    tokens = Mint(issuer.url, EC, AUD)
    server.warm("/p/a", tokens.token(NEW))
    # a key that was withdrawn while httpd was down is not good for a miss
    server.refused("/p/a", tokens.token(), "key_unknown")


def rewritten(**members):
    def change(path):
        text = json.dumps({**json.loads(path.read_text()), **members})
        path.write_text(text)
    return change


def link(path):
    target = path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(target)


def fifo(path):
    path.unlink()
    os.mkfifo(path)


#: what is wrong with a file, and what the log calls it
WRONG = {
    "group": (lambda p: p.chmod(0o620), "keystore_owner"),
    "world": (lambda p: p.chmod(0o606), "keystore_owner"),
    "link": (link, "file_read"),
    "fifo": (fifo, "file_read"),
    "empty": (lambda p: p.write_text(""), "file_size"),
    "large": (lambda p: p.write_text(" " * 2**21), "file_size"),
    "html": (lambda p: p.write_text("<html>"), "json_syntax"),
    "cut": (lambda p: p.write_text(p.read_text()[:99]), "json_syntax"),
    "issuer": (rewritten(issuer="https://evil.example"), "keystore_form"),
    "no-issuer": (rewritten(issuer=None), "keystore_form"),
    "no-time": (rewritten(fetched="now"), "keystore_form"),
    "no-keys": (rewritten(keys=[]), "jwks_empty"),
    "weak": (rewritten(keys=[key("RSA1024", "weak").public()]),
             "jwks_empty|jwk_rsa_size"),
    "twice": (lambda p: p.write_text(p.read_text().replace(
        '"keys":', '"keys":[],"keys":')), "json_duplicate"),
    "old": (rewritten(fetched=int(time.time()) - 25 * 3600), "keystore_age"),
    "future": (rewritten(fetched=int(time.time()) + 3600), "keystore_age"),
}
if ROOT:
    WRONG["owner"] = (lambda p: os.chown(p, 65534, 65534), "keystore_owner")


def test_wrong_files_are_not_used(serve_once, make_issuer, authority, store):
    issuers = {name: make_issuer("/" + name, [EC])
               for name in [*WRONG, "right"]}
    filled(serve_once, authority, store, issuers)
    files = {name: stored(store)[i.url] for name, i in issuers.items()}
    for name, (damage, _) in WRONG.items():
        damage(files[name])
    for issuer in issuers.values():
        issuer.stop()
    server = serve_once(conf_for(authority, store, issuers))
    server.errorlog.allow(LOUD)
    server.errorlog.allow(UNUSED)
    server.errorlog.allow("keys_unavailable")
    tokens = {n: Mint(i.url, EC, AUD).token() for n, i in issuers.items()}
    server.accepted("/p/right", tokens["right"])
    for name, (_, slug) in WRONG.items():
        answer = server.get("/p/" + name, tokens[name])
        assert answer.status == 503, (name, answer)
        said = server.errorlog.matching(
            f"issuer {issuers[name].url}: stored keys not used: ({slug}):.*"
            f"the file is {files[name]}")
        # one, although the configuration is read twice at a start
        assert len(said) == 1, (name, said, server.said())
        # age is normal, everything else is somebody's mistake, or worse
        assert (UNUSED in said[0]) == (slug != "keystore_age"), said
    # and a good answer mends the file
    for issuer in issuers.values():
        issuer.start()
    for name in WRONG:
        server.warm("/p/" + name, tokens[name])
    for name, path in files.items():
        wait_for(lambda p=path: p.is_file() and not p.is_symlink()
                 and "fetched" in p.read_text())
        document = json.loads(path.read_text())
        assert document["issuer"] == issuers[name].url
        assert path.stat().st_mode & 0o777 == 0o600
    wait_for(lambda: not list(store.glob("*.tmp")))


def test_a_store_that_cannot_be_written_is_told_once(
        serve_once, make_issuer, authority, store):
    issuer = make_issuer("/full", [EC])
    server = serve_once(conf_for(authority, store, {"a": issuer}))
    tokens = Mint(issuer.url, EC, AUD)
    server.warm("/p/a", tokens.token())
    path = wait_for(lambda: stored(store)) or stored(store)[issuer.url]
    before = path.read_text()
    away = store.rename(store.with_name("away"))
    server.errorlog.expect(f"{UNWRITTEN}: issuer {issuer.url}: keys not stored")
    try:
        for number in range(2):
            time.sleep(1.1)
            another = key("P-256", f"full{number}")
            issuer.rotate(another)
            # what cannot be stored is used all the same
            server.accepted("/p/a", tokens.token(another))
        server.errorlog.wait(UNWRITTEN)
    finally:
        away.rename(store)
    assert len(server.errorlog.matching(UNWRITTEN)) == 1
    assert path.read_text() == before
    time.sleep(1.1)
    issuer.rotate(NEW)
    server.accepted("/p/a", tokens.token(NEW))
    server.errorlog.wait("keys stored again in")
    assert "new1" in path.read_text()
