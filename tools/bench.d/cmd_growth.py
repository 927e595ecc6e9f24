# SPDX-License-Identifier: Apache-2.0
"""how cost grows with tokens, issuers, keys, Require lines, threads, children

Instructions of one request over bare httpd, by callgrind (see bench profile):
"seen" for a token that the cache has, "new" for one that it has not, ES256. For
threads and children only what requests do is counted, over a bare httpd of the
same size, with a connection for each thread or child, 16 at most, all at once.

Instructions do not show what threads and children do to each other. So these two
tables also have the CPU time over bare, by slices as in bench http, for tokens
that the cache has (--rounds 0: not). That needs a quiet machine.
"""
import argparse
import sys

import cmd_profile
import harness
import report
import tokens
from cmd_http import protected

TABLES = {
    "bytes of claims": [200, 900, 4000],
    "issuers of the place": [1, 16, 64],
    "keys in the set": [1, 16, 64],
    "Require claim lines": [0, 4, 16],
}
#: (an httpd of so many, is it one process alone)
SIZES = {
    "threads of a child": (
        [4, 16, 64, 256],
        lambda n: {"mpm": "event", "children": 1, "threads": n}, True),
    "children": ([1, 4, 16], lambda n: {"mpm": "prefork", "children": n},
                 False),
}
WARM, COUNT = 10, 60
#: for SIZES; each connection warms its thread or child
MOST, WARM_EACH, COUNT_ALL = 16, 6, 128


def key_set(number):
    """The key that counts, after so many others."""
    public = tokens.signer("ES256").public()
    return [{**public, "kid": f"other{n}"} for n in range(number - 1)] \
        + [public]


def conf_of(url, what, number):
    issuers = number if what == "issuers of the place" else 1
    lines = ["AuthBearerFetch http=On miss=1s"]
    place = [f"AuthBearerIssuer https://other{n}.example keys={url}"
             for n in range(issuers - 1)]
    place.append(f"AuthBearerIssuer {tokens.ISSUER} keys={url}")
    require = ["Require valid-user"]
    if what == "Require claim lines" and number:
        require = ["<RequireAll>"] + ["Require claim realm_access.roles "
                                      "operator"] * number + ["</RequireAll>"]
    return "\n".join(lines + ['<Location "/p/t">', "AuthType Bearer",
                              f"AuthBearerAudience {tokens.AUDIENCE}",
                              *place, *require, "</Location>"])


def values(number, size=900):
    return ["Bearer " + tokens.token("ES256", n, size) for n in range(number)]


class Growth:
    def __init__(self, folder, opt, lines):
        self.folder, self.opt, self.lines = folder, opt, lines
        self.issuer = harness.Issuer(folder)

    def wanted(self, what):
        return not self.opt.only or any(word in what for word in self.opt.only)

    def count(self, name, conf, made, number, warm, **how):
        return cmd_profile.count(self.folder, name, conf, "/p/t", made, number,
                                 warm, self.issuer if conf else None, **how)[0]

    def add(self, what, number, **found):
        self.lines.add("growth", what=what, number=number, **found)
        print(f"{what}: {number}", file=sys.stderr, flush=True)

    # --- what a request is made of ---

    def contents(self):
        bare = None
        for what, numbers in TABLES.items():
            if not self.wanted(what):
                continue
            if bare is None:
                bare = self.count("bare", "", [], COUNT, WARM)
            for number in numbers:
                self.issuer.keys = key_set(number if what == "keys in the set"
                                           else 1)
                made = values(COUNT + WARM, number
                              if what == "bytes of claims" else 900)
                conf = conf_of(self.issuer.url, what, number)
                cost = {kind: self.count(f"{kind} {number} {what}", conf, used,
                                         COUNT, WARM) - bare
                        for kind, used in (("seen", made[:1]), ("new", made))}
                self.add(what, number, **cost)

    # --- the size of the server ---

    def sizes(self):
        self.issuer.keys = key_set(1)
        for what, (numbers, how, alone) in SIZES.items():
            if not self.wanted(what):
                continue
            for number in numbers:
                connections = min(number, MOST)
                self.add(what, number,
                         **self.instructions(f"{number} {what}", connections,
                                             how(number), alone),
                         **self.slices(f"{number} {what}", connections,
                                       how(number)))

    def instructions(self, name, connections, how, alone):
        warm = WARM_EACH * connections
        made = values(COUNT_ALL + warm)
        conf = protected(self.issuer.url)

        def count(kind, conf, made):
            what = (self.folder, f"{kind} {name}", conf, "/p/t", made,
                    COUNT_ALL, warm, self.issuer)
            more = {"connections": connections, **how}
            return cmd_profile.count(*what, only=True, **more)[0] if alone \
                else cmd_profile.count_children(*what, **more)

        bare = count("bare", "", [])
        return {"seen": count("seen", conf, made[:1]) - bare,
                "new": count("new", conf, made) - bare}

    def slices(self, name, connections, how):
        """CPU over bare, medians and quartiles, of tokens that are seen."""
        if not self.opt.rounds:
            return {}
        made, name = values(1), name.replace(" ", "-")
        bare = harness.Httpd(self.folder, f"cpu-bare-{name}", **how).start()
        ours = harness.Httpd(
            self.folder, f"cpu-{name}", conf=protected(self.issuer.url),
            files=[("auth_bearer", harness.module())], **how).start()
        harness.until(lambda: ours.ask("/p/t", authorization=made[0]) == 200)
        load = lambda server, used: harness.slice_of(
            self.folder, server, server.port, "/p/t", used, 1, connections)
        over = []
        for number in range(self.opt.rounds + 1):
            base, mine = load(bare, None), load(ours, made)
            if number:      # the first warms up
                over.append(mine["cpu"] - base["cpu"])
        bare.stop()
        ours.stop()
        return {"cpu": report.median(over), "quartiles": report.spread(over)}


def show(lines):
    found = {}
    for line in lines:
        if line["kind"] == "growth":
            found.setdefault(line["what"], []).append(line)
    for what, rows in found.items():
        cpu = [f for f in ("cpu", "quartiles") if f in rows[0]]
        print("\n" + report.table(
            [what, "seen", "new"] + ["µs CPU seen", "quartiles"][:len(cpu)],
            [[row["number"], f"{row['seen']:,.0f}", f"{row['new']:,.0f}",
              *(f"{row[f]:+.1f}" if f == "cpu" else f"{row[f]:.1f}"
                for f in cpu)] for row in rows]))


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="bench growth", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[],
                        metavar="WORD", help="tables whose name has this word")
    parser.add_argument("--rounds", type=int, default=6,
                        help="of slices for CPU time")
    parser.add_argument("--out",
                        default=harness.TOP / "docs/bench/growth.jsonl")
    parser.add_argument("--show", metavar="FILE",
                        help="only the tables of these raw lines")
    opt = parser.parse_args(arguments)
    if not opt.show:
        lines = report.Lines(opt.out, requests=COUNT, rounds=opt.rounds)
        with harness.Folder() as folder:
            growth = Growth(folder, opt, lines)
            growth.contents()
            growth.sizes()
    show(report.read_lines(opt.show or opt.out))
    return 0
