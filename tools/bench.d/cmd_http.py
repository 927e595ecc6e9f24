# SPDX-License-Identifier: Apache-2.0
"""requests through whole servers, each beside its own bare server

Every row is measured in slices, each right after a slice of the server without
authentication that it is compared with; rounds go over all rows in turn. So a
ratio and a difference are between neighbours in time, and what is shown is the
median of the rounds. Before anything is measured every row proves that it
verifies: a good token is 200, one with another signature is not.
"""
import argparse
import contextlib
import random
import shutil
import sys
import threading
import time
from dataclasses import dataclass, field

import harness
import report
import tokens

#: one more than any cache here holds, many times
MANY = 8192
MID = 400


@dataclass
class Row:
    name: str
    base: tuple       # server, path, port
    server: object
    path: str
    values: list      # Authorization values
    colour: str = "ours"
    port: int = 0
    bad: str = ""     # an Authorization value that must be refused
    connections: int = 32
    rounds: list = field(default_factory=list)
    file: object = None


# --- the servers -------------------------------------------------------------

def protected(url, more=""):
    return f"""
AuthBearerFetch http=On miss=1s
AuthBearerIssuer {tokens.ISSUER} keys={url}
AuthBearerAudience {tokens.AUDIENCE}
{more}
<Location "/p/t">
  AuthType Bearer
  Require valid-user
</Location>
"""


BASIC = """
<Location "/p/basic">
  AuthType Basic
  AuthName bench
  AuthBasicProvider anon
  Anonymous *
  Anonymous_MustGiveEmail Off
  Require valid-user
</Location>
"""


class Bench:
    def __init__(self, folder, options):
        self.folder = folder
        self.options = options
        self.issuer = harness.Issuer(folder)
        self.issuer.keys = [tokens.signer(a).public()
                            for a in ("RS256", "ES256", "ES384")]
        self.rows = []
        self.memory = []
        say("minting tokens")
        self.one = {a: [self.value(a, 0)] for a in ("RS256", "ES256",
                                                    "ES384")}
        self.mid = {a: [self.value(a, n) for n in range(MID)]
                    for a in ("RS256", "ES256")}
        self.many = {a: [self.value(a, n) for n in range(MANY)]
                     for a in ("RS256", "ES256")}

    @staticmethod
    def value(alg, number):
        return "Bearer " + tokens.token(alg, number)

    def wanted(self, name):
        return any(word[1:] == name if word.startswith("=") else word in name
                   for word in self.options.only) \
            or not self.options.only

    def row(self, name, base, server, path, values, **more):
        if not self.wanted(name):
            return
        values = list(values)
        if "bad" not in more and values:
            more["bad"] = "Bearer " + tokens.tampered(values[0][7:])
        self.rows.append(Row(name, base, server, path, values, **more))

    def httpd(self, name, conf="", **more):
        return harness.Httpd(self.folder, name, conf=conf, **more).start()

    def ours(self, name, more="", **how):
        server = self.httpd(name, protected(self.issuer.url, more),
                            files=[("auth_bearer", harness.module())], **how)
        deadline = time.monotonic() + 20
        while server.ask("/p/t", authorization=self.one["RS256"][0]) != 200:
            if time.monotonic() > deadline:
                sys.exit(f"bench: no keys:\n{server.said()}")
            time.sleep(0.1)
        return server

    # --- rows ---

    def add_httpd(self):
        bare = self.httpd("bare", BASIC, modules=["authn_anon", "auth_basic"])
        base = (bare, "/p/t", bare.port)
        self.bare = bare
        self.row("bare, again", base, bare, "/p/t", [], colour="httpd")
        # what httpd itself needs to read so long a header
        self.row("bare, token sent", base, bare, "/p/t", self.one["RS256"],
                 colour="httpd", bad="")
        self.row("mod_auth_basic", base, bare, "/p/basic",
                 ["Basic YWxpY2U6YUBi"], colour="httpd", bad="Basic Og")
        ours = self.ours("ours")
        self.row("module loaded, other place", base, ours, "/p/other", [])
        for alg in self.one:
            self.row(f"one {alg}", base, ours, "/p/t", self.one[alg])
        for alg in self.mid:
            # each its own: together they are more than a cache holds
            self.row(f"mid {alg}", base, self.ours(f"mid-{alg}"), "/p/t",
                     self.mid[alg])
        full = self.ours("full")
        for alg in self.many:
            self.row(f"many {alg}", base, full, "/p/t", self.many[alg])
        self.memory += [("bare httpd", bare), ("one token each", ours),
                        ("many: cache full", full)]

    def add_prefork(self):
        bare = self.httpd("bare-prefork", mpm="prefork")
        base = (bare, "/p/t", bare.port)
        ours = self.ours("prefork", mpm="prefork")
        how = {"connections": 12}
        for alg in ("RS256", "ES256"):
            self.row(f"prefork, one {alg}", base, ours, "/p/t", self.one[alg],
                     **how)
        self.row("prefork, many RS256", base, ours, "/p/t",
                 self.many["RS256"], **how)
        self.memory += [("bare prefork", bare), ("prefork: cache full", ours)]

    def add_rotation(self):
        base = (self.bare, "/p/t", self.bare.port)
        self.turning = harness.Issuer(self.folder)
        self.turning.keys = list(self.issuer.keys)
        usual, self.issuer = self.issuer, self.turning
        self.turned = self.ours("rotating")
        self.issuer = usual
        self.row("keys change each second, one RS256", base, self.turned,
                 "/p/t", self.one["RS256"])
        self.memory.append(("keys change each second", self.turned))

    def add_openidc(self):
        if not harness.installed("auth_openidc"):
            return say("mod_auth_openidc is not installed: left out")
        base = (self.bare, "/p/t", self.bare.port)
        # it takes https only
        pair = self.folder.write("tls.pem", tokens.tls_pair())
        issuer = harness.Issuer(self.folder, pair)
        issuer.keys = self.issuer.keys
        server = self.httpd(
            "openidc", f"""
OIDCOAuthVerifyJwksUri {issuer.url}
OIDCOAuthRemoteUserClaim sub
OIDCOAuthSSLValidateServer Off
OIDCCryptoPassphrase bench
<Location "/p/t">
  AuthType oauth20
  Require valid-user
</Location>
""", files=[("auth_openidc", harness.installed("auth_openidc"))])
        self.peer("mod_auth_openidc", base, server)

    def add_oauth2(self):
        if not harness.installed("oauth2"):
            return say("mod_oauth2 is not installed: left out")
        base = (self.bare, "/p/t", self.bare.port)
        server = self.httpd(
            "oauth2", f"""
<Location "/p/t">
  AuthType oauth2
  OAuth2TokenVerify jwks_uri {self.issuer.url} jwks_uri.ssl_verify=false
  Require valid-user
</Location>
""", files=[("oauth2", harness.installed("oauth2"))])
        self.peer("mod_oauth2", base, server)

    def peer(self, name, base, server):
        for alg in ("RS256", "ES256"):
            self.row(f"{name}, one {alg}", base, server, "/p/t",
                     self.one[alg], colour="peer")
        for alg in ("RS256", "ES256"):
            self.row(f"{name}, many {alg}", base, server, "/p/t",
                     self.many[alg], colour="peer")
        self.memory.append((name, server))

    def add_haproxy(self):
        if not shutil.which("haproxy"):
            return say("haproxy is not installed: left out")
        fronts = {}
        for alg in ("RS256", "ES256"):
            pem = self.folder.write(f"{alg}.pem", tokens.signer(alg).pem())
            fronts[alg] = [
                "  http-request set-var(txn.bearer) http_auth_bearer",
                "  http-request set-var(txn.now) date()",
                "  http-request set-var(txn.exp) http_auth_bearer,"
                "jwt_payload_query('$.exp','int')",
                "  http-request deny deny_status 401 unless "
                "{ http_auth_bearer,jwt_header_query('$.alg') "
                f"-m str {alg} }}",
                "  http-request deny deny_status 401 unless "
                "{ http_auth_bearer,jwt_payload_query('$.iss') "
                f"-m str {tokens.ISSUER} }}",
                "  http-request deny deny_status 401 if "
                "{ var(txn.exp),sub(txn.now) -m int lt 0 }",
                "  http-request deny deny_status 401 unless "
                f"{{ var(txn.bearer),jwt_verify(\"{alg}\",\"{pem}\") "
                "-m int 1 }"]
        server = harness.Haproxy(self.folder, "haproxy", fronts).start()
        for alg in ("RS256", "ES256"):
            self.row(f"HAProxy jwt_verify, many {alg}",
                     (server, "/", server.port), server, "/",
                     self.many[alg], colour="peer", port=server.ports[alg])

    # --- proving and measuring ---

    def prove(self, row):
        """A row that does not verify is not measured."""
        good = row.values[0] if row.values else None
        port = row.port or row.server.port
        for value in ([good, row.values[-1]] if good else [None]):
            status = row.server.ask(row.path, authorization=value, port=port)
            if status != 200:
                sys.exit(f"bench: {row.name}: a good token is {status}:\n"
                         + row.server.said())
        if row.bad:
            status = row.server.ask(row.path, authorization=row.bad,
                                    port=port)
            if status != 401:
                sys.exit(f"bench: {row.name}: a bad token is {status}")
            if row.server.ask(row.path, port=port) not in (401, 403):
                sys.exit(f"bench: {row.name}: no token is not refused")
        if row.values:
            row.file = self.folder.write(f"values-{len(row.values)}-{id(row)}",
                                         "\n".join(row.values) + "\n")

    def measure(self, row, number, lines):
        server, path, port = row.base
        seconds = self.options.seconds
        load = lambda s, p, at, values: harness.slice_of(
            self.folder, s, at, p, values, seconds, row.connections)
        bare = load(server, path, port, None)
        turning = contextlib.nullcontext()
        if row.name.startswith("keys change"):
            turning = Rotation(self.turning, self.turned, self.issuer.keys)
        with turning:
            mine = load(row.server, row.path, row.port or row.server.port,
                        row.file)
        result = {"ratio": mine["rps"] / bare["rps"],
                  "over": mine["cpu"] - bare["cpu"],
                  "user_over": mine["user"] - bare["user"]}
        row.rounds.append({**mine, **result, "bare": bare})
        lines.add("slice", round=number, row=row.name, colour=row.colour,
                  **result, **mine,
                  **{f"bare_{k}": v for k, v in bare.items()})


class Rotation:
    """While something is measured: a new key set each second, and one token
    that makes the fetcher look for it. More often an issuer is not asked."""

    def __init__(self, issuer, server, keys, iss=tokens.ISSUER):
        self.issuer, self.server, self.keys = issuer, server, keys
        self.iss = iss
        self.end = threading.Event()
        self.turns = 0
        self.taken = 0      # of them, the child was seen to have

    def __enter__(self):
        self.thread = threading.Thread(target=self.turn)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()

    def turn(self):
        while not self.end.wait(1.0 if self.turns else 0.1):
            self.turns += 1
            kid = f"turn{random.randrange(1 << 40)}"
            self.issuer.keys = self.keys + [
                {**tokens.signer("ES256").public(), "kid": kid}]
            self.taken += self.server.ask("/p/t", token=tokens.token(
                "ES256", self.turns, kid=kid, iss=self.iss)) == 200


# --- telling -----------------------------------------------------------------

def say(text):
    print(text, file=sys.stderr, flush=True)


COLOUR_ORDER = {"httpd": 0, "ours": 1, "peer": 2}


def show(lines):
    """The tables of a run's raw lines."""
    run = next(line for line in lines if line["kind"] == "run")
    rows = {}
    for line in lines:
        if line["kind"] == "slice":
            rows.setdefault(line["row"], []).append(line)
    of = lambda name, key: report.median([s[key] for s in rows[name]])
    bare = report.median([s["bare_cpu"] for s in next(iter(rows.values()))])
    print(f"\n{run['system']}, {run['cpu']}, {run['cores']} cores shared with "
          f"others (load {run['load']:.1f}), {run['openssl']}; median of "
          f"{max(map(len, rows.values()))} rounds of {run['seconds']} s; bare httpd "
          f"{bare:.0f} µs of CPU a request.\n")
    print(report.table(
        ["row", "req/s to bare", "µs CPU over bare", "quartiles", "of it user",
         "p50 to bare", "p99 to bare"],
        [[name, f"{of(name, 'ratio'):.2f}", f"{of(name, 'over'):+.1f}",
          f"{report.spread([s['over'] for s in rows[name]]):.1f}",
          f"{of(name, 'user_over'):+.1f}",
          f"{of(name, 'p50') / of(name, 'bare_p50'):.2f}",
          f"{of(name, 'p99') / of(name, 'bare_p99'):.2f}"]
         for name in rows]))
    memory = [line for line in lines if line["kind"] == "memory"]
    if memory:
        print("\n" + report.table(
            ["the largest child of", "RSS MB", "PSS MB", "own MB"],
            [[m["server"], *(f"{m[k] / 1024:.1f}"
                             for k in ("rss", "pss", "private"))]
             for m in memory]))


def picture(lines):
    rows = {}
    for line in lines:
        if line["kind"] == "slice":
            rows.setdefault((line["row"], line["colour"]), []).append(
                line["over"])
    drawn = [(name, report.median(over), colour)
             for (name, colour), over in rows.items()
             if name != "bare, again"]
    drawn.sort(key=lambda r: r[1])
    return report.bars(
        "CPU per request over the same server without authentication",
        "user + system, medians of paired rounds, logarithmic; ours blue, "
        "peers brown, httpd itself grey", drawn)


def options(arguments):
    parser = argparse.ArgumentParser(prog="bench http", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=2,
                        help="of one slice")
    parser.add_argument("--only", action="append", default=[],
                        metavar="WORD", help="rows whose name has this word; =NAME: just this one")
    parser.add_argument("--out", default=harness.TOP / "docs/bench/http.jsonl",
                        help="raw lines (%(default)s)")
    parser.add_argument("--svg", help="draw the picture here")
    parser.add_argument("--show", metavar="FILE",
                        help="only the tables of these raw lines")
    return parser.parse_args(arguments)


def run(opt):
    lines = report.Lines(opt.out, rounds=opt.rounds, seconds=opt.seconds)
    with harness.Folder() as folder:
        bench = Bench(folder, opt)
        bench.add_httpd()
        for add in (bench.add_prefork, bench.add_rotation, bench.add_openidc,
                    bench.add_oauth2, bench.add_haproxy):
            add()
        for row in bench.rows:
            bench.prove(row)
        say(f"{len(bench.rows)} rows verify")
        for number in range(opt.rounds + 1):
            for row in bench.rows:
                # the first round warms up: caches, pools, processors
                bench.measure(row, number, lines if number else Nothing())
                if not number:
                    row.rounds.clear()
            say(f"round {number} of {opt.rounds}")
        for name, server in bench.memory:
            rss, pss, private = server.memory()
            lines.add("memory", server=name, rss=rss, pss=pss,
                      private=private)


class Nothing:
    def add(self, *_, **__):
        pass


def main(arguments):
    opt = options(arguments)
    if not opt.show:
        run(opt)
    lines = report.read_lines(opt.show or opt.out)
    show(lines)
    if opt.svg:
        with open(opt.svg, "w") as file:
            file.write(picture(lines))
    return 0
