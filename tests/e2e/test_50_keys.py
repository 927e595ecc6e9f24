# SPDX-License-Identifier: Apache-2.0
"""Where keys come from, how they change, and what happens when they do not
come."""
import json
import threading
import time

import pytest

from testenv import mint
from testenv.conf import Conf
from testenv.mint import Mint, key

RSA, EC, ED = key("RSA", "rsa1"), key("P-256", "ec1"), key("Ed25519", "ed1")
NEW = key("P-256", "new1")
AUD = mint.AUDIENCE
LOUD = "MAB0201"  # keys not refreshed
# all these issuers are one process: on a busy machine one may answer too late
# once, and what is wrong with it is told the next time
BUSY = f"{LOUD}:.*fetch_timeout"


def fetch(authority, more="miss=1s refresh=1h timeout=2s connect=1s"):
    return f"AuthBearerFetch ca={authority.ca} {more}"


def until(server, target, token, status=200, seconds=10):
    """Asks again until the status comes; returns the answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = server.get(target, token)
        if answer.status == status:
            return answer
        assert time.monotonic() < deadline, f"{answer}\n{server.said()}"
        time.sleep(0.1)


# --- where keys come from ---------------------------------------------------

@pytest.fixture(scope="module")
def sources(make_issuer, authority):
    """name -> (issuer options, a mint)."""
    found = {}
    folder = authority.folder

    def add(name, issuer, options="", signer=EC):
        found[name] = (f"{issuer} {options}", Mint(issuer, signer, AUD))

    def file(name, text, signer):
        path = folder / f"key-{name}"
        path.write_text(text)
        path.chmod(0o644)
        add("file-" + name, f"https://{name}.example/",
            f"keys=file:{path}", signer)

    add("root", make_issuer("", [EC]).url)
    add("path", make_issuer("/oidc", [EC]).url)
    add("deep", make_issuer("/a/b/c", [EC]).url)
    oauth = make_issuer("/tenant", [EC])
    oauth.discovery_path = "/.well-known/oauth-authorization-server/tenant"
    add("oauth", oauth.url)
    inserted = make_issuer("/tenant", [EC])
    inserted.discovery_path = "/.well-known/openid-configuration/tenant"
    add("inserted", inserted.url)
    slash = make_issuer("/s", [EC])
    slash.url += "/"
    add("slash", slash.url)
    url = make_issuer("/u", [EC])
    url.discovery_path = "/nowhere"
    add("url", "https://not.the.same.example", "keys=" + url.jwks_uri)
    query = make_issuer("/q", [EC])
    query.jwks_path += "?a=b"
    query.jwks_uri += "?a=b"
    add("query-uri", query.url)
    chunked = make_issuer("/chunked", [EC])
    body = json.dumps(chunked.jwks()).encode()
    chunked.behave(headers={"Transfer-Encoding": "chunked"},
                   body=b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (
                       10, body[:10], len(body) - 10, body[10:]))
    add("chunked", chunked.url)
    typed = make_issuer("/typed", [EC])
    typed.headers = {"Content-Type": "application/jwk-set+json; charset=x"}
    add("typed", typed.url)
    file("jwks", json.dumps({"keys": [EC.public(), RSA.public()]}), RSA)
    file("jwk", json.dumps(EC.public()), EC)
    file("pem", EC.pem(), EC)
    file("rsa-pem", RSA.pem(), RSA)
    file("ed-pem", ED.pem(), ED)
    file("certificate", RSA.certificate(), RSA)
    return found


NAMES = """root path deep oauth inserted slash url query-uri chunked typed
file-jwks file-jwk file-pem file-rsa-pem file-ed-pem file-certificate""".split()


@pytest.fixture(scope="module")
def site(serve, authority, sources):
    conf = Conf(fetch(authority), f"AuthBearerAudience {AUD}")
    for name in NAMES:
        conf.place(name, "AuthBearerIssuer " + sources[name][0])
    conf.place("all", *["AuthBearerIssuer " + sources[name][0]
                        for name in NAMES])
    return serve(conf)


@pytest.mark.parametrize("name", NAMES)
def test_where_keys_come_from(site, sources, name):
    tokens = sources[name][1]
    site.accepted("/p/" + name, tokens.token(), "alice")
    site.accepted("/p/all", tokens.token(), "alice")


def test_issuers_do_not_vouch_for_each_other(site, sources):
    for name, (_, tokens) in sources.items():
        if name != "root":
            site.refused("/p/root", tokens.token(), "iss_unknown")


def test_keys_without_a_kid_serve_any_kid(site, sources):
    tokens = sources["file-pem"][1]
    site.accepted("/p/file-pem", tokens.token(header={"kid": "other"}))
    site.refused("/p/file-pem", tokens.token(NEW), "sig_wrong")


# --- the issuer is asked little ---------------------------------------------

def test_many_requests_are_one_fetch(serve_once, make_issuer, authority):
    issuer = make_issuer("/few", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(Conf(
        fetch(authority, "miss=1h"), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a").place("b"))
    server.warm("/p/a", tokens.token())
    time.sleep(0.5)
    assert issuer.count(issuer.discovery_path) == 1
    assert issuer.count(issuer.jwks_path) == 1
    head = issuer.requests[0][1]
    assert "Authorization" not in head and "Cookie" not in head
    issuer.forget()
    for _ in range(30):
        server.accepted("/p/a", tokens.token())
        server.accepted("/p/b", tokens.token())
    assert issuer.count() == 0
    # whatever strangers write: kids, known or not, over signatures of theirs
    for number in range(10):
        for kid, slug in (("ec1", "sig_wrong"), (f"k{number}", "key_unknown")):
            server.refused("/p/a", tokens.token(key("P-256", "x"),
                                                {"kid": kid}), slug)
    time.sleep(1.3)
    assert issuer.count() <= 1


def test_an_issuer_set_up_anew_with_the_kids_it_had(serve_once, make_issuer,
                                                    authority):
    """A new key under the same kid: the first token by it waits for it."""
    issuer = make_issuer("/anew", [key("P-256", "1")])
    server = serve_once(Conf(
        fetch(authority), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    old = Mint(issuer.url, issuer.keys[0], AUD).token()
    server.warm("/p/a", old)
    time.sleep(1.1)  # miss
    again = mint.Key("P-256", "1")
    issuer.keys = [again]
    server.accepted("/p/a", Mint(issuer.url, again, AUD).token())
    # and the key that is gone is no longer good, for known tokens either
    server.refused("/p/a", old, "sig_wrong")


def test_keys_that_an_issuer_takes_back(serve_once, make_issuer, authority):
    """Two answers without a key, a while apart, are meant; one is not."""
    issuer = make_issuer("/back", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(Conf(
        fetch(authority), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    known = tokens.token()
    server.warm("/p/a", known)
    server.errorlog.expect(f"{LOUD}: issuer {issuer.url}: .*jwks_none")
    server.errorlog.expect(f"MAB0209: issuer {issuer.url}: its keys are gone")
    issuer.keys = []
    time.sleep(1.1)  # miss
    # cannot be judged, while it is not clear what the issuer means
    server.unavailable("/p/a", tokens.token(NEW))
    server.errorlog.wait("MAB0209", 15)
    server.refused("/p/a", known, "key_unknown")
    server.refused("/p/a", tokens.token(), "key_unknown")
    # which has others when it has others
    issuer.keys = [NEW]
    server.warm("/p/a", tokens.token(NEW))
    server.refused("/p/a", known, "key_unknown")


def test_unknown_kids_ask_once_in_a_while(serve_once, make_issuer,
                                          authority):
    issuer = make_issuer("/miss", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(Conf(
        fetch(authority, "miss=60s"), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    server.warm("/p/a", tokens.token())
    for number in range(30):
        server.refused("/p/a", tokens.token(header={"kid": f"k{number}"}),
                       "key_unknown")
    time.sleep(0.5)
    assert issuer.count(issuer.jwks_path) <= 2


def test_a_flood_of_unknown_kids_hides_no_rotation(serve_once, make_issuer,
                                                   authority):
    """Strangers use up the one ask in each miss; it brings the new key all the
    same."""
    issuer = make_issuer("/flood", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(Conf(
        fetch(authority, "miss=2s refresh=1h"), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    server.warm("/p/a", tokens.token())
    end = threading.Event()

    def flood(number):
        count = 0
        while not end.is_set():
            count += 1
            server.get("/p/a", tokens.token(
                header={"kid": f"flood{number}-{count}"}))

    threads = [threading.Thread(target=flood, args=(number,))
               for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(2):
            issuer.wait_for(issuer.jwks_path,
                            issuer.count(issuer.jwks_path) + 1, 20)
            another = key("P-256", f"rotated{number}")
            issuer.rotate(another, keep=False)
            before = issuer.count(issuer.jwks_path)
            server.warm("/p/a", tokens.token(another))
            # the one that may have begun before, and the one that had it
            assert issuer.count(issuer.jwks_path) <= before + 2
    finally:
        end.set()
        for thread in threads:
            thread.join()


# --- rotation ---------------------------------------------------------------

@pytest.mark.parametrize("keep", [True, False], ids=["keep", "drop"])
def test_a_rotation_is_picked_up(serve_once, make_issuer, authority, keep):
    issuer = make_issuer("/rotate", [EC])
    issuer.etag = '"1"'
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(Conf(
        fetch(authority), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    server.warm("/p/a", tokens.token())
    old = tokens.token()
    server.accepted("/p/a", old)
    server.refused("/p/a", tokens.token(NEW), "key_unknown")
    time.sleep(1.1)
    issuer.rotate(NEW, keep=keep)
    issuer.etag = '"2"'
    # the first request with the new key waits for it and is served
    server.accepted("/p/a", tokens.token(NEW))
    if keep:
        server.accepted("/p/a", old)
        server.accepted("/p/a", tokens.token())
    else:
        # also the tokens that were known already
        server.refused("/p/a", old, "key_unknown")
        server.refused("/p/a", tokens.token(), "key_unknown")


def test_a_key_file_is_read_again(serve_once, authority):
    server = serve_once(Conf(), start=False)
    path = server.write("keys.json", json.dumps({"keys": [EC.public()]}))
    tokens = Mint("https://file.example", EC, AUD)
    server.configure(Conf(
        fetch(authority), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer https://file.example keys=file:{path}").place("a"))
    server.start()
    # keys of a file are there from the start
    server.accepted("/p/a", tokens.token())
    server.write("keys.json", json.dumps({"keys": [NEW.public()]}))
    until(server, "/p/a", tokens.token(NEW))
    server.refused("/p/a", tokens.token(), "key_unknown")
    # a broken file never replaces a good one
    server.errorlog.expect("auth_bearer:(error|warn)")
    server.write("keys.json", '{"keys": [')
    server.errorlog.wait("auth_bearer:(error|warn)", 15)
    server.accepted("/p/a", tokens.token(NEW))


# --- when keys do not come --------------------------------------------------

def waits(server):
    """How many requests have waited for keys."""
    return server.get("/status?json").json()["sum"]["waits"]


def test_a_start_without_the_issuer(serve_once, make_issuer, authority):
    issuer = make_issuer("/down", [EC])
    issuer.stop()
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(Conf(
        fetch(authority), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a")
        .place("b", "AuthBearerErrors json unavailable=401")
        .place("open", require="Require all granted"))
    server.errorlog.expect(f"{LOUD}.*fetch_connect")
    server.errorlog.expect("keys_unavailable: .*")
    server.unavailable("/p/a", tokens.token())
    answer = server.get("/p/b", tokens.token())
    assert (answer.status, answer.json()["code"]) == (401, "invalid_token")
    assert answer.challenge()["error"] == "invalid_token"
    # what needs no keys works: other answers, other places
    assert server.get("/p/a").status == 401
    assert server.get("/p/open").status == 200
    assert server.get("/p/a", tokens.token(header={"alg": "HS256"},
                                           signer=key("oct", "s"))).status \
        == 401
    # and it heals
    issuer.start()
    until(server, "/p/a", tokens.token())


def test_an_issuer_that_goes_away_is_not_missed(serve_once, make_issuer,
                                                authority):
    issuer = make_issuer("/gone", [EC])
    tokens = Mint(issuer.url, EC, AUD)
    server = serve_once(Conf(
        fetch(authority), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    server.warm("/p/a", tokens.token())
    issuer.stop()
    server.errorlog.allow(LOUD)
    # it may have that key: nobody can say
    server.unavailable("/p/a", tokens.token(NEW))
    for _ in range(10):
        server.accepted("/p/a", tokens.token())


def test_an_issuer_that_stalls_delays_nobody(in_a_world, make_issuer,
                                             authority):
    """Its answer does not come at all, so whoever is answered waited for
    something else."""
    issuer = make_issuer("/slow", [EC])
    other = make_issuer("/fast", [EC])
    tokens, fast = Mint(issuer.url, EC, AUD), Mint(other.url, EC, AUD)
    server, world = in_a_world(Conf(
        fetch(authority, "miss=60s timeout=1s"), f"AuthBearerAudience {AUD}")
        .place("a", f"AuthBearerIssuer {issuer.url}")
        .place("b", f"AuthBearerIssuer {other.url}")
        .location("/status", "SetHandler bearer-status"))
    server.start()
    server.warm("/p/a", tokens.token()).warm("/p/b", fast.token())
    world.ahead(61)  # miss: the first request may have asked
    issuer.stall(300)
    server.errorlog.expect(f"{LOUD}.*fetch_timeout")
    before = waits(server)
    server.unavailable("/p/a", tokens.token(NEW))
    assert waits(server) == before + 1
    server.errorlog.wait("fetch_timeout", 15)
    for _ in range(20):
        server.accepted("/p/a", tokens.token())
        server.accepted("/p/b", fast.token())
        server.unavailable("/p/a", tokens.token(NEW))
    assert waits(server) == before + 1, "not again within miss"
    issuer.recover()


#: answers to the key set, and what the log calls them; None: never noticed
BAD = {
    "empty": (dict(body=""), "json_syntax"),
    "html": (dict(body="<html>please log in</html>"), "json_syntax"),
    "no-keys": (dict(body="{}"), "jwks_form"),
    "object": (dict(body='{"keys": {}}'), "jwks_form"),
    "empty-set": (dict(body='{"keys": []}'), "jwks_none"),
    "encrypts": (dict(body=json.dumps({"keys": [EC.public(use="enc")]})),
                 "jwks_none"),
    "useless": (dict(body=json.dumps({"keys": [EC.public(kty="AKP")]})),
                "jwks_empty"),
    "private": (dict(body=json.dumps({"keys": [EC.public(d="AA")]})),
                "jwk_private"),
    "twice": (dict(body='{"keys": [], "keys": []}'), "json_duplicate"),
    "twice-inside": (dict(body='{"keys": [{"kty": "EC", '
                               + json.dumps(EC.public())[1:] + "]}"),
                     "json_duplicate"),
    "deep": (dict(body='{"keys": ' + "[" * 3000 + "]" * 3000 + "}"),
             "json_depth"),
    "error": (dict(status=500), "http_status"),
    "missing": (dict(status=404), "http_status"),
    "no-content": (dict(status=204, body=""), "http_status"),
    "redirect": (dict(status=302, body="",
                      headers={"Location": "http://127.0.0.1:1/"}),
                 "http_status"),
    "file": (dict(status=301, body="",
                  headers={"Location": "file:///etc/passwd"}), "http_status"),
    "large": (dict(body='{"keys": [' + " " * 600000 + "]}"),
              "http_body_size"),
    "truncated": (dict(truncate=40), "http_truncated"),
    "encoded": (dict(headers={"Content-Encoding": "gzip"},
                     body=b"\x1f\x8b\x08\0"), "http_encoding"),
    "not-modified": (dict(status=304, body=""), "http_status"),
}


@pytest.fixture(scope="module")
def liars(make_issuer):
    return {name: make_issuer("/" + name, [EC]) for name in BAD}


def liar_conf(authority, liars):
    conf = Conf(fetch(authority), f"AuthBearerAudience {AUD}")
    for name, issuer in liars.items():
        conf.place(name, f"AuthBearerIssuer {issuer.url}")
    return conf


def test_bad_answers_never_replace_good_keys(serve_once, liars, authority):
    # without keys: see test_keys_that_an_issuer_takes_back
    liars = {name: one for name, one in liars.items()
             if BAD[name][1] != "jwks_none"}
    for issuer in liars.values():
        issuer.recover()
    server = serve_once(liar_conf(authority, liars))
    mints = {n: Mint(i.url, EC, AUD) for n, i in liars.items()}
    for name, tokens in mints.items():
        server.warm("/p/" + name, tokens.token())
    server.errorlog.allow(BUSY)
    time.sleep(1.1)  # miss
    for name, issuer in liars.items():
        issuer.behave(**BAD[name][0])
        issuer.forget()
        server.unavailable("/p/" + name, mints[name].token(NEW))
    for name, issuer in liars.items():
        issuer.wait_for(issuer.jwks_path, 1, 10)
        if name != "not-modified":
            server.errorlog.expect(f"{LOUD}: issuer {issuer.url}:.*"
                                   f"{BAD[name][1]}")
        else:
            server.errorlog.allow(f"{LOUD}: issuer {issuer.url}:")
    time.sleep(0.5)
    for name, tokens in mints.items():
        server.accepted("/p/" + name, tokens.token())


def test_bad_answers_give_no_keys(serve_once, liars, authority):
    for name, issuer in liars.items():
        issuer.recover()
        issuer.behave(**BAD[name][0])
    server = serve_once(liar_conf(authority, liars))
    server.errorlog.allow(f"keys_unavailable|{BUSY}")
    for name, issuer in liars.items():
        server.errorlog.expect(f"{LOUD}: issuer {issuer.url}:.*"
                               f"{BAD[name][1]}")
    for name, issuer in liars.items():
        issuer.wait_for(issuer.jwks_path, 1, 10)
        server.unavailable("/p/" + name, Mint(issuer.url, EC, AUD).token())


METADATA = {
    "other-issuer": ({"issuer": "https://evil.example"}, "discovery_issuer"),
    "slash": ({"issuer": "SLASH"}, "discovery_issuer"),
    "no-issuer": ({"issuer": None}, "discovery_issuer"),
    "no-uri": ({"jwks_uri": None}, "discovery_uri"),
    "plain-http": ({"jwks_uri": "http://127.0.0.1:1/jwks"}, "discovery_uri"),
    "file": ({"jwks_uri": "file:///etc/passwd"}, "discovery_uri"),
    "number": ({"jwks_uri": 1}, "discovery_uri"),
    "user": ({"jwks_uri": "https://a@127.0.0.1/"}, "discovery_uri"),
    "relative": ({"jwks_uri": "/jwks"}, "discovery_uri"),
    # whole documents
    "html": ("<html>please log in</html>", "json_syntax"),
    "empty": ("", "json_syntax"),
    "array": ("[]", "json_syntax"),
    "twice": ('{"issuer": "x", "issuer": "y"}', "json_duplicate"),
    "large": ('{"issuer": "' + "x" * (1 << 20) + '"}', "http_body_size"),
}


def test_metadata_that_is_not_believed(serve_once, make_issuer, authority):
    conf = Conf(fetch(authority), f"AuthBearerAudience {AUD}")
    issuers = {}
    for name, (metadata, _) in METADATA.items():
        issuer = issuers[name] = make_issuer("/" + name, [EC])
        if isinstance(metadata, str):
            issuer.behave(issuer.discovery_path, body=metadata)
        else:
            issuer.metadata = {k: issuer.url + "/" if v == "SLASH" else v
                               for k, v in metadata.items()}
        conf.place(name, f"AuthBearerIssuer {issuer.url}")
    server = serve_once(conf)
    server.errorlog.allow(f"keys_unavailable|{BUSY}")
    for name, issuer in issuers.items():
        server.errorlog.expect(f"{LOUD}: issuer {issuer.url}:.*"
                               f"{METADATA[name][1]}")
        server.unavailable("/p/" + name, Mint(issuer.url, EC, AUD).token())
        assert issuer.count(issuer.jwks_path) == 0


def test_a_certificate_of_a_stranger(serve_once, make_issuer):
    issuer = make_issuer("/tls", [EC])
    # the system's authorities do not know ours
    server = serve_once(Conf(
        "AuthBearerFetch timeout=2s", f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    server.errorlog.expect(f"{LOUD}.*fetch_tls")
    server.errorlog.expect("keys_unavailable")
    server.unavailable("/p/a", Mint(issuer.url, EC, AUD).token())
    assert issuer.count() == 0


def test_plain_http_for_the_loopback(serve_once, make_issuer):
    issuer = make_issuer("/http", [EC], tls=False)
    server = serve_once(Conf(
        "AuthBearerFetch http=On", f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    server.warm("/p/a", Mint(issuer.url, EC, AUD).token())


def test_plain_http_is_for_what_the_administrator_wrote(serve_once,
                                                        make_issuer, authority):
    """http=On lets an issuer be fetched by http; it does not let metadata from
    elsewhere send us to the services of this host."""
    inner = make_issuer("/inner", [EC], tls=False)
    outer = make_issuer("/outer", [EC])
    outer.metadata = {"jwks_uri": inner.jwks_uri}
    written = make_issuer("/written", [EC])
    plain = make_issuer("/plain", [EC], tls=False)
    server = serve_once(Conf(
        fetch(authority, "http=On miss=1s"), f"AuthBearerAudience {AUD}")
        .place("outer", f"AuthBearerIssuer {outer.url}")
        .place("inner", f"AuthBearerIssuer {inner.url}")
        .place("written", f"AuthBearerIssuer {written.url} "
                          f"keys={plain.jwks_uri}"))
    server.errorlog.expect(f"{LOUD}: issuer {outer.url}:.*discovery_uri")
    server.errorlog.allow("keys_unavailable")
    server.warm("/p/inner", Mint(inner.url, EC, AUD).token())
    server.warm("/p/written", Mint(written.url, EC, AUD).token())
    outer.wait_for(outer.discovery_path, 1, 10)
    server.errorlog.wait(f"{LOUD}: issuer {outer.url}:")
    server.unavailable("/p/outer", Mint(outer.url, EC, AUD).token())
    assert inner.count(inner.jwks_path) == 1


def test_requests_meanwhile_are_served(serve_once, make_issuer, authority):
    """A start with an issuer that accepts and never answers."""
    issuer = make_issuer("/mute", [EC])
    issuer.stall(300)
    server = serve_once(Conf(
        fetch(authority), f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    server.errorlog.allow(LOUD)
    server.errorlog.expect("keys_unavailable")
    assert server.get("/ok.txt").status == 200
    server.unavailable("/p/a", Mint(issuer.url, EC, AUD).token())
    issuer.recover()
    until(server, "/p/a", Mint(issuer.url, EC, AUD).token(), seconds=15)


def test_an_issuer_that_is_silent_costs_nothing_at_start(
        serve_once, make_issuer, authority):
    """httpd would not be up in time if it waited."""
    issuer = make_issuer("/start", [EC])
    issuer.hole()
    server = serve_once(Conf(
        fetch(authority, "timeout=60s connect=60s"),
        f"AuthBearerAudience {AUD}",
        f"AuthBearerIssuer {issuer.url}").place("a"))
    server.errorlog.allow(LOUD)
    assert server.get("/p/a").status == 401
    issuer.recover()
