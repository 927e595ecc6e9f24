# SPDX-License-Identifier: Apache-2.0
"""instructions of one request, and the functions they are spent in

Runs one httpd process under callgrind, sends requests over one connection, and
counts from after the warm-up. Instructions do not depend on what else the
machine does: this is the number to compare before and after a change. System
calls count for nothing here.
"""
import argparse
import http.client
import os
import re
import shutil
import subprocess
import time

import harness
import report
import tokens
from cmd_http import protected

#: where callgrind's files are kept, or None
KEEP = os.environ.get("BENCH_KEEP")

ROWS = ["bare", "bare, token sent", "other place", "one RS256", "one ES384", "many RS256",
        "many ES256"]


#: where a request is, in each MPM, and not what a process does beside it
REQUEST = {"prefork": ["ap_read_request", "ap_process_request"],
           "event": ["ap_read_request", "ap_process_async_request"]}


class Watched(harness.Httpd):
    """An httpd under callgrind: one process (alone), or a parent with children,
    which cannot be told when to begin: they count from the start. only: counts
    what requests do, nothing beside."""

    def __init__(self, folder, name, alone=True, only=False, mpm="prefork",
                 **how):
        super().__init__(folder, name, mpm=mpm, **how)
        self.alone = alone
        self.flags = [f"--toggle-collect={f}" for f in REQUEST[mpm] if only] \
            + ["--instr-atstart=no"] * alone

    def start(self):
        # a process that changes its user cannot be controlled by valgrind's tool
        self.user = {"user": "www-data", "group": "www-data"} \
            if os.getuid() == 0 else {}
        if self.user:
            self.folder.root.chmod(0o777)
        return self.spawn([
            "valgrind", "--tool=callgrind", *self.flags,
            f"--callgrind-out-file={self.folder.root}/{self.name}.callgrind.%p",
            harness.httpd_binary(), "-d", str(self.folder.root), "-f",
            str(self.conf), "-X" if self.alone else "-DFOREGROUND"],
            **self.user)

    def children(self):
        return [] if self.alone else super().children()

    def counting(self, how):
        if self.alone:
            subprocess.run(["callgrind_control", "-i", how,
                            str(self.process.pid)], check=True,
                           capture_output=True, timeout=60, **self.user)

    def counted(self):
        """The files of all that counted."""
        return sorted(self.folder.root.glob(f"{self.name}.callgrind.*"))


def send(clients, path, values, count):
    """So many requests by these connections at the same time."""
    for first in range(0, count, len(clients)):
        used = clients[:count - first]
        for i, client in enumerate(used, first):
            headers = {"Authorization": values[i % len(values)]} \
                if values else {}
            client.request("GET", path, headers=headers)
        for client in used:
            answer = client.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"bench: {path} is {answer.status}")


def count(folder, name, *what, **how):
    """count_once, again if valgrind missed the order to begin."""
    for attempt in range(4):
        result = count_once(folder, f"{name} {attempt}" if attempt else name,
                            *what, **how)
        if result[0]:
            return result
    raise SystemExit(f"bench: callgrind counted nothing of {name}")


def count_children(folder, name, conf, path, values, number, warm, *rest,
                   **how):
    """Instructions a request, of all children: the difference of two runs, of
    which one only warms up. Requests only are counted, and as many in both."""
    of = lambda kind, more: count_once(
        folder, f"{kind} {name}", conf, path, values, more, warm, *rest,
        alone=False, only=True, **how)[0] * max(1, more)
    return (of("all of", number) - of("warm", 0)) / number


def wait_for_keys(server, path, issuer):
    """Until the issuer has been asked, and is not any more; then a token must be
    good, one that is not measured: in some child it is in the cache now."""
    asked = -1
    while asked != issuer.asked or not asked:
        asked = issuer.asked
        time.sleep(1.5)
    if server.ask(path, token=tokens.token("ES256", 1 << 30)) != 200:
        raise SystemExit(f"bench: no keys:\n{server.said()}")


def count_once(folder, name, conf, path, values, number, warm, issuer=None,
               connections=1, children=1, **how):
    """Instructions a request, and [(instructions a request, function)]. Waits
    until an issuer is not asked any more: fetching happens in this process."""
    server = Watched(folder, re.sub(r"\W+", "-", name), conf=conf,
                     children=children,
                     files=[("auth_bearer", harness.module())] if conf else [],
                     **how).start()
    if values and conf:
        wait_for_keys(server, path, issuer)
        bad = "Bearer " + tokens.tampered(values[0][7:])
        if server.ask(path, authorization=bad) != 401:
            raise SystemExit("bench: a bad token is not refused")
    clients = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
               for _ in range(connections)]
    send(clients, path, values[:warm], warm)
    server.counting("on")
    send(clients, path, values[warm:] or values, number)
    server.counting("off")
    for client in clients:
        client.close()
    server.stop()
    if KEEP:
        for file in server.counted():
            shutil.copy(file, KEEP)
    return read(server.counted(), max(1, number))


def read(paths, number):
    """The instructions of these files for one request: all, and by function."""
    total, found = 0, {}
    for path in paths:
        text = subprocess.run(
            ["callgrind_annotate", "--threshold=100", "--auto=no", str(path)],
            text=True, capture_output=True, errors="replace").stdout
        for line in text.splitlines():
            hit = re.match(r"\s*([\d,]+) \([ \d.]+%\)\s+(.*)", line)
            if not hit:
                continue
            cost = int(hit.group(1).replace(",", ""))
            if "PROGRAM TOTALS" in line:
                total += cost
                continue
            what = hit.group(2)
            name = re.sub(r"^.*?:(?=[^:/])", "", what.split(" [")[0])
            library = re.search(r"\[.*?([^/]+)\]$", what)
            where = name, library.group(1) if library else ""
            found[where] = found.get(where, 0) + cost
    return total / number, [(cost / number, *where)
                            for where, cost in found.items()]


def show(lines):
    """The table of a run's raw lines."""
    found = [line for line in lines if line["kind"] == "profile"]
    bare = next(line["instructions"] for line in found if line["row"] == "bare")
    print("\n" + report.table(
        ["request", "instructions", "over bare"],
        [[line["row"], f"{line['instructions']:,.0f}",
          f"{line['instructions'] - bare:+,.0f}"] for line in found]))


def main(arguments):
    parser = argparse.ArgumentParser(prog="bench profile",
                                     description=__doc__)
    parser.add_argument("--only", action="append", default=[],
                        metavar="WORD", help="rows whose name has this word")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--top", type=int, default=30,
                        help="functions shown of a row")
    parser.add_argument("--out",
                        default=harness.TOP / "docs/bench/profile.jsonl")
    parser.add_argument("--show", metavar="FILE",
                        help="only the table of these raw lines")
    opt = parser.parse_args(arguments)
    if opt.show:
        show(report.read_lines(opt.show))
        return 0
    lines = report.Lines(opt.out, requests=opt.requests)
    bare = {}
    with harness.Folder() as folder:
        issuer = harness.Issuer(folder)
        issuer.keys = [tokens.signer(a).public()
                       for a in ("RS256", "ES256", "ES384")]
        for name in ROWS:
            if name != "bare" and opt.only \
                    and not any(word in name for word in opt.only):
                continue
            plain = name.startswith("bare")
            conf = "" if plain else protected(issuer.url)
            path = "/p/other" if name == "other place" else "/p/t"
            values, warm = [], 20
            if name[-1].isdigit() or name == "bare, token sent":
                alg = name.split()[1] if not plain else "RS256"
                many = name.startswith("many")
                values = ["Bearer " + tokens.token(alg, n)
                          for n in range(opt.requests + warm if many else 1)]
            total, found = count(folder, name, conf, path, values,
                                 opt.requests, warm, issuer)
            if name == "bare":
                bare = {(f, lib): c for c, f, lib in found}
            lines.add("profile", row=name, instructions=total)
            over = sorted(((c - bare.get((f, lib), 0), f, lib)
                           for c, f, lib in found), reverse=True)
            for cost, function, library in over[:opt.top * 2]:
                lines.add("function", row=name, function=function,
                          library=library, over=cost)
            if name != "bare":
                print(f"\n{name}: instructions over bare, by function")
                print(report.table(
                    ["instructions", "function", "library"],
                    [[f"{c:,.0f}", f, lib] for c, f, lib in over[:opt.top]]))
    show(report.read_lines(opt.out))
    return 0
