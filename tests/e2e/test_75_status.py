# SPDX-License-Identifier: Apache-2.0
"""Status: the page, JSON, OpenMetrics, mod_status, and the dashboard."""
import html.parser
import http.client
import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from testenv.mint import AUDIENCE, Mint, key

parser = pytest.importorskip("prometheus_client.openmetrics.parser")

DOCS = Path(__file__).resolve().parents[2] / "docs"
VOID = {"meta", "br", "hr"}


class Balanced(html.parser.HTMLParser):
    """Every element is closed, and nothing comes from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.words = []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "iframe", "object", "img", "link"), tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in ("href", "src", "action"):
                assert value in ("?json", "?openmetrics"), value
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


def read_page(answer):
    assert answer.status == 200, answer
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    page = Balanced()
    page.feed(answer.body.decode())
    page.close()
    assert not page.open
    return " ".join(page.words)


def handlers(conf):
    return (conf.location("/bearer", "SetHandler bearer-status")
            .location("/server-status", "SetHandler server-status"))


@pytest.fixture(scope="module")
def other(make_issuer):
    """An issuer with a kid and an address that nobody should paste."""
    return make_issuer("/b", [key("RSA", 'k"<script>&\\1\u00e9')])


@pytest.fixture(scope="module")
def site(serve, base, tokens, other):
    secret = "0123456789abcdef" * 2
    conf = base("AuthBearerFetch refresh=1h") \
        .place("std") \
        .place("scope", require="Require scope read") \
        .place("other", f"AuthBearerIssuer {other.url} keys={other.jwks_uri}") \
        .place("bad", "AuthBearerIssuer https://127.0.0.1:9/nobody")
    server = serve(handlers(conf), start=False)
    path = server.write("secret", secret, 0o600)
    server.configure(conf.place(
        "secret",
        f"AuthBearerIssuer https://secret.example secret=file:{path}"))
    server.start()
    server.errorlog.allow_always("AH01630|AH01631|MAB0103|MAB0201")
    server.warm("/p/std", tokens.token())
    return server


def numbers(server):
    return server.get("/bearer?json").json()


def settle(server, wanted, seconds=10):
    """Asks until a number is there, of whichever child still answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = numbers(server)
            if wanted(found):
                return found
        except (ConnectionError, http.client.RemoteDisconnected):
            found = "a child that was about to end took the connection"
        assert time.monotonic() < deadline, str(found)[:6000]
        time.sleep(0.1)


def source(found, url):
    made = [one for one in found["issuers"] if one["issuer"] == url]
    assert len(made) == 1, found["issuers"]
    return made[0]


def metrics(server):
    answer = server.get("/bearer?openmetrics")
    assert answer.status == 200
    assert answer.header("Content-Type") == \
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    text = answer.body.decode()
    assert text.endswith("\n# EOF\n")
    return list(parser.text_string_to_metric_families(text))


def samples(server):
    return {(s.name, *sorted(s.labels.items())): s.value
            for family in metrics(server) for s in family.samples}


# --- counting ------------------------------------------------------------------

def test_each_verdict_is_counted_once(site, tokens):
    before = numbers(site)["sum"]
    site.accepted("/p/std", tokens.token())
    site.accepted("/p/scope", tokens.token(scope="read"))
    assert site.get("/p/scope", tokens.token(scope="write")).status == 403
    site.refused("/p/std", tokens.token(exp=1), "expired")
    site.refused("/p/std", tokens.token(aud="x"), "aud_wrong")
    site.refused("/p/std", "a.b", "jws_parts")
    for _ in range(3):
        assert site.get("/p/std").status == 401
    assert site.get("/ok.txt").status == 200
    after = numbers(site)["sum"]
    grown = {name: count - before["verdicts"].get(name, 0)
             for name, count in after["verdicts"].items()}
    assert {n: c for n, c in grown.items() if c} == {
        "ok": 3, "insufficient_scope": 1, "expired": 1, "aud_wrong": 1,
        "jws_parts": 1, "token_missing": 3}
    assert [after[n] - before[n] for n in (
        "accepted", "refused", "without_token", "denied")] == [3, 3, 3, 1]


def test_processes_add_up_to_the_sum(site, tokens):
    for _ in range(20):
        site.accepted("/p/std", tokens.token())
    found = numbers(site)
    assert {p["pid"] for p in found["processes"]} \
        >= {p for p in site.workers()}
    for name in ("accepted", "refused", "without_token", "denied"):
        assert sum(p[name] for p in found["processes"]) \
            <= found["sum"][name]
    if site.mpm == "event":
        assert sum(p["accepted"] for p in found["processes"]) \
            == found["sum"]["accepted"]
    assert len(found["bucket_ends_microseconds"]) \
        == len(found["sum"]["admit"]["buckets"])


def test_a_child_that_dies_takes_no_number_along(serve_once, base, tokens):
    server = serve_once(handlers(base().place("std")))
    server.warm("/p/std", tokens.token())
    before = numbers(server)
    server.errorlog.allow_always("AH00052|child pid|exit signal")
    for _ in range(8):
        server.accepted("/p/std", tokens.token())
    for pid in server.workers():
        os.kill(pid, signal.SIGTERM)
    after = settle(server, lambda f: f["sum"]["accepted"]
                   >= before["sum"]["accepted"] + 8)
    assert after["sum"]["accepted"] == before["sum"]["accepted"] + 8
    server.graceful()
    again = numbers(server)
    assert again["sum"]["accepted"] == after["sum"]["accepted"]


# --- issuers -------------------------------------------------------------------

def test_issuers_and_their_keys(site, issuer, other):
    site.warm("/p/other", Mint(other.url, other.keys[0], AUDIENCE).token())
    found = numbers(site)
    assert found["fetcher"] in site.workers()
    one = source(found, issuer.url)
    assert (one["kind"], one["location"]) == ("discovery", None)
    assert one["usable"] is True
    assert 0 <= one["keys_age"] < 600
    assert 0 < one["next_in"] <= 3600
    assert one["failures_in_a_row"] == 0
    assert one["last"]["reason"] == "ok"
    assert one["last"]["status"] == 200
    assert one["refreshes_good"] >= 1
    assert {k["kid"]: (k["kty"], k["bits"]) for k in one["keys"]} == {
        "rsa1": ("RSA", 2048), "ec1": ("EC", 256), "ec3": ("EC", 384),
        "ec5": ("EC", 521), "ed1": ("OKP", 256)}
    assert [k["algs"] for k in one["keys"] if k["kid"] == "ec1"] == [["ES256"]]
    second = source(found, other.url)
    assert (second["kind"], second["location"]) == ("url", other.jwks_uri)
    assert second["keys"][0]["kid"] == other.keys[0].kid
    secret = source(found, "https://secret.example")
    assert secret == {"issuer": "https://secret.example", "kind": "secret",
                      "usable": True}


def test_an_issuer_that_fails(site):
    found = settle(site, lambda f: source(
        f, "https://127.0.0.1:9/nobody")["refreshes_failed"] >= 2)
    one = source(found, "https://127.0.0.1:9/nobody")
    assert one["usable"] is False and one["keys"] == []
    assert one["keys_age"] is None
    assert one["failures_in_a_row"] >= 2
    assert one["last"]["reason"] == "fetch_connect"
    assert one["last"]["sentence"] == "no connection could be made"
    assert one["last"]["status"] is None
    assert one["last"]["note"].startswith("connecting to 127.0.0.1 port 9")
    text = read_page(site.get("/bearer"))
    assert ("fetch_connect: no connection could be made "
            f"({one['last']['note']})") in text
    assert "no keys yet" in text


# --- the forms -----------------------------------------------------------------

def test_the_page(site, tokens, issuer, other):
    site.refused("/p/std", tokens.token(exp=1), "expired")
    answer = site.get("/bearer")
    assert answer.header("Cache-Control") == "no-store"
    assert "default-src 'none'" in answer.header("Content-Security-Policy")
    text = read_page(answer)
    # as in the log: no byte that a terminal would obey
    kid = other.keys[0].kid.encode().decode("ascii", "backslashreplace")
    for word in (issuer.url, kid, "rsa1", "RS256",
                 "the token has expired", "shared secret", "Processes"):
        assert word in text, word
    for pid in site.workers():
        assert str(pid) in text
    assert "<script" not in answer.text()
    assert "prefers-color-scheme" in answer.text()
    assert 'name=viewport' in answer.text()


def test_only_get_and_head(site):
    assert site.get("/bearer?json", method="HEAD").body == b""
    head = site.get("/bearer", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    for method in ("POST", "PUT", "DELETE"):
        answer = site.get("/bearer", method=method)
        assert answer.status == 405
        assert "GET" in answer.header("Allow")


@pytest.mark.parametrize("query, kind", [
    ("", "text/html"), ("?", "text/html"), ("?jso", "text/html"),
    ("?json", "application/json"), ("?json=", "application/json"),
    ("?json=1", "text/html"), ("?jsonp", "text/html"),
    ("?openmetrics=", "application/openmetrics-text")])
def test_which_form(site, query, kind):
    answer = site.get("/bearer" + query)
    assert answer.status == 200
    assert answer.header("Content-Type").split(";")[0] == kind
    assert answer.header("Cache-Control") == "no-store"


#: ways to name a handler in a .htaccess file
ELSEWHERE = {
    "set": "SetHandler bearer-status",
    "files": '<Files "ok.txt">\nSetHandler bearer-status\n</Files>',
    "if": '<If "true">\nSetHandler bearer-status\n</If>',
    "add": "AddHandler bearer-status .txt",
    "type": "ForceType bearer-status",
    "rewrite": 'RewriteEngine On\nRewriteRule "." "-" [H=bearer-status]',
}


#: the same, below a place that shows it, where an inner section does not
AWAY = dict.fromkeys(("mine/pub", "mine/pub/sub", "mine/pub/files",
                      "mine/other"), "SetHandler bearer-status")


@pytest.fixture(scope="module")
def shared(serve, base):
    """A server on which others may write .htaccess files."""
    conf = handlers(base()).place("std")
    conf.section("Directory", "ROOT/htdocs", "AllowOverride All",
                 "Require all granted")
    conf.section("Directory", "ROOT/htdocs/mine", "SetHandler bearer-status")
    conf.section("Files", "here.txt", "SetHandler bearer-status")
    for name, lines in {
            "mine/pub": ("SetHandler None",),
            "mine/other": ("SetHandler send-as-is",),
            "mine/pub/files": ('<Files "ok.txt">', "AuthBearerErrors json",
                               "</Files>")}.items():
        conf.section("Directory", f"ROOT/htdocs/{name}", *lines)
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root)))
    for name, lines in {**ELSEWHERE, **AWAY, "mine": "", "mine/sub": ""}.items():
        server.write(f"htdocs/{name}/ok.txt", "ok\n")
        server.write(f"htdocs/{name}/here.txt", "ok\n")
        server.write(f"htdocs/{name}/.htaccess", lines + "\n")
    return server.start()


@pytest.mark.parametrize("name", [*ELSEWHERE, *AWAY])
def test_a_htaccess_file_does_not_show_the_page(shared, name):
    shared.errorlog.expect("MAB0405")
    for query in ("", "?json", "?openmetrics"):
        answer = shared.get(f"/{name}/ok.txt{query}")
        assert answer.status == 404
        assert b"ssuer" not in answer.body and b"bearer_" not in answer.body


@pytest.mark.parametrize("target", [
    "/bearer", "/mine/ok.txt", "/mine/sub/ok.txt", "/add/here.txt"])
def test_the_page_is_where_the_administrator_puts_it(shared, target):
    assert shared.get(target + "?json").json()["issuers"]


def test_openmetrics(site, tokens, issuer, other):
    before = samples(site)
    site.accepted("/p/std", tokens.token())
    site.refused("/p/std", tokens.token(exp=1), "expired")
    after = samples(site)

    def grown(*name):
        return after[name] - before[name]

    assert grown("bearer_verdicts_total", ("reason", "ok")) == 1
    assert grown("bearer_verdicts_total", ("reason", "expired")) == 1
    assert grown("bearer_verdicts_total", ("reason", "sig_wrong")) == 0
    usable = {dict(k[1:])["issuer"]: v for k, v in after.items()
              if k[0] == "bearer_issuer_usable"}
    assert usable == {issuer.url: 1, other.url: 1,
                      "https://127.0.0.1:9/nobody": 0}
    assert after[("bearer_processes",)] >= len(site.workers())
    assert after[("bearer_fetcher",)] == 1


def test_the_forms_agree(site, tokens):
    site.accepted("/p/std", tokens.token())
    found, told = numbers(site)["sum"], samples(site)
    for reason, count in found["verdicts"].items():
        assert told[("bearer_verdicts_total", ("reason", reason))] == count
    assert told[("bearer_cache_hits_total",)] >= found["cache_hits"]
    assert told[("bearer_waits_total",)] == found["waits"]
    assert told[("bearer_admit_seconds_count",)] == found["admit"]["count"]


def test_mod_status(site, tokens):
    site.accepted("/p/std", tokens.token())
    sum_ = numbers(site)["sum"]
    short = site.get("/server-status?auto").text()
    lines = dict(line.split(": ", 1) for line in short.splitlines()
                 if line.startswith("Bearer"))
    assert int(lines["BearerAccepted"]) == sum_["accepted"]
    assert int(lines["BearerRefused"]) == sum_["refused"]
    assert int(lines["BearerIssuers"]) == 4
    assert int(lines["BearerFetcher"]) in site.workers()
    page = site.get("/server-status").text()
    assert "<h2>Bearer tokens</h2>" in page
    assert "https://127.0.0.1:9/nobody" in page


def test_no_token_and_no_claim_in_it(site, tokens):
    token = tokens.token(sub="somebody-telling", scope="a-telling-scope")
    site.accepted("/p/std", token)
    for target in ("/bearer", "/bearer?json", "/bearer?openmetrics",
                   "/server-status", "/server-status?auto"):
        text = site.get(target).text()
        for word in token.split(".") + ["telling", "0123456789abcdef",
                                        AUDIENCE]:
            assert word not in text, (target, word)


# --- what reads it -------------------------------------------------------------

def test_the_dashboard_uses_metrics_that_exist(site, tokens):
    site.accepted("/p/std", tokens.token())
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text())
    there = {key[0] for key in samples(site)}
    # drawn once signatures are counted
    there |= {f"bearer_verify_seconds_{e}" for e in ("bucket", "sum", "count")}
    queries = [t["expr"] for panel in dashboard["panels"]
               for t in panel.get("targets", ())]
    assert len(queries) >= 8
    used = {name for q in queries for name in re.findall(r"\bbearer_\w+", q)}
    assert used and used <= there, used - there


def test_the_manual_names_metrics_that_exist(site):
    text = (DOCS / "operations.md").read_text()
    there = {key[0] for key in samples(site)} | {
        family.name for family in metrics(site)}
    for name in re.findall(r"\bbearer_[a-z_]+\b", text):
        assert name in there, name
