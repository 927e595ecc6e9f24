# SPDX-License-Identifier: Apache-2.0
"""whether memory stays flat over many requests and key sets

One child of event, more distinct tokens than its cache holds, and issuers that
each have a new key set each second (an issuer is not asked more often, so many
issuers are what many key sets take). A key set counts when the child was seen to
have it. Shown is the child's memory as it goes; it must not grow once the cache
is full.
"""
import argparse
import contextlib
import time

import harness
import report
import tokens
from cmd_http import MANY, Rotation


def issuer_name(number):
    return f"{tokens.ISSUER}/{number}"


def conf_of(issuers):
    lines = [f"AuthBearerIssuer {issuer_name(n)} keys={issuer.url}"
             for n, issuer in enumerate(issuers)]
    return "\n".join(["AuthBearerFetch http=On miss=1s", *lines,
                      f"AuthBearerAudience {tokens.AUDIENCE}",
                      '<Location "/p/t">', "AuthType Bearer",
                      "Require valid-user", "</Location>"])


def options(arguments):
    parser = argparse.ArgumentParser(
        prog="bench memory", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1000000)
    parser.add_argument("--sets", type=int, default=1000,
                        help="new key sets; 0: none")
    parser.add_argument("--issuers", type=int, default=8)
    parser.add_argument("--step", type=int, default=10,
                        help="seconds between two looks")
    parser.add_argument("--out",
                        default=harness.TOP / "docs/bench/memory.jsonl")
    parser.add_argument("--show", metavar="FILE",
                        help="only the table of these raw lines")
    return parser.parse_args(arguments)


class Memory:
    def __init__(self, folder, opt):
        self.folder, self.opt = folder, opt
        self.issuers = [harness.Issuer(folder) for _ in range(opt.issuers)]
        self.keys = [tokens.signer(a).public() for a in ("RS256", "ES256")]
        for issuer in self.issuers:
            issuer.keys = self.keys
        self.values = folder.write("values", "".join(
            "Bearer " + tokens.token("RS256", n, iss=issuer_name(
                n % opt.issuers)) + "\n" for n in range(MANY)))
        self.bare = harness.Httpd(folder, "bare").start()
        self.server = harness.Httpd(
            folder, "memory", conf=conf_of(self.issuers),
            files=[("auth_bearer", harness.module())]).start()

    def warm(self):
        """Until the keys of all issuers are there."""
        for value in self.values.read_text().splitlines()[:self.opt.issuers]:
            while self.server.ask("/p/t", authorization=value) != 200:
                time.sleep(0.1)

    def load(self, server, seconds):
        return harness.slice_of(self.folder, server, server.port, "/p/t",
                                self.values, seconds, 32)["requests"]

    def run(self, lines):
        opt, done = self.opt, 0
        self.warm()
        self.load(self.bare, 2)
        bare_rss, _, bare_private = self.bare.memory()
        rotations = [Rotation(issuer, self.server, self.keys, issuer_name(n))
                     for n, issuer in enumerate(self.issuers) if opt.sets]
        sets = lambda: sum(rotation.taken for rotation in rotations)
        begun = time.monotonic()
        with contextlib.ExitStack() as stack:
            for rotation in rotations:
                stack.enter_context(rotation)
            while done < opt.requests or sets() < opt.sets:
                done += self.load(self.server, opt.step)
                rss, _, private = self.server.memory()
                lines.add("memory", requests=done, turns=sets(),
                          fetches=sum(i.asked for i in self.issuers),
                          seconds=time.monotonic() - begun, rss=rss,
                          private=private, bare_rss=bare_rss,
                          bare_private=bare_private)


def main(arguments):
    opt = options(arguments)
    if not opt.show:
        lines = report.Lines(opt.out, requests=opt.requests, sets=opt.sets,
                             issuers=opt.issuers)
        with harness.Folder() as folder:
            Memory(folder, opt).run(lines)
    show(report.read_lines(opt.show or opt.out))
    return 0


def show(lines):
    """The table of a run's raw lines."""
    run = next(line for line in lines if line["kind"] == "run")
    found = [line for line in lines if line["kind"] == "memory"]
    print(report.table(
        ["requests", "key sets", "RSS MB", "own MB", "own over bare MB"],
        [[f"{f['requests']:,}", f["turns"], f"{f['rss'] / 1024:.2f}",
          f"{f['private'] / 1024:.2f}",
          f"{(f['private'] - f['bare_private']) / 1024:+.2f}"]
         for f in found]))
    quarters = report.quarters(f["private"] for f in found)
    print(f"\n{run['issuers']} issuers, {found[-1]['seconds']:.0f} s; medians of "
          "the quarters, own MB: "
          + ", ".join(f"{q / 1024:.2f}" for q in quarters))
