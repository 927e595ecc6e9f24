# SPDX-License-Identifier: Apache-2.0
"""keys: valid tokens while everything about keys goes wrong at once.

Three issuers: one rotates its keys each second, one takes 3 s for each answer
and rotates as well, one hangs up on every connection after it gave its keys
once. Clients send valid tokens of all three; strangers send tokens with random
key ids, so that each issuer is asked as often as the policy allows. Meanwhile
httpd is restarted gracefully every 5 s and a child is killed every 7 s, every
other time the one that fetches.

An issuer publishes a key one rotation before it signs with it, and two
rotations after (--at-once: signs as soon as it publishes; rotations must then
be further apart than miss).

Counted: valid tokens refused, requests that took longer than the fetch
timeout, and what the issuers were asked. A connection that the killed child
had is made again and counted apart. Exit status 0: nothing refused, nothing
over time, no issuer asked more than the policy allows.

The tables are those of docs/performance.md, both MPMs one after the other. Load,
issuers and httpd share the machine: let it do nothing else meanwhile.
"""
import argparse
import os
import pathlib
import random
import signal
import tempfile
import threading
import time

import harness
import report
from table import milliseconds, quantile, render
from testenv import env, issuer as issuers, mint
from testenv.conf import Conf
from testenv.errorlog import ErrorLog
from testenv.mint import Key, Mint

TIMEOUT, MISS, REFRESH = 5, 1, 60
#: who waits for the whole timeout is answered a moment later
OVER = TIMEOUT + 0.1
#: attempts on its own that the policy adds after failures: 1, 2, 4 ... 32 s
BACK_OFF = 6
TUNING = {
    "event": """
        StartServers 2
        ServerLimit 8
        ThreadsPerChild 32
        MaxRequestWorkers 96
        MinSpareThreads 32
        MaxSpareThreads 96""",
    "prefork": """
        StartServers 12
        MinSpareServers 4
        MaxSpareServers 24
        MaxRequestWorkers 32""",
}


class Rotating:
    """An issuer whose key set moves on; which tokens of it are valid now."""

    def __init__(self, name, authority, at_once):
        self.name = name
        self.issuer = issuers.Issuer(authority, "/" + name)
        self.mint = Mint(self.issuer.url, None, mint.AUDIENCE)
        self.at_once = at_once
        self.made = 0
        self.keys = []      # newest first
        self.tokens = []    # that clients may send
        self.ready = []     # (key, tokens), made before they are needed
        for _ in range(4):
            self.prepare()
            self.rotate()

    def prepare(self):
        key = Key("P-256", f"{self.name}{self.made}")
        self.made += 1
        self.ready.append((key, [self.mint.token(key, jti=str(n))
                                 for n in range(4)]))

    def rotate(self):
        self.keys = [self.ready.pop(0)] + self.keys[:3]
        self.issuer.keys = [key for key, _ in self.keys]
        signing = self.keys[:2] if self.at_once else self.keys[1:3]
        self.tokens = [t for _, tokens in signing for t in tokens]

    def stranger(self, number):
        return self.mint.token(self.keys[-1][0], {"kid": f"x{number}"})


class Seen:
    """What came of the requests of one kind."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seconds = []
        self.lost = 0
        self.wrong = []

    def add(self, seconds, status, want, token):
        with self.lock:
            self.seconds.append(seconds)
            if status != want:
                self.wrong.append((time.strftime("%H:%M:%S"), status,
                                   token.split(".")[0]))

    def over(self):
        return sum(seconds > OVER for seconds in self.seconds)


class Run:
    def __init__(self, mpm, options, authority):
        self.mpm = mpm
        self.options = options
        self.end = threading.Event()
        self.sources = [Rotating(name, authority, options.at_once)
                        for name in ("rotating", "slow", "dead")]
        self.valid = {s.name: Seen() for s in self.sources}
        self.strange = {s.name: Seen() for s in self.sources}
        self.counted = {"rotations": 0, "restarts": 0, "killed": 0}
        env.TUNING.update(TUNING)
        self.server = env.Httpd(mpm, self.configuration(authority))

    def configuration(self, authority):
        conf = Conf(f"AuthBearerFetch ca={authority.ca} timeout={TIMEOUT}s "
                    f"connect=2s miss={MISS}s refresh={REFRESH}s",
                    f"AuthBearerAudience {mint.AUDIENCE}")
        for source in self.sources:
            conf.place(source.name,
                       f"AuthBearerIssuer {source.issuer.url}")
        return conf

    # --- requests ---

    def ask(self, seen, source, token, want):
        while True:
            begun = time.monotonic()
            try:
                answer = env.send(self.server.port, "/p/" + source.name,
                                  [("Authorization", "Bearer " + token)])
            except OSError:
                # its child was killed; the client's next try
                with seen.lock:
                    seen.lost += 1
                time.sleep(0.02)
                continue
            seen.add(time.monotonic() - begun, answer.status, want, token)
            return

    def be_client(self):
        while not self.end.is_set():
            source = random.choice(self.sources)
            self.ask(self.valid[source.name], source,
                     random.choice(source.tokens), 200)

    def be_stranger(self, source):
        number = 0
        while not self.end.wait(0.1):
            number += 1
            self.ask(self.strange[source.name], source,
                     source.stranger(number), 401)

    # --- what goes wrong ---

    def every(self, seconds, action):
        due = time.monotonic() + seconds
        while not self.end.wait(max(0, due - time.monotonic())):
            action()
            due += seconds

    def rotate(self):
        rotating, slow, _ = self.sources
        rotating.rotate()
        self.counted["rotations"] += 1
        if self.counted["rotations"] % self.options.slow_rotations == 0:
            slow.rotate()
            slow.prepare()
        rotating.prepare()

    def restart(self):
        self.server.graceful()
        self.counted["restarts"] += 1

    def kill(self):
        self.counted["killed"] += 1
        victim = self.server.fetcher() if self.counted["killed"] % 2 else None
        workers = sorted(self.server.workers() - {victim})
        if victim or workers:
            os.kill(victim or random.choice(workers), signal.SIGKILL)

    # --- all of it ---

    def warm(self):
        for source in self.sources:
            self.server.warm("/p/" + source.name, source.tokens[0])
            source.prepare()
        for source in self.sources:
            source.issuer.forget()
        self.sources[1].issuer.stall(3)
        self.sources[2].issuer.hang_up()
        self.log = self.server.errorlog.size()

    def run(self):
        self.server.start()
        self.warm()
        jobs = [threading.Thread(target=self.be_client)
                for _ in range(self.options.clients)]
        jobs += [threading.Thread(target=self.be_stranger, args=(s,))
                 for s in self.sources]
        jobs += [threading.Thread(target=self.every, args=pair) for pair in (
            (self.options.rotate, self.rotate), (5, self.restart),
            (7, self.kill))]
        begun = time.monotonic()
        for job in jobs:
            job.start()
        time.sleep(self.options.seconds)
        self.end.set()
        for job in jobs:
            job.join()
        self.passed = time.monotonic() - begun

    def close(self):
        self.server.errorlog = ErrorLog(os.devnull)  # outages are the point
        self.server.close()
        for source in self.sources:
            source.issuer.stop()

    # --- the tables ---

    def requests(self):
        rows = []
        for what, kinds in (("valid", self.valid), ("key unknown",
                                                    self.strange)):
            for name, seen in kinds.items():
                rows.append([
                    f"{what}, {name}, {self.mpm}", len(seen.seconds),
                    len(seen.wrong), seen.over(),
                    milliseconds(quantile(seen.seconds, 0.5)),
                    milliseconds(quantile(seen.seconds, 0.99)),
                    milliseconds(max(seen.seconds, default=0)), seen.lost])
        return rows

    def fetchers(self):
        """How often another child began to fetch; each does again what was
        cut off."""
        return self.server.errorlog.text(self.log).count(
            "begins fetching keys")

    def asked(self):
        """(issuer, what, asked, allowed)"""
        changes = self.fetchers()
        rounds = int(self.passed / MISS) + 1 + int(
            self.passed / (0.8 * REFRESH)) + 1 + changes
        rows = []
        for source in self.sources[:2]:
            one = source.issuer
            name = f"{source.name}, {self.mpm}"
            rows.append((name, "keys", one.count(one.jwks_path), rounds))
            rows.append((name, "metadata", one.count(one.discovery_path),
                         changes))
        # when nobody answers, both addresses are tried in a round
        rows.append((f"dead, {self.mpm}", "connections",
                     self.sources[2].issuer.count("(hung up)"),
                     2 * (rounds + BACK_OFF)))
        return rows

    def verdict(self):
        seen = [*self.valid.values(), *self.strange.values()]
        return all(not s.wrong and not s.over() and s.seconds for s in seen) \
            and all(count <= most for _, _, count, most in self.asked())

    def summary(self):
        done = ", ".join(f"{n} {what}" for what, n in self.counted.items())
        return f"{self.mpm}: {self.passed:.0f} s, {done}, " \
            f"{self.fetchers()} times another fetcher"

    def complaints(self):
        return [f"wrong: {self.mpm} {name} {when} {status} "
                f"{mint.unb64(header).decode()}"
                for kinds in (self.valid, self.strange)
                for name, seen in kinds.items()
                for when, status, header in seen.wrong[:10]]


def read_options(arguments):
    options = argparse.ArgumentParser(
        prog="bench keys", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--mpm", nargs="+", choices=["event", "prefork"],
                         default=["event", "prefork"])
    options.add_argument("--clients", type=int, default=4)
    options.add_argument("--rotate", type=float, default=1.0,
                         metavar="SECONDS")
    options.add_argument("--slow-rotations", type=int, default=20, metavar="N",
                         help="the slow issuer rotates every Nth time")
    options.add_argument("--at-once", action="store_true")
    options.add_argument("--out", help="raw lines",
                         default=harness.TOP / "docs/bench/keys.jsonl")
    options.add_argument("--show", metavar="FILE",
                         help="only the tables of these raw lines")
    return options.parse_args(arguments)


def measure(mpm, options, authority):
    """A finished run: what the tables are made of."""
    run = Run(mpm, options, authority)
    try:
        run.run()
        return (run.summary(), run.requests(), run.asked(), run.complaints(),
                run.verdict())
    finally:
        run.close()


def write(out, summaries, requests, asked):
    lines = report.Lines(out)
    for text in summaries:
        lines.add("summary", text=text)
    for row in requests:
        lines.add("requests", row=row)
    for row in asked:
        lines.add("asked", row=row)


def show(lines):
    """The tables of a run's raw lines."""
    rows = {}
    for line in lines:
        rows.setdefault(line["kind"], []).append(line.get("row") or line.get("text"))
    print("\n".join(rows["summary"]))
    print("\n" + render(
        ["tokens, MPM", "requests", "wrong", f"over {OVER} s", "median ms",
         "99 % ms", "max ms", "lost"], rows["requests"]))
    print("\n" + render(["issuer, MPM", "asked for", "times", "allowed"],
                        rows["asked"]) + "\n")


def main(arguments):
    options = read_options(arguments)
    if options.show:
        show(report.read_lines(options.show))
        return 0
    with tempfile.TemporaryDirectory(prefix="mab-bench-") as folder:
        pathlib.Path(folder).chmod(0o755)
        authority = issuers.Authority(folder)
        summaries, requests, asked, complaints, good = zip(
            *[measure(mpm, options, authority) for mpm in options.mpm])
    write(options.out, summaries, sum(requests, []), sum(asked, []))
    show(report.read_lines(options.out))
    for line in sum(complaints, []):
        print(line)
    print("good" if all(good) else "NOT GOOD")
    return 0 if all(good) else 1
