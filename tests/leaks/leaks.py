#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Searches for leaks: generated configurations, generated requests, and an
oracle that knows who may see what.

    leaks.py [--seed S] [--case C.N] [--no-shrink] CASES
    leaks.py --self-test

A find is printed with the configuration and the requests that are left of it
after shrinking; the exit status is then 1. LEAK_SEED and LEAK_CASE repeat one.
"""
import argparse
import collections
import os
import random
import re
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
sys.dont_write_bytecode = True

from testenv import env  # noqa: E402

import server  # noqa: E402
import shrink  # noqa: E402
import world  # noqa: E402
from asks import WRITES, Asker, Case  # noqa: E402
from judge import BY_MARK, MARK, Find, Judge  # noqa: E402
from tokens import Purse  # noqa: E402
from wire import Wire  # noqa: E402

SITES = 8
ASKED = 100  # of each site
LANES = 4


class Run:
    """One httpd with its sites and their cases."""

    def __init__(self, httpd, purse, config, chains, twist=None):
        """chains: for each site a list of chains of plain values."""
        self.httpd, self.config = httpd, config
        self.cases = {}
        self.judges = {}
        self.statuses = collections.Counter()
        self.unanswered = 0
        self.chains = []
        for site, lists in zip(config["sites"], chains):
            self.judges[site["slot"]] = Judge(site, purse, self.cases, twist)
            for values in lists:
                chain = []
                for d in values:
                    n = len(self.cases) + 1
                    self.cases[n] = Case(d, n, site, purse)
                    chain.append(self.cases[n])
                self.chains.append(chain)

    def lane(self, number, case):
        if case.site["tls"]:
            return case.site["slot"], case.cert
        return number % LANES

    def wire(self, case, old=None):
        """The connection for a request: the old one, if it is of that kind."""
        kind = (case.site["slot"], case.cert) if case.site["tls"] else None
        if old and old.kind == kind:
            return old
        if old:
            old.close()
        if not kind:
            return Wire(self.httpd.port, kind)
        return Wire(self.httpd.tls, kind, self.httpd.contexts[case.cert],
                    f"s{case.site['slot']}.test")

    def all(self, render=None):
        """The finds of all cases. render: what httpd is given instead, in the
        search's own tests."""
        self.httpd.start(render or self.config)
        finds = []
        try:
            lanes, alone = collections.defaultdict(list), []
            for number, chain in enumerate(self.chains):
                if any(case.method in WRITES for case in chain):
                    alone.append(chain)
                else:
                    lanes[self.lane(number, chain[0])] += chain
            finds += self.rounds(list(lanes.values()))
            for chain in alone:
                for case in chain:
                    finds += self.rounds([[case]])
                    finds += self.writes(case)
            if self.unanswered:
                # the parent looks after its children once a second
                time.sleep(1.2)
        finally:
            crashes = self.httpd.stop()
        # a line is written after its answer
        finds += self.logged()
        return finds + [Find("a child ended", line, None) for line in crashes]

    def rounds(self, lanes):
        """A few lanes at a time: sends the first of each, reads all answers,
        and so on."""
        finds = []
        waiting = [list(reversed(lane)) for lane in lanes]
        running = []
        while waiting or running:
            while waiting and len(running) < LANES:
                running.append([None, waiting.pop()])
            for pair in running:
                pair[0] = self.wire(pair[1][-1], pair[0])
            sent = [(wire, lane.pop()) for wire, lane in running]
            for wire, case in sent:
                wire.send(case.text().encode("latin-1"))
            for wire, case in sent:
                finds += self.answered(case, wire.receive(case.method))
            for wire, lane in running:
                if not lane:
                    wire.close()
            running = [pair for pair in running if pair[1]]
        return finds

    def answered(self, case, answer):
        if not answer:
            self.unanswered += 1
            return []
        self.statuses[answer.status] += 1
        return self.judges[case.site["slot"]].judge(case, answer)

    def writes(self, case):
        """Whether the pages that a request changed were the client's."""
        judge = self.judges[case.site["slot"]]
        finds = []
        for page, text in self.httpd.written(case.site["slot"]).items():
            pages = [page, *(BY_MARK[m] for m in MARK.findall(text or "")
                             if m in BY_MARK)]
            if not all(judge.place(p).admits(case) for p in pages):
                finds.append(Find("a page is written without leave",
                                  f"{case.method} changed {page.key}", case))
        return finds

    def logged(self):
        finds = []
        for line in self.httpd.log("access.log").splitlines():
            nonce = line.partition(" ")[0]
            case = self.cases.get(int(nonce[1:-1])) \
                if nonce[1:-1].isdigit() else None
            if case:
                finds += self.judges[case.site["slot"]].log_line(case, line)
        return finds


def chains_of(seed, number, config, purse):
    found = []
    for site in config["sites"]:
        rng = random.Random(f"{seed}/{number}/{site['slot']}")
        asker, chains, count = Asker(rng, site, purse), [], 0
        while count < ASKED:
            chains.append(asker.chain())
            count += len(chains[-1])
        found.append(chains)
    return found


class Search:
    def __init__(self, seed, shrinks=True, only=""):
        self.seed, self.shrinks, self.only = seed, shrinks, only
        self.purse = Purse()
        self.httpd = server.Server(self.purse)
        self.kinds = collections.Counter()
        self.first = {}
        self.statuses = collections.Counter()
        self.done = self.unanswered = 0
        self.began = time.monotonic()

    def configuration(self, number, render=None, twist=None):
        config = world.make(self.seed, number, SITES)
        chains = chains_of(self.seed, number, config, self.purse)
        run = Run(self.httpd, self.purse, config, chains, twist)
        finds = run.all(render(config) if render else None)
        self.done += len(run.cases)
        self.statuses += run.statuses
        self.unanswered += run.unanswered
        for find in finds:
            self.kinds[find.kind] += 1
            if find.kind not in self.first:
                self.first[find.kind] = (number, find, run)
                yield find

    def report(self, number, find, run):
        if not re.search(self.only, find.kind):
            return
        case = find.case
        where = f"{number}.{case.n}" if case else f"{number}.0"
        print(f"\nFAIL {find.kind}\n   {find.text}\n   again: make check-leaks"
              f" LEAK_SEED={self.seed} LEAK_CASE={where}", flush=True)
        if self.shrinks and case:
            print(shrink.shrink(self, run, find, self.make_run), flush=True)

    def make_run(self, config, chains):
        return Run(self.httpd, self.purse, config, chains)

    def speed(self):
        return self.done / max(time.monotonic() - self.began, .001)

    def search(self, count):
        number = 0
        said = time.monotonic()
        while self.done < count:
            for find in list(self.configuration(number)):
                self.report(number, find, self.first[find.kind][2])
            # what shrinking needs is not needed any more
            for kind, (n, find, _) in self.first.items():
                self.first[kind] = (n, find, None)
            number += 1
            if time.monotonic() - said > 60:
                said = time.monotonic()
                print(f"... {self.done} cases, {self.speed():.0f}/s, "
                      f"{len(self.kinds)} kinds of finds", flush=True)
        return self.summary(number)

    def one(self, name):
        number, _, n = name.partition(".")
        found = list(self.configuration(int(number)))
        for find in found:
            if not find.case or str(find.case.n) == n or n in ("", "0"):
                self.report(int(number), find, self.first[find.kind][2])
        return self.summary(1)

    def summary(self, configurations):
        print("\nstatuses: " + ", ".join(
            f"{k}: {v}" for k, v in sorted(self.statuses.items()))
            + f"; without an answer: {self.unanswered}")
        for kind, count in self.kinds.most_common():
            print(f"{count:8} x {kind}")
        print(f"{self.done} cases in {configurations} configurations, seed "
              f"{self.seed}, {self.speed():.0f}/s")
        if self.kinds:
            print(f"{len(self.kinds)} kinds of finds")
            return 1
        print(f"ok no leak in {self.done} cases")
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="?", type=int, default=5000)
    parser.add_argument("--seed", default=os.environ.get("LEAK_SEED") or None)
    parser.add_argument("--case", default=os.environ.get("LEAK_CASE") or None)
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--only", default="",
                        help="print finds only whose kind holds this text")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    # ends httpd, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not env.binary() or not env.module():
        print("FAIL no httpd (APXS), or the module is not built (MODULE)")
        return 1
    if server.missing():
        print("FAIL not installed: " + ", ".join(server.missing())
              + " (tools/install-deps test)")
        return 1
    if options.self_test:
        import selftest
        return selftest.main(Search)
    seed = options.seed or str(random.SystemRandom().randrange(10 ** 6))
    print(f"seed {seed}", flush=True)
    search = Search(seed, not options.no_shrink, options.only)
    try:
        if options.case:
            return search.one(options.case)
        return search.search(options.cases)
    finally:
        search.httpd.close()


if __name__ == "__main__":
    sys.exit(main())
