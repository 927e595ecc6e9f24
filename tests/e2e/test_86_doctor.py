# SPDX-License-Identifier: Apache-2.0
"""`authbearer doctor`: what is unwise or wrong with a configuration, and what
to write instead."""
import email.utils
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from testenv import env, issuer as issuers, mint
from testenv.conf import Conf
from testenv.mint import key
from test_85_command import COMMAND, TOP

WELL, UNWISE, WRONG, UNSEEN = range(4)
LEVELS = ["well", "unwise", "wrong"]
EC, RSA = key("P-256", "ec1"), key("RSA", "rsa1")

pytestmark = pytest.mark.skipif(not COMMAND.exists(),
                                reason=f"{COMMAND} is not built")


class Authority(issuers.Authority):
    """One whose certificates are good for longer than the doctor asks for."""

    @staticmethod
    def certificate(*of, days=100, **how):
        return issuers.Authority.certificate(*of, days=days, **how)


class Report:
    def __init__(self, done):
        self.status = done.returncode
        self.out, self.err = done.stdout, done.stderr
        assert "Sanitizer" not in self.err and "runtime error" not in self.err
        # nothing that a terminal would obey
        assert self.out.isascii() and not re.search(r"[^\n\x20-\x7e]", self.out)

    def found(self):
        document = json.loads(self.out)
        found = {(one["finding"], one["level"])
                 for one in document["findings"]}
        assert document["level"] == LEVELS[self.status]
        for level in LEVELS[1:]:
            assert document[level] == sum(one["level"] == level
                                          for one in document["findings"])
        return found

    def one(self, finding):
        found = [one for one in json.loads(self.out)["findings"]
                 if one["finding"] == finding]
        assert len(found) == 1, self.out
        return found[0]


class Site:
    """A configuration to look at; httpd itself never starts."""

    def __init__(self, folder):
        self.server = env.Httpd(env.mpms()[0])
        self.authority = Authority(folder)
        self.issuers = []
        self.good = self.issuer("/good", [EC, RSA])

    def issuer(self, path="", keys=(EC,), tls=True):
        self.issuers.append(issuers.Issuer(
            self.authority if tls else None, path, keys))
        return self.issuers[-1]

    def close(self):
        for one in self.issuers:
            one.stop()
        self.server.close()

    def configure(self, *lines, place=(), require="Require valid-user"):
        """One place that trusts the good issuer, and what the test adds."""
        self.server.configure(
            Conf(f"AuthBearerFetch ca={self.authority.ca}",
                 *self.fill(lines)).place("x", *self.fill(place),
                                          require=require))

    def fill(self, lines):
        return [line.replace("ROOT", str(self.server.root))
                .replace("GOOD", self.good.url) for line in lines]

    def run(self, *options, arguments=None):
        done = subprocess.run(
            [COMMAND, "doctor", *options, "--httpd", env.binary(),
             *(arguments or self.server.command()[1:])],
            env=self.server.variables(), text=True, capture_output=True,
            timeout=60)
        return Report(done)

    def look(self, *lines, place=(), require="Require valid-user",
             options=()):
        self.configure(*lines, place=place, require=require)
        return self.run("--json", *options)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    made = Site(folder)
    yield made
    made.close()


USUAL = ("AuthBearerIssuer GOOD", "AuthBearerAudience https://api.example")


def test_all_is_well(site):
    report = site.look(place=USUAL)
    assert (report.status, report.found()) == (WELL, set()), report.out
    said = json.loads(report.out)
    assert [one["issuer"] for one in said["issuers"]] == [site.good.url]
    assert said["issuers"][0]["keys"] == 2
    assert re.fullmatch(r'<Location "/p/x"> at \S+/httpd\.conf:\d+',
                        said["places"][0]["where"])


def test_all_is_well_in_words(site):
    site.configure(place=USUAL)
    said = site.run().out
    for words in ("httpd\n  well    the configuration is valid: 1 place with "
                  "AuthType Bearer, 1 issuer\n",
                  f"\nissuer {site.good.url}\n  AuthBearerIssuer in <Location",
                  "  well    2 keys (EC 256, RSA 2048) from",
                  "they are fetched again within 1 h",
                  "its clock agrees with this machine's",
                  "its TLS certificate is good until 2",
                  '\n<Location "/p/x"> at ',
                  "  well    accepts tokens of",
                  "  well    requires valid-user\n",
                  "\nall is well\n"):
        assert words in said, said
    assert max(map(len, said.splitlines())) < 110


# --- what the configuration alone tells -----------------------------------------

#: name -> (lines of the server, lines of the place, {finding: level})
PLACES = {
    "any audience": ((), ("AuthBearerIssuer GOOD", "AuthBearerAudience any"),
                     {"MAB0104": "unwise"}),
    "no audience": (("<Location /p/x/y>", "AuthBearerAudience b", "</Location>"),
                    ("AuthBearerIssuer GOOD",), {"no-audience": "unwise"}),
    "no issuer": (("<Location /p/x/y>", "AuthBearerIssuer GOOD", "</Location>"),
                  ("AuthBearerAudience b",), {"no-issuer": "unwise"}),
    "a resource without its slash": (
        (), ("AuthBearerIssuer GOOD", "AuthBearerAudience https://api.example",
             "AuthBearerResource https://api.example/"),
        {"resource-slash": "wrong"}),
    "a resource with a slash": (
        (), ("AuthBearerIssuer GOOD",
             "AuthBearerAudience https://api.example/r/",
             "AuthBearerResource https://api.example/r"),
        {"resource-slash": "wrong"}),
    "a resource that is no audience": (
        (), (*USUAL, "AuthBearerResource https://other.example"),
        {"resource-not-audience": "unwise"}),
    "a resource that is one of two": (
        (), ("AuthBearerIssuer GOOD",
             "AuthBearerAudience https://api.example https://api.example/",
             "AuthBearerResource https://api.example"), {}),
    "a resource alone": (
        (), ("AuthBearerIssuer GOOD",
             "AuthBearerResource https://api.example"), {}),
    "a page without TLS": (
        (), (*USUAL, "AuthBearerCrossOrigin http://app.example"),
        {"origin-plain": "unwise"}),
    "a page with TLS, and a developer's": (
        (), (*USUAL, "AuthBearerCrossOrigin https://app.example "
             "http://localhost:3000"), {}),
    "every page, and cookies alone": (
        (), (*USUAL, "AuthBearerCrossOrigin *", "AuthBearerSource cookie:at"),
        {"origin-cookie": "unwise"}),
    "a page that may use cookies": (
        (), (*USUAL, "AuthBearerCrossOrigin https://a.example credentials=On",
             "AuthBearerSource cookie:at"), {}),
    "a page, and cookies among others": (
        (), (*USUAL, "AuthBearerCrossOrigin https://a.example",
             "AuthBearerSource cookie:at header"), {}),
    "every page": ((), (*USUAL, "AuthBearerCrossOrigin *"), {}),
    "stale long": (("AuthBearerFetch stale=30d",), USUAL,
                   {"stale-long": "unwise"}),
    "stale before refresh": (("AuthBearerFetch refresh=2h stale=1h",), USUAL,
                             {"stale-before-refresh": "wrong"}),
    "a secret that the group can read": (
        (), ("AuthBearerIssuer GOOD secret=file:ROOT/open",
             "AuthBearerAudience a"),
        {"secret-readable": "unwise", "MAB0103": "unwise"}),
    "a secret": (
        (), ("AuthBearerIssuer GOOD secret=file:ROOT/shut",
             "AuthBearerAudience a"), {"MAB0103": "unwise"}),
    "asked elsewhere": (
        ("<Directory ROOT/htdocs>", "Require valid-user", "</Directory>"),
        (*USUAL, "-"), {"require-elsewhere": "unwise"}),
    "an address for each key": (
        (), ("AuthBearerIssuer GOOD keys=pem-per-kid:https://k.example/",
             "AuthBearerAudience a"), {}),
    "another address": (("Listen 0.0.0.0:1",), USUAL,
                        {"plain-http": "unwise"}),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_configuration(site, name):
    lines, place, wanted = PLACES[name]
    path = site.server.write("open", "o" * 64, 0o640)
    if os.getuid() == 0:
        shutil.chown(path, group="www-data")
    site.server.write("shut", "s" * 64, 0o600)
    require = "" if place[-1] == "-" else "Require valid-user"
    report = site.look(*lines, require=require, options=["--no-fetch"],
                       place=[line for line in place if line != "-"])
    assert report.found() == set(wanted.items()), report.out
    assert report.status == max([LEVELS.index(level)
                                 for level in wanted.values()], default=WELL)
    assert "ooooo" not in report.out and "sssss" not in report.out


def test_a_server_without_tls_among_others(site):
    def look(engine):
        site.server.configure(
            Conf("LoadModule ssl_module " + str(env.shared_object("ssl")),
                 "Listen 0.0.0.0:1", "<VirtualHost *:1>", "ServerName a.example",
                 engine, *site.fill(USUAL), "</VirtualHost>"))
        text = (site.server.root / "httpd.conf").read_text()
        site.server.write("httpd.conf", text.replace(
            "</VirtualHost>", '<Location "/x">\nAuthType Bearer\n'
            "Require valid-user\n</Location>\n</VirtualHost>"))
        return site.run("--json", "--no-fetch")

    if not env.has("ssl"):
        pytest.skip("no mod_ssl here")
    assert look("SSLEngine on").found() == set()
    report = look("SSLEngine off")
    assert report.found() == {("plain-http", "unwise")}
    assert report.one("plain-http")["sentence"].startswith("a.example speaks")


def test_nothing_is_protected(site):
    site.server.configure(None)
    assert site.run("--json").found() == {("no-places", "unwise")}


# --- what httpd says -------------------------------------------------------------

@pytest.fixture
def told(site):
    """Runs a program that says what httpd would, with changes."""
    site.configure(place=USUAL)
    said = subprocess.run(site.server.command("-t", "-D", "DUMP_BEARER_JSON"),
                          env=site.server.variables(), text=True,
                          capture_output=True, check=True).stdout

    def run(change=lambda text: text, errors="", status=0, options=()):
        site.server.write("said", change(said))
        site.server.write("errors", errors)
        program = site.server.write(
            "program", f"#!/bin/sh\ncat {site.server.root}/errors >&2\n"
            f"cat {site.server.root}/said\nexit {status}\n", 0o755)
        return Report(subprocess.run(
            [COMMAND, "doctor", "--httpd", program, "--no-fetch", *options],
            text=True, capture_output=True, timeout=60))
    return run


def test_nobody_fetches(told):
    report = told(lambda text: text.replace('"watchdog":true',
                                            '"watchdog":false'),
                  options=["--json"])
    assert report.found() == {("no-watchdog", "wrong")}


def test_other_modules_print_too(told):
    report = told(lambda text: "VirtualHost configuration:\n" + text + "end\n",
                  options=["--json"])
    assert report.found() == set()


@pytest.mark.parametrize("change", [
    lambda text: text[:len(text) // 2], lambda text: text + "x" * 100000,
    lambda text: text.replace('"stale":', '"state":'),
    lambda text: text.replace('"source":0', '"source":1'),
    lambda text: text.replace('"leeway":30', '"leeway":-30'),
    lambda text: text.replace('"server":0', '"server":"x"'),
    lambda text: text.replace('"mod_auth_bearer":1', '"mod_auth_bearer":2'),
    lambda text: "",
], ids=range(8))
def test_what_is_no_configuration(told, change):
    report = told(change)
    if change("a" * 9).endswith("x"):  # lines that follow are nobody's
        assert report.status == WELL
        return
    assert report.status == UNSEEN and report.out == ""
    assert report.err.count("\n") == 1


#: (a line of httpd, its level of ours, what is found if it starts)
SAID = [
    ("[Sat] [auth_bearer:notice] [pid 1:tid 2] MAB0107: mod_auth_openidc is "
     "loaded too", {("MAB0107", "unwise")}),
    ("[Sat] [auth_bearer:warn] [pid 1] something without a number",
     {("said-at-start", "unwise")}),
    ("[Sat] [core:warn] [pid 1] AH00111: Config variable ${X} is not defined",
     set()),
    ("AH00558: apache2: Could not reliably determine", set()),
    ("[Sat] [auth_bearer:info] [pid 1] MAB0200: well", set()),
    ("[[[", set()),
]


@pytest.mark.parametrize("line, wanted", SAID, ids=range(len(SAID)))
def test_lines_of_httpd(told, line, wanted):
    assert told(errors=line + "\nSyntax OK\n", options=["--json"]).found() \
        == wanted


def test_all_reasons_why_httpd_does_not_start(told):
    report = told(lambda _: "", "\x1b[31m\xe9 is no word\n"
                  "[Sat] [auth_bearer:emerg] [pid 1:tid 2] one: bad; write two\n"
                  "[Sat] [auth_bearer:notice] [pid 1:tid 2] MAB0104: any\n"
                  "AH00014: Configuration check failed\n"
                  "Action '-t' failed.\n", 1)
    assert report.status == WRONG and report.out.count("  wrong ") == 2
    said = " ".join(report.out.split())
    assert "one: bad; write two" in said
    assert "\\x1b[31m\\xc3\\xa9 is no word" in said
    assert report.out.endswith("2 wrong, 1 unwise\n")


# --- a configuration with which httpd does not start ------------------------------

@pytest.mark.parametrize("place, words", [
    (("AuthBearerAudienc a",), "Invalid command 'AuthBearerAudienc'"),
    (("AuthBearerIssuer GOOD",), "the place has no AuthBearerAudience"),
    (("AuthBearerIssuer GOOD keys=file:ROOT/none", "AuthBearerAudience a"),
     "none"),
])
def test_httpd_does_not_start(site, place, words):
    report = site.look(place=place)
    assert report.status == WRONG
    assert report.found() == {("start-refused", "wrong")}
    sentence = report.one("start-refused")["sentence"]
    assert words in sentence and "pid" not in sentence


def test_nothing_can_be_looked_at(site):
    site.server.write("bare.conf", f"ServerRoot {site.server.root}\n"
                      "ServerName localhost\nListen 127.0.0.1:1\n"
                      "ErrorLog /dev/null\n" + "".join(
                          f"LoadModule {name}_module "
                          f"{env.shared_object(name)}\n"
                          for name in ("mpm_event", "authz_core")
                          if name not in env.static_modules()))
    report = site.run(arguments=["-f", f"{site.server.root}/bare.conf"])
    assert report.status == UNSEEN and "auth_bearer_module" in report.err
    for words in (["--httpd", "/nonexistent"], ["--httpd", "/bin/true"],
                  ["--httpd", "/bin/false"], ["--nofetch"], ["--httpd"]):
        done = subprocess.run([COMMAND, "doctor", *words], text=True,
                              capture_output=True, timeout=60)
        assert done.returncode == UNSEEN, words
        assert done.stdout == "" and done.stderr.count("\n") == 1


# --- what the issuers tell ------------------------------------------------------------

def keys_with(**how):
    return lambda issuer, site: issuer.behave(**how)


def clock(seconds):
    """An issuer whose clock is so far ahead."""
    def wire(issuer, handler):
        _, body = issuer.usual(handler.path)
        date = email.utils.formatdate(time.time() + seconds, usegmt=True)
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Date: %s\r\nContent-Length: %d\r\n\r\n"
            % (date.encode(), len(body)) + body)

    def prepare(issuer, _site):
        issuer.behave(wire=wire)
    return prepare


def certificate(**how):
    def prepare(issuer, site):
        pair = site.authority.folder / "other.pem"
        issuer.present(site.authority.issue(pair, **how))
    return prepare


def keys(*published):
    def prepare(issuer, _site):
        issuer.keys = list(published)
    return prepare


def renamed(name):
    """Metadata that say another name, made of the issuer's."""
    def prepare(issuer, _site):
        issuer.metadata = {"issuer": name(issuer.url)}
    return prepare


ISS = "AuthBearerIssuer ISS"
AUD = "AuthBearerAudience https://api.example"

#: name -> (what the issuer does, lines of the place or, of the server, "AuthBearerFetch",
#: {finding: level}, words of the sentence, advice or line)
ISSUERS = {
    "as usual": (keys(EC), (ISS, AUD), {}, ()),
    "it is not there": (lambda issuer, _: issuer.stop(), (ISS, AUD),
                        {"keys-missing": "wrong"},
                        ("Connection refused", "proxy=http://")),
    "no metadata": (
        lambda issuer, _: issuer.behave(issuer.discovery_path, status=404),
        (ISS, AUD), {"keys-missing": "wrong"},
        ("status 404", "AuthBearerIssuer ISS ... keys=https://...")),
    "metadata with a slash more": (
        renamed(lambda url: url + "/"), (ISS + " alg=ES256", AUD),
        {"keys-missing": "wrong"},
        ("discovery_issuer", "| AuthBearerIssuer ISS/ ...")),
    **{f"metadata that say {name[:20]}": (
        renamed(lambda url, name=name: name.replace("ISS", url)), (ISS, AUD),
        {"keys-missing": "wrong"}, ("discovery_issuer", "| None | None"))
       for name in ("ISS secret=file:/dev/null", "https://evil.example",
                    "${HOME}", "#x", "secret=file:/etc/passwd", "ISS#", "{tid}",
                    "ISS\\", "ISS\u00e4", "x" * 3000, "ISS/" * 300)},
    "what a terminal obeys": (
        keys(EC, {"kty": "EC", "kid": "\x1b[31mred\xe9"}), (ISS, AUD),
        {"key-unusable": "unwise"}, ("x1b[31mred",)),
    "a move": (
        keys_with(status=302, headers={"Location": "https://a.example/?s=x"}),
        (ISS, AUD), {"keys-missing": "wrong"},
        ("status 302, not followed to https://a.example/)",)),
    "a certificate that has ended": (
        certificate(days=-1), (ISS, AUD), {"keys-missing": "wrong"},
        ("certificate has expired", "ca=/")),
    "a certificate of somebody else": (
        certificate(signed=False), (ISS, AUD), {"keys-missing": "wrong"},
        ("self-signed", "ca=/")),
    "a certificate that ends soon": (
        certificate(days=13), (ISS, AUD), {"certificate": "unwise"},
        ("127.0.0.1", "renew")),
    "a certificate for longer": (certificate(days=15), (ISS, AUD), {}, ()),
    "a clock that is behind": (clock(-3600), (ISS, AUD), {"clock": "unwise"},
                               ("behind", "leeway of 30 s")),
    "a clock that is ahead": (clock(3600), (ISS, AUD), {"clock": "unwise"},
                              ("ahead of", "set-ntp")),
    "a clock within the leeway": (
        clock(600), (ISS, AUD, "AuthBearerCheck leeway=1h"), {}, ()),
    "no key at all": (keys(), (ISS, AUD), {"keys-missing": "wrong"},
                      ("jwks_none",)),
    "a key that is too small": (
        lambda issuer, _: issuer.behave(body=json.dumps({"keys": [
            EC.public(), {"kty": "RSA", "kid": "tiny", "e": "AQAB",
                          "n": "w" * 171}]})),
        (ISS, AUD), {"key-unusable": "unwise"}, ('"tiny"', "jwk_rsa_size")),
    "a key for encryption": (keys(EC, RSA.public(use="enc")), (ISS, AUD),
                             {}, ()),
    "one kid twice": (
        keys(EC, key("P-256", "x").public(kid="ec1")), (ISS, AUD),
        {"kid-twice": "unwise"}, ('"ec1"',)),
    "one kid for two kinds of key": (keys(EC, RSA.public(kid="ec1")),
                                     (ISS, AUD), {}, ()),
    "no key for what is allowed": (
        keys(EC), (ISS + " alg=RS256,PS256", AUD), {"no-key-fits": "wrong"},
        ("RS256 PS256", "| AuthBearerIssuer ISS ... alg=ES256")),
    "an algorithm that is of no use": (
        keys(EC), (ISS, AUD, "AuthBearerAlgorithms ES256 RS256"),
        {"algorithm-without-key": "unwise"},
        ("RS256 is allowed", "AuthBearerAlgorithms ES256")),
    "a key that is of no use": (
        keys(EC, key("P-384", "ec3")), (ISS + " alg=ES256", AUD),
        {"key-not-allowed": "unwise"},
        ("ES384", "AuthBearerIssuer ISS ... alg=ES256,ES384")),
    "asked too often": (
        keys_with(headers={"Cache-Control": "max-age=86400"}),
        ("AuthBearerFetch refresh=1m", ISS, AUD),
        {"refresh-often": "unwise"}, ("every 1 min", "good for 1 d")),
    "asked as often as it says": (
        keys_with(headers={"Cache-Control": "max-age=60"}), (ISS, AUD), {}, ()),
    "out of use before the next ones": (
        keys_with(headers={"Cache-Control": "max-age=1800"}),
        ("AuthBearerFetch stale=20m", ISS, AUD),
        {"stale-before-refresh": "wrong"}, ("20 min", "30 min")),
}


@pytest.mark.parametrize("name", ISSUERS)
def test_an_issuer(site, name):
    prepare, lines, wanted, words = ISSUERS[name]
    issuer = site.issuer("/i")
    prepare(issuer, site)
    lines = [line.replace("ISS", issuer.url) for line in lines]
    of_server = [line for line in lines if "Fetch" in line]
    report = site.look(*of_server, place=[line for line in lines
                                          if "Fetch" not in line])
    assert report.found() == set(wanted.items()), report.out
    for finding in wanted:
        one = report.one(finding)
        said = f'{one["sentence"]} | {one["advice"]} | {one["line"]}'
        for word in words:
            assert word.replace("ISS", issuer.url) in said
    issuer.stop()


def test_one_issuer_of_two_places_is_asked_once(site):
    site.good.forget()
    site.server.configure(
        Conf(f"AuthBearerFetch ca={site.authority.ca}")
        .place("a", *site.fill(USUAL)).place("b", *site.fill(USUAL)))
    report = site.run("--json")
    assert report.found() == set()
    assert len(json.loads(report.out)["places"]) == 2
    assert site.good.count(site.good.jwks_path) == 1


def test_options_of_the_issuer_s_own_line(site):
    """It says who it is as the server would, and never shows by what."""
    path = site.server.write("token", "who-we-are-1234567890\n", 0o640)
    if os.getuid() == 0:
        shutil.chown(path, group="www-data")
    site.good.forget()
    report = site.look(place=(f"AuthBearerIssuer GOOD token=file:{path} "
                              "timeout=9s", AUD))
    assert report.found() == set(), report.out
    assert {headers.get("Authorization") for _, headers in site.good.requests} \
        == {"Bearer who-we-are-1234567890"}
    assert "who-we-are" not in report.out + report.err + site.run().out


def test_a_message_of_the_start_is_told_where_it_belongs(told):
    place = json.loads(told(options=["--json"]).out)["places"][0]["where"]
    where = re.sub(r"\d+$", "999", place)
    report = told(errors=f"[x] [auth_bearer:warn] [y] MAB0999: AuthBearerUser "
                  f"in {where}: odd\n", options=["--json"])
    assert report.one("MAB0999")["where"] == place


def test_nobody_is_asked(site):
    site.good.forget()
    report = site.look(place=USUAL, options=["--no-fetch"])
    assert report.found() == set() and site.good.count() == 0
    assert json.loads(report.out)["issuers"][0]["keys"] is None


# --- files of keys ---------------------------------------------------------------------

def authorities_key(site, days):
    made = Authority.certificate("signer", EC.private(), None, EC.private(),
                                 False, days=days)
    return made.public_bytes(issuers.serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("days, wanted", [
    (-1, {("key-file-ended", "unwise")}), (3, {("key-file-ends", "unwise")}),
    (40, set())])
def test_a_certificate_in_a_file(site, days, wanted):
    site.server.write("cert.pem", authorities_key(site, days))
    report = site.look(place=("AuthBearerIssuer GOOD keys=file:ROOT/cert.pem",
                              AUD))
    assert report.found() == wanted, report.out


def test_a_file_of_keys(site):
    path = site.server.write("keys.json", json.dumps(
        {"keys": [EC.public(), RSA.public()]}), 0o664)
    report = site.look(place=("AuthBearerIssuer GOOD keys=file:ROOT/keys.json",
                              AUD))
    assert report.found() == {("MAB0120", "unwise")}
    said = " ".join(site.run().out.split())
    assert f"2 keys (EC 256, RSA 2048) from {path} (owner " in said
    assert "mode 0664)" in said


# --- the table -------------------------------------------------------------------------

def test_each_row_of_the_table_is_found_by_some_test():
    table = (TOP / "cli/doctor.def").read_text()
    table = re.sub(r"/\*.*?\*/", "", table, flags=re.S)
    rows = re.findall(r'^DOCTOR_FINDING\(\w+, "([\w-]+)", (\w+), ', table, re.M)
    tested = {name for row in (*PLACES.values(), *ISSUERS.values())
              for name in row[2]}
    here = (TOP / "tests/e2e/test_86_doctor.py").read_text()
    assert len(rows) > 20
    for slug, level in rows:
        assert slug in tested or f'"{slug}"' in here, slug
        assert level in ("UNWISE", "WRONG")


def test_each_member_of_a_source_is_passed_on():
    """Otherwise the doctor would fetch in another way than the server."""
    struct = re.search(r"typedef struct bearer_source_t \{(.*?)\n\}",
                       (TOP / "bearer/keys/source.h").read_text(), re.S).group(1)
    struct = re.sub(r"/\*.*?\*/", "", struct, flags=re.S)
    members = [name for line in struct.split(";")
               for name in re.findall(r"(\w+)(?:,|\s*$)", line)]
    # what each process makes of it
    members = set(members) - {"kind", "tls", "slot"}
    rows = re.findall(r'^    ROW\(\w+, "[\w-]+", (\w+)',
                      (TOP / "bearer/keys/sheet.c").read_text(), re.M)
    assert {"issuer", "http_loopback", "connect"} < members
    assert members == set(rows)


def test_what_each_setting_is_for_programs(site):
    """The machine's form of the dump has each setting that people see."""
    site.configure(place=(*USUAL, "AuthBearerCheck leeway=1m require=jti"))
    done = subprocess.run(site.server.command("-t", "-D", "DUMP_BEARER_JSON"),
                          env=site.server.variables(), text=True,
                          capture_output=True, check=True)
    said = json.loads(done.stdout)
    assert said["mod_auth_bearer"] == 1
    settings = said["places"][0]["settings"]
    assert settings["AuthBearerCheck"] == {
        "leeway": 60, "type": "jwt", "max-age": 0, "max-life": 0,
        "require": "jti"}
    table = (TOP / "httpd/conf/field.def").read_text()
    shown = re.findall(r'^MAB_DIRECTIVE\(\w+, "(\w+)", "', table, re.M)
    assert list(settings) == shown and len(shown) > 8
