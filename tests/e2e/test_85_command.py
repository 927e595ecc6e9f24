# SPDX-License-Identifier: Apache-2.0
"""The command `authbearer`: the module's verdicts for people and scripts."""
import json
import os
import pty
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from testenv import env, issuer as issuers, mint
from testenv.conf import Conf
from testenv.mint import DROP, key

TOP = Path(__file__).resolve().parents[2]
COMMAND = Path(os.environ.get("AUTHBEARER")
               or Path(os.environ.get("abs_top_builddir", TOP / "build"))
               / "authbearer")
ISS = "https://issuer.example"
EC, RSA = key("P-256", "ec1"), key("RSA", "rsa1")
SECRET = key("oct", "secret1")
GOOD, REFUSED, UNDECIDED = 0, 1, 2

pytestmark = pytest.mark.skipif(not COMMAND.exists(),
                                reason=f"{COMMAND} is not built")


# --- running it -------------------------------------------------------------

class Said:
    def __init__(self, done, token):
        self.status = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()
        assert "Sanitizer" not in self.err and "runtime error" not in self.err
        self.leaks_nothing(token)

    def leaks_nothing(self, token):
        """No part of a token is ever printed as it came."""
        for part in re.split(r"[^\w-]+", token):
            if len(part) >= 16:
                assert part not in self.out + self.err

    def json(self):
        return json.loads(self.out)

    def line(self, start):
        found = [line for line in self.out.splitlines()
                 if line.startswith(start)]
        assert len(found) == 1, self.out
        return found[0]


def run(*words, token=""):
    data = token if isinstance(token, bytes) else token.encode("latin-1")
    done = subprocess.run([COMMAND, *map(str, words)], input=data, timeout=60,
                          capture_output=True)
    return Said(done, data.decode("latin-1"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("command")
    keys = mint.usual_keys() + [key("P-256", "many")]
    (made / "keys.json").write_text(
        json.dumps({"keys": [k.public() for k in keys]}))
    # more keys than are tried for a token without a kid, none of which made it
    other = key("P-256", "other")
    (made / "many.json").write_text(json.dumps(
        {"keys": [other.public(kid=f"k{n}") for n in range(30)]}))
    (made / "key.pem").write_text(EC.pem())
    (made / "secret").write_bytes(SECRET.secret())
    (made / "secret").chmod(0o600)
    (made / "open").write_bytes(SECRET.secret())
    (made / "open").chmod(0o644)
    return made


@pytest.fixture(scope="module")
def maker():
    return mint.Mint(ISS, EC, mint.AUDIENCE)


def verify(folder, token, *more, audience=mint.AUDIENCE, keys="keys.json"):
    return run("verify", "--issuer", ISS, "--audience", audience,
               "--keys", folder / keys, *more, token=token)


# --- every reason -----------------------------------------------------------

def head(**over):
    return lambda m: m.forge(header=m.header(**over))


def claims(*more, **over):
    return (lambda m: m.forge(payload=m.claims(**over)), *more)


def part(number, text):
    """A good token with one part changed."""
    def make(m):
        parts = m.token().split(".")
        parts[number] = text(parts[number]) if callable(text) else text
        return mint.note(".".join(parts))
    return make


def spare_bits(text):
    """The same bytes in another spelling: one spare bit set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
               "0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


def filled(token):
    """With the padding that load balancers put in."""
    return mint.note(".".join(part + "=" * (-len(part) % 4)
                              for part in token.split(".")))


NOW = int(time.time())
#: slug -> (what makes the token, options)
REASONS = {
    "token_missing": (lambda m: " \n",),
    "token_format": (lambda m: "Bearer a b",),
    "token_scheme": (lambda m: "Authorization: Basic " + m.token(),),
    "token_size": (lambda m: m.token(x="y" * 20000),),
    "jws_parts": (lambda m: m.token() + ".x",),
    "jws_encrypted": (lambda m: m.token() + ".x.y",),
    "b64_alphabet": (part(1, lambda t: t[:-1] + "~"),),
    "b64_length": (part(1, "AAAAA"),),
    # 64 bytes leave two characters of one byte, with four spare bits
    "b64_canonical": (part(2, spare_bits),),
    "header_json": (lambda m: m.forge(header="[]"),),
    "alg_missing": (head(alg=DROP),),
    "alg_unknown": (head(alg="none"),),
    "alg_forbidden": (lambda m: m.token(), "--alg", "RS256,EdDSA"),
    "header_crit": (head(crit=["exp"]),),
    "header_b64": (head(b64=True),),
    "header_zip": (head(zip="DEF"),),
    "header_enc": (head(enc="A128GCM"),),
    "header_kid": (head(kid=1),),
    "typ_wrong": (head(typ="logout+jwt"),),
    "payload_json": (lambda m: m.forge(payload="[]"),),
    "iss_missing": claims(iss=DROP),
    "iss_unknown": claims(iss=ISS + "/"),
    "signer_wrong": (lambda m: filled(m.forge(header=m.header(iss=ISS))),
                     "--signer", "arn:aws:elasticloadbalancing:x"),
    "key_unknown": (head(kid="stranger"),),
    "key_unfit": (head(kid="rsa1"),),
    "key_ambiguous": (head(kid=DROP), "--keys", "many.json"),
    "sig_length": (part(2, "AAAA"),),
    "sig_wrong": (lambda m: m.forge(sign=b"\1" * 64),),
    "exp_missing": claims(exp=DROP),
    "exp_invalid": claims(exp="soon"),
    "expired": claims("--leeway", "0", exp=NOW - 1),
    "exp_far": claims(exp=NOW * 1000),
    "nbf_invalid": claims(nbf="soon"),
    "not_yet": claims(nbf=NOW + 3600),
    "iat_invalid": claims(iat="then"),
    "iat_missing": claims("--max-age", "1h", iat=DROP),
    "iat_future": claims(iat=NOW + 3600),
    "too_old": claims("--max-age", "1m", iat=NOW - 200),
    "too_long": claims("--max-life", "1m"),
    "aud_missing": claims(aud=DROP),
    "aud_invalid": claims(aud=7),
    "aud_wrong": claims(aud="urn:other"),
    "claim_missing": claims("--require", "jti,client_id", jti="1"),
    "cnf_bound": claims(cnf={"jkt": "x"}),
    "subject_missing": claims("--user", "email"),
    "keys_unavailable": (lambda m: m.token(), "--keys", "absent.json"),
}


def of_tokens():
    """Slugs that a token can be refused for, from the catalogue, with the names
    of their rows. token_twice (400) needs a request, insufficient_scope (403) a
    Require line."""
    rows = re.findall(r'^BEARER_REASON\((\w+), "(\w+)",.* (\d+), [A-Z]+, "',
                      (TOP / "bearer/base/error.def").read_text(), re.M)
    return {slug: name for name, slug, status in rows
            if status == "401" or slug == "keys_unavailable"}


#: a name that came with a token, which only a request has
WITH_A_NAME = {"user_wrong"}


def test_the_table_has_every_reason_of_tokens():
    assert set(REASONS) == set(of_tokens()) - WITH_A_NAME


def test_each_reason_belongs_to_one_check():
    text = (TOP / "bearer/judge/stage.c").read_text()
    table = re.search(r"stages\[BEARER_STAGE_COUNT\] = \{\n(.*?)^\};", text,
                      re.M | re.S)[1]
    named = re.findall(r"\bBEARER_(\w+)", table)
    assert sorted(named) == sorted([*of_tokens().values(), "TOKEN_TWICE"])


@pytest.mark.parametrize("slug", REASONS)
def test_every_reason(folder, maker, slug):
    make, *more = REASONS[slug]
    more = [folder / word if word.endswith(".json") else word
            for word in more]
    token = make(maker)
    undecided = slug == "keys_unavailable"
    said = verify(folder, token, *more, "--json")
    found = said.json()
    assert (found["reason"], said.status) \
        == (slug, UNDECIDED if undecided else REFUSED), said.out
    assert found["verdict"] == ("undecided" if undecided else "refused")
    results = [check["result"] for check in found["checks"]]
    at = results.index("failed")
    assert set(results[:at]) <= {"passed"}
    assert set(results[at + 1:]) <= {"not reached"}
    # the same as text
    said = verify(folder, token, *more)
    assert said.status == (UNDECIDED if undecided else REFUSED)
    assert said.out.startswith(f"{found['verdict']}: {slug}: "
                               f"{found['sentence']}")
    failed = said.line("FAILED").split(None, 1)[1]
    assert failed.startswith(found["checks"][at]["check"])
    assert f"({slug})" in failed
    assert len(re.findall("^passed ", said.out, re.M)) == at


# --- accepted ---------------------------------------------------------------

@pytest.mark.parametrize("form", ["{}", "{}\n", "  {}\r\n\n", "Bearer {}\n",
                                  "Authorization: Bearer {}\r\n",
                                  "authorization:bearer  {}"])
def test_a_good_token_however_it_is_pasted(folder, maker, form):
    said = verify(folder, form.format(maker.token()))
    assert (said.status, said.out.splitlines()[0]) \
        == (GOOD, 'accepted: user "alice"'), said.out + said.err
    assert "FAILED" not in said.out and "not reached" not in said.out


@pytest.mark.parametrize("signer", mint.usual_keys(), ids=lambda k: k.alg)
def test_every_kind_of_key(folder, maker, signer):
    found = verify(folder, maker.token(signer), "--json").json()
    assert (found["verdict"], found["user"], found["status"]) \
        == ("accepted", "alice", 200)
    notes = {c["check"]: c.get("note") for c in found["checks"]}
    assert notes["algorithm"] == signer.alg
    assert notes["key id"] == signer.kid
    assert notes["issuer"] == ISS


def test_a_pem_key(folder, maker):
    assert verify(folder, maker.token(), keys="key.pem").status == GOOD


def test_a_shared_secret(folder):
    made = mint.Mint(ISS, SECRET, mint.AUDIENCE)
    words = ("verify", "--issuer", ISS, "--audience", mint.AUDIENCE,
             "--secret")
    assert run(*words, folder / "secret", token=made.token()).status == GOOD
    said = run(*words, folder / "open", token=made.token())
    assert (said.status, said.out) == (UNDECIDED, "")
    assert "file_open" in said.err


def test_files_that_the_server_would_not_read(folder, maker):
    keys = folder / "loose.json"
    keys.write_bytes((folder / "keys.json").read_bytes())
    keys.chmod(0o666)
    said = verify(folder, maker.token(), keys=keys)
    assert said.status == UNDECIDED and "file_writable" in said.out + said.err
    (folder / "loose").write_bytes(SECRET.secret())
    (folder / "loose").chmod(0o602)
    said = run("verify", "--issuer", ISS, "--audience", mint.AUDIENCE,
               "--secret", folder / "loose", token=maker.token())
    assert said.status == UNDECIDED and "file_open" in said.err


@pytest.mark.parametrize("kind", ["keys", "secret"])
def test_a_pipe_in_the_place_of_a_file(folder, maker, kind):
    """As a shell makes them: --secret <(pass show api)."""
    made = maker if kind == "keys" else mint.Mint(ISS, SECRET, mint.AUDIENCE)
    reading, writing = os.pipe()
    os.write(writing, (folder / ("keys.json" if kind == "keys" else kind))
             .read_bytes())
    os.close(writing)
    done = subprocess.run(
        [COMMAND, "verify", "--issuer", ISS, "--audience", mint.AUDIENCE,
         f"--{kind}", f"/dev/fd/{reading}"], pass_fds=[reading],
        input=made.token().encode(), capture_output=True, timeout=30,
        check=False)
    os.close(reading)
    assert done.returncode == GOOD, done.stdout + done.stderr


def test_more_than_one_audience_and_any(folder, maker):
    token = maker.token(aud="urn:b")
    assert verify(folder, token).status == REFUSED
    assert verify(folder, token, "--audience", "urn:b").status == GOOD
    assert verify(folder, token, audience="any").status == GOOD


def test_users_in_order(folder, maker):
    token = maker.token(email="a@b.example")
    found = verify(folder, token, "--user", "nobody", "--user", "email",
                   "--json").json()
    assert found["user"] == "a@b.example"


@pytest.mark.parametrize("at, status", [
    ("1700000000", GOOD), ("2023-11-14T22:13:20Z", GOOD),
    ("1699999000", REFUSED), ("2023-11-14T22:20:00Z", REFUSED),
    ("2023-13-14T22:20:00Z", UNDECIDED), ("yesterday", UNDECIDED),
    ("1700000000x", UNDECIDED), ("-1", UNDECIDED)])
def test_another_time(folder, maker, at, status):
    token = maker.token(iat=1699999990, exp=1700000300)
    assert verify(folder, token, "--at", at).status == status


def test_what_a_terminal_obeys_is_not_printed(folder, maker):
    odd = "\x1b[31m\u009b\x7f"
    token = maker.token(sub="a\u202e\u009b31m", **{odd: odd})
    forged = maker.forge(header=maker.header(kid=odd))
    for said in (said for words in ((), ("--json",)) for said in (
            verify(folder, token, *words), verify(folder, forged, *words),
            run("explain", *words, token=token),
            run("explain", *words, token=forged))):
        assert all(c == "\n" or " " <= c <= "~" for c in said.out), said.out
    # escaped, and all there
    found = run("explain", "--json", token=token).json()
    assert found["claims"][odd] == odd


# --- the network ------------------------------------------------------------

def online(one, authority, token, *more):
    return run("verify", "--issuer", one.url, "--audience", mint.AUDIENCE,
               "--ca", authority.ca, *more, "--json", token=token)


def test_discovery(issuer, authority, tokens):
    said = online(issuer, authority, tokens.token())
    assert said.status == GOOD, said.out + said.err
    said = online(issuer, authority, tokens.token(), "--keys",
                  issuer.jwks_uri)
    assert said.status == GOOD, said.out + said.err


def test_nobody_is_asked_for_a_token_that_nothing_saves(make_issuer,
                                                        authority):
    one = make_issuer("/quiet", [EC])
    made = mint.Mint(one.url, EC, mint.AUDIENCE)
    said = online(one, authority, made.forge(header="[]"))
    assert (said.status, one.count()) == (REFUSED, 0)


def test_an_unknown_authority_is_no_verdict(issuer, tokens):
    said = run("verify", "--issuer", issuer.url, "--audience", "any", "--json",
               token=tokens.token())
    found = said.json()
    assert (said.status, found["verdict"], found["reason"],
            found["cause"]["reason"]) \
        == (UNDECIDED, "undecided", "keys_unavailable", "fetch_tls")


@pytest.mark.parametrize("how, slug", [
    ({"status": 500}, "http_status"), ({"body": "<html>"}, "json_syntax"),
    ({"body": '{"keys":[]}'}, "jwks_none"), ({"body": "{}"}, "jwks_form"),
    ({"stall": 5}, "fetch_timeout"), ({"truncate": 10}, "http_truncated")],
    ids=lambda v: v if isinstance(v, str) else "")
def test_an_issuer_that_misbehaves_is_no_verdict(make_issuer, authority, how,
                                                 slug):
    one = make_issuer("/odd", [EC])
    made = mint.Mint(one.url, EC, mint.AUDIENCE)
    one.behave(**how)
    said = online(one, authority, made.token(), "--timeout", "1s")
    assert (said.status, said.json()["cause"]["reason"]) == (UNDECIDED, slug)
    assert said.json()["cause"]["where"] == one.jwks_uri


def test_metadata_of_another_issuer(make_issuer, authority):
    one = make_issuer("/mixed", [EC])
    one.metadata["issuer"] = one.url + "/"
    made = mint.Mint(one.url, EC, mint.AUDIENCE)
    said = online(one, authority, made.token())
    assert (said.status, said.json()["cause"]["reason"]) \
        == (UNDECIDED, "discovery_issuer")


def test_metadata_at_another_address(make_issuer, authority):
    one = make_issuer("/second", [EC])
    second = "/.well-known/oauth-authorization-server/second"
    one.behave(one.discovery_path, status=404)
    one.behave(second, status=200, body=json.dumps(one.discovery()))
    said = run("keys", one.url, "--ca", authority.ca, "--json")
    assert said.status == GOOD
    assert [(step["what"], step["status"], step["reason"])
            for step in said.json()["steps"]] == [
        ("metadata", 404, "http_status"), ("metadata", 200, "ok"),
        ("keys", 200, "ok")]
    assert said.json()["steps"][1]["where"] == one.origin + second


def test_what_is_told_of_three_addresses(make_issuer, authority):
    # a 404 is a guess that missed; the 500 and the wrong issuer are news
    one = make_issuer("/three", [EC])
    token = mint.Mint(one.url, EC, mint.AUDIENCE).token()
    second = "/.well-known/oauth-authorization-server/three"
    one.behave(one.discovery_path, status=404)
    one.behave(second, status=500)
    cause = online(one, authority, token).json()["cause"]
    assert (cause["reason"], cause["note"], cause["where"]) \
        == ("http_status", "status 500", one.origin + second)
    assert one.count() == 3
    # nobody answers: one address is enough to know
    one.stop()
    said = run("keys", one.url, "--ca", authority.ca, "--json")
    assert [step["reason"] for step in said.json()["steps"]] \
        == ["fetch_connect"]


def test_http_for_the_loopback_only(make_issuer):
    one = make_issuer("/plain", [EC], tls=False)
    token = mint.Mint(one.url, EC, mint.AUDIENCE).token()
    words = ("verify", "--issuer", one.url, "--audience", mint.AUDIENCE)
    assert run(*words, token=token).status == UNDECIDED
    assert run(*words, "--http-loopback", token=token).status == GOOD


# --- keys -------------------------------------------------------------------

def test_the_table_of_keys(make_issuer, authority):
    published = [RSA.public(), EC.public(alg="ES256"),
                 key("Ed25519", "ed1").public(kid=DROP),
                 key("RSA1024", "weak").public(),
                 EC.public(kid="enc", use="enc"),
                 {"kty": "oct", "kid": "shared", "k": mint.b64("x" * 64)},
                 {"kty": "EC", "kid": "a\x1bb"}, 7]
    one = make_issuer("/table", published)
    one.headers["Cache-Control"] = "public, max-age=600"
    said = run("keys", one.url, "--ca", authority.ca, "--json")
    found = said.json()
    assert (said.status, found["usable"], found["fresh"]) == (GOOD, 3, 600)
    assert [step["what"] for step in found["steps"]] == ["metadata", "keys"]
    assert [(k["kid"], k["kty"], k["bits"], k["reason"])
            for k in found["keys"]] == [
        ("rsa1", "RSA", 2048, "ok"), ("ec1", "EC", 256, "ok"),
        (None, "OKP", 256, "ok"), ("weak", "RSA", None, "jwk_rsa_size"),
        ("enc", "EC", None, "jwk_use"),
        ("shared", "oct", None, "jwk_oct_published"),
        ("a\x1bb", "EC", None, "jwk_form"), (None, None, None, "jwk_form")]
    assert found["keys"][1]["alg"] == "ES256"
    said = run("keys", one.url, "--ca", authority.ca)
    assert said.status == GOOD
    assert re.search(r"^rsa1 +RSA +RS256 RS384.*PS512 +2048 +usable$",
                     said.out, re.M), said.out
    assert re.search(r"^weak +RSA +- +- +jwk_rsa_size: ", said.out, re.M)
    assert said.line("fresh").split(None, 1)[1] \
        == "600 s (Cache-Control: public, max-age=600)"
    assert mint.b64("x" * 64) not in said.out


def test_keys_of_a_file_and_of_an_address(folder, issuer, authority):
    found = run("keys", "--keys", folder / "key.pem", "--json").json()
    assert (found["usable"], found["fresh"]) == (1, None)
    found = run("keys", "--keys", f"file:{folder}/keys.json", "--json").json()
    assert found["usable"] == 6
    said = run("keys", "--keys", issuer.jwks_uri, "--ca", authority.ca)
    assert said.status == GOOD and "metadata" not in said.out


def test_keys_when_none_serves(make_issuer, authority, folder):
    one = make_issuer("/none", [EC.public(use="enc")])
    said = run("keys", one.url, "--ca", authority.ca)
    assert said.status == REFUSED and "jwks_none" in said.out
    one.stop()
    said = run("keys", one.url, "--ca", authority.ca)
    assert said.status == UNDECIDED and "fetch_connect" in said.out
    assert run("keys", "--keys", folder / "absent").status == UNDECIDED


# --- explain ----------------------------------------------------------------

def test_explain_shows_and_does_not_believe(maker):
    token = maker.forge(header=maker.header(alg="none"), sign=b"",
                        payload=maker.claims(iat=1699999990, exp=1700000300))
    said = run("explain", "--at", "1700000000", token=token)
    assert said.status == GOOD
    assert said.out.startswith("*not verified*")
    assert said.line('  "exp"').endswith(
        "1700000300   2023-11-14T22:18:20Z, in 5 min")
    assert said.line('  "iat"').endswith("10 s ago")
    found = run("explain", "--json", "--at", "1700000000", token=token).json()
    assert found["verified"] is False
    assert found["header"]["alg"] == "none"
    assert found["claims"]["sub"] == "alice"
    assert found["times"]["exp"] == {"date": "2023-11-14T22:18:20Z",
                                     "distance": "in 5 min", "in": 300}


def test_explain_of_an_encrypted_token():
    token = ".".join([mint.b64('{"alg":"dir","enc":"A128GCM"}')] + ["AAAA"] * 4)
    found = run("explain", "--json", token=token).json()
    assert found["encrypted"] is True and "claims" not in found
    assert "cannot be read" in run("explain", token=token).out


@pytest.mark.parametrize("exp, words", [
    (1e15, "after the year 9999"), (-5, "before 1970"), (1700000000, "now"),
    (1700000000 - 90000, "1 d 1 h ago"), ("soon", '"soon"')])
def test_explain_of_odd_times(maker, exp, words):
    said = run("explain", "--at", "1700000000", token=maker.token(exp=exp))
    assert said.status == GOOD and words in said.line('  "exp"')


@pytest.mark.parametrize("token, slug", [
    ("", "token_missing"), ("a.b", "jws_parts"), ("A.e30.AA", "b64_length"),
    ("W10.e30.AA", "header_json"), ("e30.W10.AA", "payload_json")])
def test_explain_of_what_is_no_token(token, slug):
    said = run("explain", token=token)
    assert (said.status, said.out.split(":")[1].strip()) == (REFUSED, slug)
    assert run("explain", "--json", token=token).json()["reason"] == slug


# --- usage ------------------------------------------------------------------

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.AAAAAAAAAAAAAAAAAAAA"


@pytest.mark.parametrize("words", [
    (), ("verify",), ("verify", "--issuer", ISS), ("verify", TOKEN),
    ("explain", TOKEN), ("keys",), ("keys", TOKEN, TOKEN), (TOKEN,),
    ("verify", "--" + TOKEN), ("verify", "--at", TOKEN),
    ("verify", "--json=" + TOKEN), ("verify", "--alg", "none"),
    ("verify", "--alg", TOKEN), ("verify", "--type", TOKEN),
    ("verify", "--leeway", "1w"), ("verify", "--timeout", "0"),
    ("verify", "--issuer"), ("explain", "--issuer", ISS),
    ("verify", "--keys", "x", "--secret", "y"),
    ("verify", "--issuer", ISS, "--audience", "a", "--audience", "any"),
    ("verify", "--issuer", ISS, "--audience", "a", "--alg", "HS256"),
    ("keys", ISS, "--cert", "x"), ("keys", ISS, "--key", "x"),
    ("keys", "--keys", "x", "--token", "y"), ("keys", ISS, "--token", ""),
    ("keys", ISS, "--ca", "+"), ("keys", ISS, "--address", TOKEN),
    ("config", "--httpd", "/nonexistent")],
    ids=lambda w: " ".join(w).replace(TOKEN, "TOKEN") or "nothing")
def test_a_mistake_is_one_line_and_repeats_nothing(words):
    done = subprocess.run([COMMAND, *words], input=TOKEN.encode(), timeout=60,
                          capture_output=True)
    said = Said(done, TOKEN)
    assert (said.status, said.out) == (UNDECIDED, "")
    assert re.fullmatch(r"authbearer: .+\n", said.err), said.err


@pytest.mark.parametrize("words, told", [
    (("--proxy", "proxy.example:3128"),
     "--proxy: allowed is http://host:port, without user and password, or "
     "none"),
    (("--proxy", "https://proxy.example"), "--proxy: allowed is http://"),
    (("--proxy", "http://me:pw@proxy.example"), "--proxy: allowed is http://"),
    (("--address", "10.0.0.1"), "--address: allowed is host:port"),
    (("--ca", "+"), "--ca: allowed is a file, or +file: beside the system's"),
    (("--cert", "x"), "--cert and --key belong together; they may be one "
     "file"),
    (("--keys", "x", "--header", "y"), "--address, --token, --header, --cert "
     "and --key have no effect with a file; they are for fetching keys")],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_how_to_reach_an_issuer_is_looked_at_first(words, told):
    """The mistake is the option's, and not blamed on the issuer."""
    for command in (("keys", ISS), ("verify", "--issuer", ISS, "--audience",
                                    "a")):
        said = run(*command, *words)
        assert (said.status, said.out) == (UNDECIDED, "")
        assert said.err.startswith(f"authbearer: {told}"), said.err


def test_help_and_version():
    said = run("--help")
    assert said.status == GOOD
    page = (TOP / "docs/authbearer.1").read_text().replace("\\-", "-")
    for option in set(re.findall(r"^ +(--[a-z-]+)", said.out, re.M)):
        assert option in page, f"{option} is not in the man page"
    assert re.fullmatch(r"authbearer \d+\.\d+\.\d+\n", run("--version").out)


@pytest.mark.parametrize("words, has, lacks", [
    (("verify", "--help"), "--audience", "--httpd"),
    (("verify", "--issuer", ISS, "--help"), "--audience", "--httpd"),
    (("keys", "--help"), "--keys", "--audience"),
    (("explain", "--help"), "--at", "--keys"),
    (("config", "--help"), "--httpd", "--json"),
    (("-h",), "--httpd", None)], ids=lambda v: " ".join(v or ()))
def test_help_of_one_command(words, has, lacks):
    said = run(*words, token="")
    assert (said.status, said.err) == (GOOD, "")
    assert f"authbearer {words[0]} " in said.out or not lacks
    assert f" {has} " in said.out
    assert not lacks or lacks not in said.out


@pytest.mark.parametrize("words, told", [
    (("verify", "--audiance", "x"), "did you mean --audience?"),
    (("verify", "--isuer=x"), "did you mean --issuer?"),
    (("explain", "--issuer", "x"), "--issuer is an option of another command"),
    (("verify", "--" + "x" * 200), "see --help"),
    (("verify", "--colour"), "see --help")])
def test_an_option_that_is_nearly_right(words, told):
    said = run(*words, token="")
    assert said.status == UNDECIDED
    assert told in said.err


def test_somebody_at_a_terminal_is_told_what_is_waited_for(maker):
    master, slave = pty.openpty()
    with subprocess.Popen([COMMAND, "explain"], stdin=slave, text=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as command:
        os.close(slave)
        first = command.stderr.readline()
        assert re.match("authbearer: paste the token, .*Ctrl-D", first)
        os.write(master, maker.token().encode() + b"\n\x04")
        said, _ = command.communicate(timeout=60)
    os.close(master)
    assert (command.returncode, "not verified" in said) == (GOOD, True)


def test_issuers_of_every_kind(folder, maker):
    (folder / "bundle.json").write_text(json.dumps(
        {"keys": [key("P-256", "ec1").public(use="jwt-svid")]}))
    keys, bundle = folder / "keys.json", folder / "bundle.json"

    def judged(issuer, keys, audience, *more, **over):
        token = maker.token(header={"typ": "JWT"}, **over)
        return run("verify", "--issuer", issuer, "--keys", keys, "--audience",
                   audience, *more, token=token, ).status

    aud = mint.AUDIENCE
    name, of_a = "https://l.example/{tid}/v2", {"iss": "https://l.example/a/v2"}
    for issuer in ("accounts.google.com", "a@b.example", "kubernetes/serviceaccount"):
        assert judged(issuer, keys, aud, iss=issuer) == GOOD
        assert judged(issuer, keys, aud, iss=issuer + "/") == REFUSED
    assert judged(name, keys, aud, tid="a", **of_a) == GOOD
    assert judged(name, keys, aud, "--tid", "b,a", tid="a", **of_a) == GOOD
    assert judged(name, keys, aud, "--tid", "b", tid="a", **of_a) == REFUSED
    assert judged(name, keys, aud, tid="b", **of_a) == REFUSED
    sub = "spiffe://td/web"
    assert judged("spiffe://td", bundle, aud, iss=DROP, sub=sub) == GOOD
    assert judged("spiffe://t", bundle, aud, iss=DROP, sub=sub) == REFUSED
    assert judged("spiffe://td", keys, aud, iss=DROP, sub=sub) not in (GOOD, REFUSED)
    more = ("--audience-claim", "azp")
    assert judged(ISS, keys, "app", *more, azp="app") == GOOD
    assert judged(ISS, keys, "app", *more, azp="app2", aud="app") == REFUSED
    for bad in (("--audience", "any", *more), ("--metadata", "https://m.example")):
        said = run("verify", "--issuer", ISS, "--keys", keys, *bad,
                   *("--audience", "x") * (bad[0] != "--audience"),
                   token=maker.token())
        assert said.status not in (GOOD, REFUSED), said.out


def test_metadata_below_another_address(issuer, authority, tokens):
    said = run("keys", "urn:corp", "--metadata", issuer.url, "--ca", authority.ca)
    assert said.status != GOOD and "discovery_issuer" in said.out + said.err
    assert run("keys", issuer.url, "--metadata", issuer.url, "--ca",
               authority.ca).status == GOOD


# --- config -----------------------------------------------------------------

@pytest.fixture
def site():
    server = env.Httpd(env.mpms()[0])
    server.write("secret", "x" * 64, 0o600)
    pair = issuers.Authority(server.root).pair.read_text()
    for name, text in (("token", "abc"), ("header", "X: y"),
                       ("pair.pem", pair)):
        path = server.write(name, text, 0o640)
        if os.getuid() == 0:
            shutil.chown(path, group="www-data")
    yield server
    server.close()


def config(server, conf):
    server.configure(conf)
    done = subprocess.run(
        [COMMAND, "config", "--httpd", env.binary(), *server.command()[1:]],
        env=server.variables(), text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace(str(server.root), "ROOT"), done.stderr


def test_issuers_of_every_kind_in_the_dump(site):
    site.write("bundle.json", json.dumps(
        {"keys": [key("P-256", "ec1").public(use="jwt-svid")]}))
    conf = Conf("AuthBearerAudience urn:x").place(
        "kinds", f"AuthBearerIssuer a@b.example secret=file:{site.root}/secret "
        "audience-claim=client_id audience=app",
        "AuthBearerIssuer https://l.example/{tid}/v2.0 tid=a,b "
        "metadata=https://l.example/all/v2.0/.well-known/openid-configuration",
        "AuthBearerIssuer https://s.example/{tid}/ tid=any keys=https://s.example/k",
        "AuthBearerIssuer spiffe://td profile=spiffe "
        f"keys=file:{site.root}/bundle.json")
    said, _ = config(site, conf)
    fetch = "               refresh=3600s miss=60s stale=86400s timeout=5s connect=2s " \
            "max-size=262144\n"
    for part in (
            "  issuer       a@b.example\n               by a shared secret\n"
            "               algorithms HS256 HS384 HS512\n"
            "               audience app in the claim client_id\n",
            "  issuer       https://l.example/{tid}/v2.0\n               tid a b\n"
            "               keys by discovery from https://l.example/all/v2.0\n" + fetch,
            "  issuer       https://s.example/{tid}/\n               tid any\n"
            "               keys from https://s.example/k\n" + fetch,
            "               algorithms RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 "
            "ES512\n               audience urn:x\n               profile=spiffe: sub is "
            "a SPIFFE ID of this trust domain, iss may be absent and does not count, an "
            "audience is demanded, types JWT and JOSE, only RS, PS and ES algorithms, "
            "only keys with use jwt-svid\n"):
        assert part in said, said


WANTED = """
  server       127.0.0.1
  issuer       https://a.example
               keys by discovery
               refresh=3600s miss=60s stale=86400s timeout=5s connect=2s max-size=262144
               algorithms RS256 ES256
               audience urn:x urn:y
  issuer       https://b.example
               by a shared secret
               algorithms HS256 HS384 HS512
               audience urn:b
  issuer       https://c.example
               keys from https://c.example/jwks
               refresh=3600s miss=60s stale=86400s timeout=5s connect=2s max-size=262144
               algorithms ES384
               audience urn:x urn:y
  issuer       https://d.example
               keys by discovery
               refresh=7200s miss=60s stale=172800s timeout=9s connect=2s max-size=262144
               ca=+ROOT/ca.pem proxy=http://p.example:3128 address=10.0.0.1:6443 token=file:ROOT/token header=file:ROOT/header cert=file:ROOT/pair.pem key=file:ROOT/pair.pem
               algorithms ES256
               audience urn:x urn:y
  issuer       http://127.0.0.1:1
               keys by discovery
               refresh=3600s miss=60s stale=86400s timeout=5s connect=2s max-size=262144
               http=On
               algorithms ES256
               audience urn:x urn:y
  check        leeway=60s type=at+jwt max-age=3600s max-life=off require=jti,scope
  source       header:Authorization:Bearer cookie:t query:q basic:git websocket
  user         email sub
  claim        sub env:SUB
  claim        roles header:X-Roles join:;
  claim        * env:ALL base64url
  optional     On
  forward      Off foreign=Off
  errors       off detail=Off unavailable=401
  cross-origin https://app.example headers=requested expose=X-A credentials=On
  resource     https://api.example/r
  require      valid-user
"""


def test_the_effective_policy_of_a_place(site):
    conf = Conf("AuthBearerCheck leeway=1m",
                f"AuthBearerAudience urn:x urn:y") \
        .place("all", "AuthBearerIssuer https://a.example alg=RS256,ES256",
               f"AuthBearerIssuer https://b.example audience=urn:b "
               f"secret=file:{site.root}/secret",
               "AuthBearerIssuer https://c.example alg=ES384 "
               "keys=https://c.example/jwks",
               "AuthBearerIssuer https://d.example ca=+ca.pem timeout=9s "
               "proxy=http://p.example:3128 refresh=2h stale=2d "
               "address=10.0.0.1:6443 token=file:token header=file:header "
               "cert=file:pair.pem key=file:pair.pem alg=ES256",
               "AuthBearerIssuer http://127.0.0.1:1 http=On alg=ES256",
               "AuthBearerCheck type=at+jwt max-age=1h require=jti,scope",
               "AuthBearerSource header cookie:t query:q basic:git websocket",
               "AuthBearerUser email sub", "AuthBearerClaim sub env:SUB",
               "AuthBearerClaim roles header:X-Roles join:;",
               "AuthBearerClaim * env:ALL base64url",
               "AuthBearerOptional On", "AuthBearerForward Off",
               "AuthBearerErrors off detail=Off unavailable=401",
               "AuthBearerCrossOrigin https://app.example headers=requested "
               "expose=X-A credentials=On",
               "AuthBearerResource https://api.example/r") \
        .location("/open", "Require all granted")
    said, _ = config(site, conf)
    first, heading, rest = said.strip("\n").split("\n", 2)[0], \
        said.split("\n")[2], "\n" + "\n".join(said.split("\n")[3:])
    assert first == "Places with AuthType Bearer: 1"
    assert re.fullmatch(r'AuthType in <Location "/p/all"> at '
                        r'ROOT/httpd\.conf:\d+ is Bearer', heading)
    assert rest == WANTED


def test_defaults_and_what_another_section_must_bring(site):
    conf = Conf("AuthBearerAudience any") \
        .location("/", "AuthBearerIssuer https://a.example") \
        .place("less")
    said, _ = config(site, conf)
    assert "  issuer       none in this section" in said
    assert "  check        leeway=30s type=jwt max-age=off max-life=off " \
           "require=none\n" in said
    assert "  source       header:Authorization:Bearer\n" in said
    assert "  user         sub\n  claim        none\n" in said


def test_numbers_of_one_issuer_in_two_servers(site):
    """It is fetched once, for both: of each number the strictest counts."""
    def host(name, fetch):
        return (f"ServerName {name}", f"AuthBearerFetch {fetch}",
                '<Location "/x">', "AuthType Bearer", "Require valid-user",
                "AuthBearerIssuer https://a.example",
                "AuthBearerIssuer https://b.example keys=file:ROOT/keys.json",
                "</Location>")

    site.write("keys.json", json.dumps({"keys": [EC.public()]}))
    conf = Conf("AuthBearerAudience any")
    for host_conf in (host("one", "refresh=30m miss=10s stale=2h timeout=9s"),
                      host("two", "refresh=2h miss=20s stale=1h connect=1s "
                                  "max-size=4k")):
        conf.section("VirtualHost", "*:*", *[
            line.replace("ROOT", str(site.root)) for line in host_conf])
    conf.place("main", "AuthBearerIssuer https://a.example")
    said, _ = config(site, conf)
    strict = "               refresh=1800s miss=10s stale=3600s timeout=5s " \
             "connect=1s max-size=4096, the strictest of several servers\n"
    assert said.count(strict) == 3, said
    assert said.count("               stale=3600s, the strictest of several "
                      "servers\n") == 2, said
    assert said.count("refresh=") == 3


def test_what_httpd_is_run_with():
    words = ("-f", "x", "--json", "-D", "Y")
    said = run("config", "--httpd", "/bin/echo", *words)
    assert said.out == "-t -D DUMP_BEARER -f x --json -D Y\n"
    assert run("config", "--httpd", "/bin/false").status == 1


def test_an_httpd_without_the_module_is_no_answer(site):
    site.write("bare.conf", f"ServerRoot {site.root}\nServerName localhost\n"
               "Listen 127.0.0.1:1\nErrorLog /dev/null\n"
               + "\n".join(
                   f"LoadModule {name}_module "
                   f"{env.query('LIBEXECDIR')}/mod_{name}.so"
                   for name in ("mpm_event", "authz_core")))
    said = run("config", "--httpd", env.binary(), "-f",
               f"{site.root}/bare.conf")
    assert said.status == UNDECIDED
    assert "auth_bearer_module" in said.err


def test_a_configuration_without_places(site):
    assert config(site, None)[0] == "Places with AuthType Bearer: 0\n"


@pytest.mark.parametrize("number, lines, conf", [
    ("MAB0102", "notice", ("AuthBearerIssuer http://127.0.0.1:8/x",
                           "AuthBearerAudience a")),
    ("MAB0103", "notice", ("AuthBearerIssuer https://a.example "
                           "secret=file:ROOT/secret",
                           "AuthBearerAudience a")),
    ("MAB0104", "notice", ("AuthBearerIssuer https://a.example",
                           "AuthBearerAudience any")),
    ("MAB0105", "notice", ("AuthBearerIssuer https://a.example",
                           "AuthBearerAudience a", "-Require all granted")),
    ("MAB0106", "warn", ("AuthBearerIssuer https://a.example",
                         "AuthBearerAudience a", "Require all granted")),
    ("MAB0106", "warn", ("AuthBearerIssuer https://a.example",
                         "AuthBearerAudience a", "<RequireAny>",
                         "Require all granted", "Require claim a",
                         "-</RequireAny>")),
    ("MAB0106", "warn", ("AuthBearerIssuer https://a.example",
                         "AuthBearerAudience a", "<RequireAll>",
                         "Require claim a", "</RequireAll>",
                         "-Require all granted")),
    (None, None, ("AuthBearerIssuer https://a.example",
                  "AuthBearerAudience a", "<RequireAll>",
                  "Require all granted", "Require claim a",
                  "-</RequireAll>")),
    (None, None, ("AuthBearerIssuer https://a.example",
                  "AuthBearerAudience a", "AuthBearerOptional On",
                  "-Require all granted")),
    (None, None, ("AuthBearerIssuer https://a.example",
                  "AuthBearerAudience a")),
    ("MAB0130", "warn", ("AuthBearerIssuer https://a.example",
                         "AuthBearerResource https://r.example/",
                         '<If "true">', "AuthBearerIssuer https://b.example",
                         "</If>")),
    ("MAB0131", "warn", ("AuthBearerResource https://r.example/",
                         '<If "true">', "AuthBearerIssuer https://b.example",
                         "</If>", "Require valid-user", "</Location>",
                         '<Location "/other">', "AuthType Bearer",
                         "AuthBearerResource https://o.example/")),
    ("MAB0132", "notice", ("AuthBearerIssuer http://a.example "
                           "keys=https://a.example/k",
                           "AuthBearerResource https://r.example/")),
    ("MAB0133", "warn", ("AuthBearerIssuer https://a.example",
                         "AuthBearerAudience b https://r.example",
                         "AuthBearerResource https://r.example/")),
    ("MAB0133", "warn", ("AuthBearerIssuer https://a.example "
                         "audience=https://r.example/x/",
                         "AuthBearerResource https://r.example/x")),
    (None, None, ("AuthBearerIssuer https://a.example",
                  "AuthBearerAudience https://r.example https://r.example/",
                  "AuthBearerResource https://r.example/")),
    ("MAB0134", "notice", ("AuthBearerIssuer https://a.example",
                           "AuthBearerResource https://r.example/ "
                           'scopes="a offline_access"')),
    ("MAB0109", "notice", ("AuthBearerIssuer https://a.example",
                           "AuthBearerIssuer https://b.example",
                           "AuthBearerAudience a")),
    (None, None, ("AuthBearerIssuer https://a.example",
                  "AuthBearerIssuer https://b.example",
                  "AuthBearerAudience a", "AuthBearerUser sub")),
    (None, None, ("AuthBearerIssuer https://a.example",
                  "AuthBearerIssuer https://b.example",
                  "AuthBearerAudience a",
                  'AuthBearerUser "expr=%{claim:iss}#%{claim:sub}"')),
    ("MAB0113", "warn", ("AuthBearerIssuer a keys=https://a.example/",
                         "AuthBearerIssuer a#b keys=https://b.example/",
                         "AuthBearerAudience a",
                         'AuthBearerUser "expr=%{claim:iss}#%{claim:sub}"')),
    (None, None, ("AuthBearerIssuer a#b keys=https://b.example/",
                  "AuthBearerAudience a",
                  'AuthBearerUser "expr=%{claim:iss}#%{claim:sub}"')),
    *((number, "warn", ("AuthBearerIssuer https://x/{tid} keys=https://a.example/ tid=" + one,
                        "AuthBearerIssuer https://x/corp-{tid} keys=https://b.example/ "
                        "tid=" + other, "AuthBearerAudience a",
                        'AuthBearerUser "expr=%{claim:iss}#%{claim:sub}"'))
      for number, one, other in (
          ("MAB0114", "a,corp-b", "a,b"), ("MAB0114", "a,corp-b", "b"),
          (None, "a,b", "a,b"), (None, "corp-c", "a,b"))),
], ids=lambda v: v if isinstance(v, str) else "")
def test_legal_and_unwise(site, number, lines, conf):
    conf = [line.replace("ROOT", str(site.root)) for line in conf]
    require = "Require valid-user"
    if conf[-1].startswith("-"):
        require = conf.pop()[1:]
    made = Conf("AuthBearerFetch http=On").place("x", *conf, require=require)
    _, errors = config(site, made)
    wanted = [(number, lines)] if number else []
    assert re.findall(r"auth_bearer:(\w+)\].* (MAB01\d\d): ", errors) \
        == [(level, name) for name, level in wanted], errors


@pytest.mark.parametrize("other, told", [("corp-{tid}", True), ("corp/{tid}", False)])
def test_templates_of_any_tenant_may_make_one_name(site, other, told):
    _, errors = config(site, Conf().place(
        "x", "AuthBearerIssuer https://x/{tid} keys=https://a.example/ tid=any",
        f"AuthBearerIssuer https://x/{other} keys=https://b.example/ tid=any",
        "AuthBearerAudience a", "AuthBearerUser sub"))
    assert ("MAB0114" in errors) is told, errors


SPIFFE = "AuthBearerIssuer spiffe://{} profile=spiffe keys=https://b.example/"
ALB = ("AuthBearerIssuer {} profile=aws-alb "
       "signer=arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/a/1")


@pytest.mark.parametrize("lines, advice", [
    (("AuthBearerIssuer https://a", "AuthBearerIssuer https://b"),
     'write AuthBearerUser "expr=%{claim:iss}#%{claim:sub}"'),
    ((ALB.format("https://a"), ALB.format("https://b")),
     'write AuthBearerUser "expr=%{claim:jose_header.iss}#%{claim:sub}"'),
    ((ALB.format("https://a"), "AuthBearerIssuer https://b"),
     "give each issuer a place of its own"),
    ((SPIFFE.format("a"), "AuthBearerIssuer https://b"),
     "give each issuer a place of its own"),
    ((SPIFFE.format("a"), SPIFFE.format("b")), None),
    (("AuthBearerIssuer a keys=https://a.example/",
      "AuthBearerIssuer a#b keys=https://b.example/"),
     "give each issuer a place of its own"),
])
def test_how_users_are_told_apart(site, lines, advice):
    _, errors = config(site, Conf().place("x", *lines, "AuthBearerAudience a"))
    told = re.findall("MAB0109: .* to different people; (.*), or write "
                      "AuthBearerUser sub if they agree", errors)
    assert told == ([advice] if advice else []), errors


def test_the_advice_for_load_balancers_is_read(site):
    _, errors = config(site, Conf().place(
        "x", ALB.format("https://a"), ALB.format("https://b"), "AuthBearerAudience a",
        'AuthBearerUser "expr=%{claim:jose_header.iss}#%{claim:sub}"'))
    assert "MAB01" not in errors, errors


OPENIDC = """
#include <httpd.h>
#include <http_config.h>
static void none(apr_pool_t *pool) { (void)pool; }
module AP_MODULE_DECLARE_DATA auth_openidc_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, none, 0};
"""


def test_mod_auth_openidc_beside_us(site):
    # a module of that name and nothing in it
    site.write("mod_auth_openidc.c", OPENIDC)
    flags = subprocess.run(["apr-1-config", "--includes", "--cppflags"],
                           capture_output=True, text=True, check=True)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o",
                    "openidc.so", "-I" + env.query("INCLUDEDIR"),
                    *flags.stdout.split(), "mod_auth_openidc.c"],
                   cwd=site.root, check=True)
    load = f"LoadModule auth_openidc_module {site.root}/openidc.so"
    place = ("AuthBearerIssuer https://a.example", "AuthBearerAudience a")
    assert "MAB0107: mod_auth_openidc" \
        in config(site, Conf(load).place("x", *place))[1]
    assert "MAB0107" not in config(site, Conf(load))[1]
