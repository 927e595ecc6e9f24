# SPDX-License-Identifier: Apache-2.0
"""millions of good and bad tokens while keys turn, issuers fail, httpd restarts

Half of all requests carry a token that must be refused, of every kind that
soak_tokens.py knows, many of them tokens that were good a moment ago. Three
issuers turn their keys as fast as the policy allows: one is well, one is by
turns slow, dead, or answers nonsense, one is a key file. In the first half httpd
is restarted gracefully again and again, its log turned as logrotate does; in the
second its children live on, so that what they lose has time to show.

Each answer is compared, one by one, with what must come of its token: the
status, and the reason that the module noted. Exit status 0: all answers are
right, no child died, the log has nothing that was not to be expected and no
piece of a token, memory is flat.

--lie KIND says the opposite of one kind: a run that must fail.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time

import harness
import report
from table import render
from testenv import issuer as issuers
from testenv.errorlog import ErrorLog

from soak_tokens import (AUDIENCE, KINDS, OTHER, SIGNING, Mix, Source,
                         publish_file)

TIMEOUT, MISS, REFRESH = 5, 1, 60
TUNING = {
    # more threads than connections: event closes idle ones when all are busy
    "event": """StartServers 2
ServerLimit 8
ThreadsPerChild 64
ThreadLimit 64
MaxRequestWorkers 128
MinSpareThreads 16
MaxSpareThreads 128""",
    # enough that each connection finds a child beside those that end, and few
    # enough that each child grows old
    "prefork": """StartServers 24
ServerLimit 40
MaxRequestWorkers 40
MinSpareServers 4
MaxSpareServers 30""",
}
#: waiting for a slow issuer takes a quarter of the workers at most
CONNECTIONS = {"event": 64, "prefork": 16}
#: what a fault of an issuer, and a restart under load, may say
EXPECTED = r"MAB0201|MAB0203|AH03490|AH00161|AH00484|AH00485|AH10159|AH03092"
#: KiB that the parent may have more in the last quarter than in the first; bytes
#: that children may grow by with an answer in the last quarter of a run of so many
#: (what malloc gives and is lost with each bad token is 16 at least)
PARENT, LOST, LONG = 512, 8, 3000000


class Log:
    """The error log, turned at each restart; old ones are read and removed when
    their children are surely gone."""

    def __init__(self, path):
        self.path = path
        self.turned = 0
        self.refusals = self.others = 0
        self.problems = []

    def turn(self):
        self.turned += 1
        os.rename(self.path, f"{self.path}.{self.turned}")
        if self.turned > 2:
            self.read(self.turned - 2)

    def read(self, number=None):
        path = f"{self.path}.{number}" if number else str(self.path)
        loud = f"{path}.loud"
        with open(path, "rb") as log, open(loud, "wb") as rest:
            for line in log:
                # what is refused is told at info, and is half of all
                if b"[auth_bearer:info]" in line and b"[client " in line:
                    self.refusals += 1
                else:
                    self.others += 1
                    rest.write(line)
                # each header begins with {"
                if b"eyJ" in line:
                    self.problems.append("a token is in the log")
        checked = ErrorLog(loud)
        checked.allow_always(EXPECTED)
        self.problems += checked.problems()
        os.remove(loud)
        if number:
            os.remove(path)

    def finish(self):
        for number in (self.turned - 1, self.turned):
            if number > 0:
                self.read(number)
        self.read()


class Weather:
    """What goes wrong with an issuer, in turns, each time after it was well."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.turns = 0
        both = (issuer.jwks_path, issuer.discovery_path)
        behave = lambda **how: [issuer.behave(path, **how) for path in both]
        self.kinds = [
            lambda: behave(stall=2),
            issuer.hang_up,
            lambda: behave(status=500, body=b"no"),
            lambda: behave(body="<html>come back later</html>"),
            lambda: behave(body='{"keys": []}'),
            lambda: behave(truncate=20),
            lambda: behave(stall=TIMEOUT + 2),
            lambda: behave(status=302, headers={"Location": "/elsewhere"}),
            lambda: behave(body=os.urandom(3000)),
        ]

    def turn(self):
        self.issuer.recover()
        if self.turns % 2 == 0:
            self.kinds[self.turns // 2 % len(self.kinds)]()
        self.turns += 1


class Soak:
    def __init__(self, folder, options, lines):
        self.folder, self.options, self.lines = folder, options, lines
        self.end = threading.Event()
        self.restarts = 0
        self.failed = []    # what the run itself met
        authority = issuers.Authority(folder.root)
        self.issuers = [issuers.Issuer(authority, f"/{name}")
                        for name in ("well", "unstable")]
        well, unstable = self.issuers
        file = folder.root / "keys.json"
        self.sources = [Source("well", well.url, self.publisher(well)),
                        Source("unstable", unstable.url,
                               self.publisher(unstable)),
                        Source("file", "https://file.soak.example",
                               publish_file(file))]
        self.weather = Weather(unstable)
        self.mix = Mix(folder.root / "requests", self.sources, options.lie)
        self.server = harness.Httpd(
            folder, "soak", mpm=options.mpm, modules=["headers"],
            files=[("auth_bearer", harness.module())],
            tuning=TUNING[options.mpm],
            conf=configuration(authority, well, unstable, file))
        self.log = Log(folder.root / "soak.log")

    @staticmethod
    def publisher(issuer):
        def publish(keys):
            issuer.keys = keys
        return publish

    # --- what goes on beside the load ---

    def beside(self, seconds, action):
        """Does it again and again, in a thread; what it meets ends the run."""
        def work():
            try:
                while not self.end.wait(seconds):
                    action()
            except Exception as error:  # told at the end, whatever it is
                self.failed.append(f"{action.__qualname__}: {error!r}")
                self.end.set()
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def turner(self, source):
        def turn():
            source.turn(self.mix, self.server, self.end)
        return turn

    def restart(self):
        """As logrotate does it; returns when the new generation serves. In the
        second half there is none: what children lose must have time to show."""
        if self.answered > self.options.requests / 2:
            return
        self.log.turn()
        os.kill(self.server.process.pid, signal.SIGUSR1)
        deadline = time.monotonic() + 60
        while "resuming normal operations" not in ErrorLog(
                self.log.path).text():
            if self.end.wait(0.05):
                return
            if time.monotonic() > deadline:
                raise RuntimeError("no restart in 60 s")
        self.restarts += 1

    def sample(self):
        """Memory of the parent and of the largest child, KiB."""
        parent = self.server.process.pid
        rss, _, private = harness.memory_of(parent)
        children = []
        for pid in self.server.children():
            try:
                children.append(harness.memory_of(pid))
            except (FileNotFoundError, ProcessLookupError):
                pass    # it just ended
        if children:
            self.lines.add(
                "memory", parent_rss=rss, parent=private,
                files=len(os.listdir(f"/proc/{parent}/fd")),
                child_rss=max(c[0] for c in children),
                child=max(c[2] for c in children), children=len(children),
                all=sum(c[2] for c in children), restarts=self.restarts,
                answered=self.answered)

    # --- the load ---

    def start_load(self):
        seen = self.folder.root / "seen.jsonl"
        seen.touch()
        self.seen, self.half = open(seen), ""
        return subprocess.Popen(
            ["wrk", "-t1", f"-c{CONNECTIONS[self.options.mpm]}",
             "-d1000000s", "--timeout", f"{2 * TIMEOUT}s",
             "-s", str(harness.HERE / "soak.lua"),
             f"http://127.0.0.1:{self.server.port}", "--",
             str(self.mix.path), str(self.options.requests), str(seen)],
            env={**os.environ, "SOAK_OUT": str(seen)},
            stdout=subprocess.DEVNULL, stderr=open(
                self.folder.root / "wrk.out", "w"))

    def look(self):
        """What the clients have told since the last look."""
        *whole, self.half = (self.half + self.seen.read()).split("\n")
        for line in whole:
            found = json.loads(line)
            if found["kind"] == "progress":
                self.mix.read = found["generation"]
                self.answered = found["answered"]
            else:
                self.lines.add(**found)

    def warm(self):
        """Until all have the keys that they are to have."""
        def fill(source):
            while len(source.signing) < SIGNING and not self.end.is_set():
                source.turn(self.mix, self.server, self.end)
        jobs = [threading.Thread(target=fill, args=(source,))
                for source in self.sources]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()

    def run(self):
        self.server.start()
        self.warm()
        self.mix.write()
        load, self.answered = self.start_load(), 0
        jobs = [self.beside(self.options.turn, self.turner(source))
                for source in self.sources]
        jobs += [self.beside(1, self.mix.write),
                 self.beside(self.options.weather, self.weather.turn),
                 self.beside(self.options.restart, self.restart)]
        told = 0
        try:
            while self.answered < self.options.requests \
                    and load.poll() is None and not self.end.is_set():
                if self.server.process.poll() is not None:
                    self.failed.append("httpd ended")
                    break
                time.sleep(1)
                self.look()
                self.sample()
                if self.answered - told >= self.options.requests / 20:
                    told = self.answered
                    print(f"{told:,}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            self.failed.append("interrupted")
        finally:
            self.end.set()
            if load.poll() is None:
                load.send_signal(signal.SIGINT)
            load.wait(60)
            for job in jobs:
                job.join()
        self.look()

    def finish(self):
        """The rest of the raw lines."""
        for issuer in self.issuers:
            issuer.stop()
        self.server.stop()
        self.log.finish()
        for source in self.sources:
            self.failed += [f"a new key was answered: {w}"
                            for w in source.wrong]
            self.lines.add("turns", source=source.name, turns=source.turns)
        self.lines.add("log", refusals=self.log.refusals,
                       others=self.log.others,
                       problems=self.log.problems[:50],
                       count=len(self.log.problems))
        self.lines.add("end", restarts=self.restarts,
                       weather=self.weather.turns, failed=self.failed)


def configuration(authority, well, unstable, file):
    place = "AuthType Bearer\nAuthBearerAudience"
    return f"""
LogLevel auth_bearer:info authz_core:crit
Header always set X-Soak "expr=%{{HTTP:X-Soak}}|%{{note:bearer-reason}}"
AuthBearerFetch ca={authority.ca} timeout={TIMEOUT}s connect=2s
AuthBearerFetch miss={MISS}s refresh={REFRESH}s
AuthBearerCheck leeway=0s
AuthBearerIssuer {well.url} keys={well.jwks_uri}
AuthBearerIssuer {unstable.url}
AuthBearerIssuer https://file.soak.example keys=file:{file}
<Location "/p/a">
  {place} {AUDIENCE}
  Require valid-user
</Location>
<Location "/p/b">
  {place} {OTHER}
  Require valid-user
</Location>
<Location "/p/c">
  {place} {AUDIENCE}
  Require claim realm_access.roles root
</Location>
"""


# --- telling -----------------------------------------------------------------

def quarters(lines, field):
    return report.quarters(line[field] for line in of_kind(lines, "memory"))


def lost(lines):
    """Bytes by which the children grow with each answer in the last quarter; no
    restart makes them begin anew then."""
    found = of_kind(lines, "memory")
    last = [line for line in found[-(len(found) // 4):]
            if line["children"] == found[-1]["children"]]
    if not last or last[-1]["answered"] == last[0]["answered"]:
        return 0.0
    return 1024 * (last[-1]["all"] - last[0]["all"]) \
        / (last[-1]["answered"] - last[0]["answered"])


def of_kind(lines, kind):
    return [line for line in lines if line["kind"] == kind]


def show(lines):
    """The tables of a run's raw lines; whether all is well."""
    run, = of_kind(lines, "run")
    end, = of_kind(lines, "end")
    log, = of_kind(lines, "log")
    load = (of_kind(lines, "load") or [None])[-1]
    wrong = of_kind(lines, "wrong")
    faults = list(end["failed"])
    if not load:
        faults.append("the clients told nothing")
        load = {"answered": 0, "wrong": 0, "seconds": 1, "lost": 0,
                "refused": 0, "timeouts": 0}
    counts = {c["token"]: c["answers"] for c in of_kind(lines, "count")}
    mistakes = {c["token"]: c["wrong"] for c in of_kind(lines, "count")}
    bad = sum(n for kind, n in counts.items()
              if KINDS.get(kind, (0,))[0] != 200)
    turns = {t["source"]: t["turns"] for t in of_kind(lines, "turns")}
    print(f"\n{run['mpm']}: {load['answered']:,} answers in "
          f"{load['seconds']:.0f} s ({load['answered'] / load['seconds']:,.0f} "
          f"a second; {run['system']}, {run['cores']} cores, load "
          f"{run['load']:.1f} before), {bad / max(1, load['answered']):.0%} of "
          f"them for bad tokens; {end['restarts']} graceful restarts; keys "
          + ", ".join(f"{n} ({name})" for name, n in turns.items())
          + f"; weather changed {end['weather']} times.\n")
    print(render(
        ["tokens", "must be", "answers", "wrong"],
        [[kind, f"{want[0]} {want[1]}".strip(), f"{counts.get(kind, 0):,}",
          mistakes.get(kind, 0)]
         for kind, want in KINDS.items()]))
    memory = {"parent, own": "parent", "parent, RSS": "parent_rss",
              "largest child, own": "child", "largest child, RSS": "child_rss"}
    print("\n" + render(
        ["memory, MB", "1st quarter", "2nd", "3rd", "4th"],
        [[name, *(f"{kib / 1024:.2f}" for kib in quarters(lines, field))]
         for name, field in memory.items()]))
    print("\n" + render(["beside", "number"], [
        ["wrong answers", load["wrong"]],
        ["connections lost (restarts)", load["lost"]],
        ["connections refused", load["refused"]],
        [f"answers after more than {2 * TIMEOUT} s", load["timeouts"]],
        ["refusals in the log", f"{log['refusals']:,}"],
        ["other lines in the log", f"{log['others']:,}"],
        ["lines that should not be there", log["count"]],
        ["children that died", sum("exit signal" in p or "AH00052" in p
                                   for p in log["problems"])],
        ["bytes that children grow by with an answer, 4th quarter",
         f"{lost(lines):.1f}"],
        ["open files of the parent", "{:.0f} to {:.0f}".format(
            *quarters(lines, "files")[::3])]]))
    faults += judge(lines, run, load, log, counts, bad, turns)
    for w in wrong[:20]:
        print(f"wrong: {w['at']} {w['token']} (key {w['key']}): {w['status']} "
              f"{w['reason'] or 'accepted'}")
    for problem in log["problems"][:20]:
        print(f"log: {problem[:300]}")
    for fault in faults:
        print(f"FAULT: {fault}")
    print("good" if not faults else "NOT GOOD")
    return not faults


def judge(lines, run, load, log, counts, bad, turns):
    """What is not as it must be."""
    if load["answered"] < run["requests"]:
        yield f"only {load['answered']} of {run['requests']} were answered"
    if load["wrong"]:
        yield f"{load['wrong']} wrong answers"
    for kind in KINDS:
        if not counts.get(kind):
            yield f"never sent: {kind}"
    for kind in set(counts) - set(KINDS):
        yield f"{counts[kind]} answers that tell nothing: {kind}"
    if not 0.45 < bad / max(1, load["answered"]) < 0.55:
        yield "not half of the tokens were bad"
    if load["refused"] or load["timeouts"]:
        yield "connections refused, or answers too late"
    if log["count"]:
        yield f"{log['count']} lines of the log"
    # more: of answers that were lost, and of looks at new keys
    if log["refusals"] < bad - load["wrong"]:
        yield f"{bad} refusals, but {log['refusals']} lines about them"
    for name, number in turns.items():
        if number < 5:
            yield f"the keys of {name} did not turn"
    first, _, _, last = quarters(lines, "parent")
    if last > first + PARENT:
        yield f"the parent grew from {first} to {last} KiB"
    # before that their caches and malloc's arenas still grow
    if run["requests"] >= LONG and lost(lines) > LOST:
        yield f"children grow by {lost(lines):.1f} bytes with each answer"


def options(arguments):
    parser = argparse.ArgumentParser(
        prog="bench soak", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=5000000)
    parser.add_argument("--mpm", choices=["event", "prefork"],
                        default="event")
    parser.add_argument("--restart", type=float, default=10,
                        metavar="SECONDS", help="between graceful restarts")
    parser.add_argument("--turn", type=float, default=1, metavar="SECONDS",
                        help="pause between two keys of an issuer")
    parser.add_argument("--weather", type=float, default=6,
                        metavar="SECONDS", help="between an issuer's faults")
    parser.add_argument("--lie", choices=sorted(KINDS), metavar="KIND")
    parser.add_argument("--out", help="raw lines (docs/bench/soak-<mpm>.jsonl)")
    parser.add_argument("--show", metavar="FILE",
                        help="only the tables of these raw lines")
    return parser.parse_args(arguments)


def main(arguments):
    opt = options(arguments)
    out = opt.out or harness.TOP / f"docs/bench/soak-{opt.mpm}.jsonl"
    if not opt.show:
        lines = report.Lines(out, requests=opt.requests, mpm=opt.mpm,
                             restart=opt.restart)
        with harness.Folder() as folder:
            soak = Soak(folder, opt, lines)
            try:
                soak.run()
            finally:
                soak.finish()
    return 0 if show(report.read_lines(opt.show or out)) else 1
