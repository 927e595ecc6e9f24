# SPDX-License-Identifier: Apache-2.0
"""AuthBearerKeyStore: the last good keys on disk, for a cold start while the
issuer is away."""
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
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


KEY = "store.key"
MAC = re.compile(r'\{"mac":"[0-9a-f]{64}",')


def signed(path, text):
    """A file's text as httpd would have written it."""
    lines = (path.parent / KEY).read_text().split("\n")
    secret = bytes.fromhex(lines[1]) if len(lines) > 1 else b""
    body = text[1:]
    made = hmac.new(secret, bytes.fromhex(path.stem) + body.encode(),
                    hashlib.sha256)
    return f'{{"mac":"{made.hexdigest()}",{body}'


def plain(path):
    """What is signed in a file."""
    return MAC.sub("{", path.read_text(), count=1)


def write_as_the_child(path, text):
    """As a program writes that runs as the server's user."""
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    if ROOT:
        shutil.chown(path, "www-data", "www-data")


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
    server.unavailable("/p/a", tokens.token(NEW))
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


def again(path, text):
    """Another text, signed: what httpd itself might have written once."""
    path.write_text(signed(path, text))


def rewritten(**members):
    def change(path):
        again(path, json.dumps({**json.loads(plain(path)), **members}))
    return change


def exchange(path):
    """A good file of another source."""
    # one of the others is a pipe by now
    other = next(p for p in sorted(path.parent.glob("*.jwks"))
                 if p != path and p.is_file() and '"kid":"ec1"' in p.read_text())
    path.write_text(other.read_text())


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
    "html": (lambda p: p.write_text("<html>"), "keystore_mac"),
    "html-signed": (lambda p: again(p, "<html>"), "json_syntax"),
    "cut": (lambda p: p.write_text(p.read_text()[:99]), "keystore_mac"),
    "cut-signed": (lambda p: again(p, plain(p)[:99]), "json_syntax"),
    "unsigned": (lambda p: p.write_text(plain(p)), "keystore_mac"),
    "changed": (lambda p: p.write_text(p.read_text().replace("ec1", "ec2")),
                "keystore_mac"),
    "another": (exchange, "keystore_mac"),
    "issuer": (rewritten(issuer="https://evil.example"), "keystore_form"),
    "no-issuer": (rewritten(issuer=None), "keystore_form"),
    "no-time": (rewritten(fetched="now"), "keystore_form"),
    "no-good-key": (rewritten(keys=[{}]), "jwks_empty"),
    "weak": (rewritten(keys=[key("RSA1024", "weak").public()]),
             "jwks_empty|jwk_rsa_size"),
    "twice": (lambda p: again(p, plain(p).replace(
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


# --- who may write there ----------------------------------------------------

def test_a_planted_key_is_not_believed(serve_once, make_issuer, authority,
                                       store):
    """A program of the server's user can write to the store, and does, while
    httpd is down and the issuer too."""
    issuer = make_issuer("/planted", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    filled(serve_once, authority, store, {"a": issuer})
    path = stored(store)[issuer.url]
    issuer.stop()
    planted = {**json.loads(path.read_text()), "keys": [NEW.public()]}
    write_as_the_child(path, json.dumps(planted))
    server = serve_once(conf_for(authority, store, {"a": issuer}))
    server.errorlog.allow(LOUD)
    server.errorlog.allow("keys_unavailable")
    server.errorlog.expect(f"{UNUSED}: issuer {issuer.url}: stored keys not "
                           "used: keystore_mac: ")
    server.unavailable("/p/a", tokens.token(NEW))


#: what a program of the server's user may do to the file with the key
KEYS = {
    "removed": None,
    "its-own": f"mod_auth_bearer key store 1\n{'ab' * 32}\n",
    "short": "mod_auth_bearer key store 1\nabab\n",
    "empty": "",
}


@pytest.mark.parametrize("name", KEYS)
def test_a_planted_signing_key_is_not_believed(serve_once, make_issuer,
                                               authority, store, name):
    if not ROOT:
        pytest.skip("httpd and its programs are one user")
    issuer = make_issuer("/signer", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    filled(serve_once, authority, store, {"a": issuer})
    path, secret = stored(store)[issuer.url], store / KEY
    info = secret.stat()
    assert (info.st_uid, info.st_mode & 0o777) == (0, 0o600)
    before = secret.read_text()
    issuer.stop()
    planted = {**json.loads(plain(path)), "keys": [NEW.public()]}
    secret.unlink()
    if KEYS[name] is not None:
        write_as_the_child(secret, KEYS[name])
        write_as_the_child(path, signed(path, json.dumps(planted)))
    server = serve_once(conf_for(authority, store, {"a": issuer}))
    server.errorlog.allow(LOUD)
    server.errorlog.allow("keys_unavailable")
    server.errorlog.expect(f"{UNUSED}:.*keystore_mac")
    if KEYS[name] is not None:
        server.errorlog.expect("MAB0206: .*keystore_key")
    server.unavailable("/p/a", tokens.token(NEW))
    server.unavailable("/p/a", tokens.token())
    info = secret.stat()
    assert (info.st_uid, info.st_mode & 0o777) == (0, 0o600)
    assert secret.read_text() not in (before, KEYS[name])
    # and all is well again
    issuer.start()
    server.warm("/p/a", tokens.token())
    wait_for(lambda: path.read_text() == signed(path, plain(path)))


def test_a_store_without_a_signing_key_is_not_used(serve_once, make_issuer,
                                                   authority, store):
    issuer = make_issuer("/unsigned", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    filled(serve_once, authority, store, {"a": issuer})
    path = stored(store)[issuer.url]
    before = path.read_text()
    (store / KEY).unlink()
    (store / KEY).mkdir()
    server = serve_once(conf_for(authority, store, {"a": issuer}))
    server.errorlog.expect("MAB0207: .*AuthBearerKeyStore")
    server.warm("/p/a", tokens.token())
    assert path.read_text() == before
    assert list(store.glob("*.jwks")) == [path]


def test_the_signing_key_survives_restarts(serve_once, make_issuer, authority,
                                           store):
    issuer = make_issuer("/same", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = filled(serve_once, authority, store, {"a": issuer})
    before = (store / KEY).read_text()
    server = serve_once(conf_for(authority, store, {"a": issuer}))
    server.warm("/p/a", tokens.token())
    server.graceful()
    server.accepted("/p/a", tokens.token())
    assert (store / KEY).read_text() == before
    assert not server.errorlog.matching("MAB020[67]")


@pytest.mark.parametrize("user", ["root", "www-data"])
def test_without_root_the_store_cannot_be_protected(serve_once, store,
                                                    authority, make_issuer,
                                                    user):
    if not ROOT:
        pytest.skip("needs to be root to become somebody else")
    issuer = make_issuer("/user", [EC])
    server = serve_once(conf_for(authority, store, {"a": issuer}), start=False)
    done = subprocess.run(server.command("-t"), env=server.variables(),
                          user=user, text=True, capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    assert ("MAB0208" in done.stderr) == (user != "root"), done.stderr
    assert not (store / KEY).exists(), "a test of the configuration wrote"
