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


class Watched(harness.Httpd):
    """An httpd of one process under callgrind."""

    def start(self):
        # a process that changes its user cannot be controlled by valgrind's tool
        self.user = {"user": "www-data", "group": "www-data"} \
            if os.getuid() == 0 else {}
        if self.user:
            self.folder.root.chmod(0o777)
        self.out = self.folder.root / f"{self.name}.callgrind"
        return self.spawn([
            "valgrind", "--tool=callgrind", "--instr-atstart=no",
            f"--callgrind-out-file={self.out}", harness.httpd_binary(),
            "-d", str(self.folder.root), "-f", str(self.conf), "-X"], **self.user)

    def children(self):
        return []

    def counting(self, how):
        subprocess.run(["callgrind_control", "-i", how,
                        str(self.process.pid)], check=True,
                       capture_output=True, timeout=60, **self.user)


def send(client, path, values, count):
    for i in range(count):
        headers = {"Authorization": values[i % len(values)]} if values else {}
        client.request("GET", path, headers=headers)
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"bench: {path} is {answer.status}")


def count(folder, name, conf, path, values, number, warm):
    """Instructions a request, and [(instructions a request, function)]."""
    server = Watched(folder, re.sub(r"\W+", "-", name), mpm="prefork", conf=conf,
                     children=1, files=[("auth_bearer", harness.module())]
                     if conf else []).start()
    if values and conf:
        deadline = time.monotonic() + 60
        while server.ask(path, authorization=values[0]) != 200:
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: no keys:\n{server.said()}")
            time.sleep(0.2)
        bad = "Bearer " + tokens.tampered(values[0][7:])
        if server.ask(path, authorization=bad) != 401:
            raise SystemExit("bench: a bad token is not refused")
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    send(client, path, values[:warm], warm)
    server.counting("on")
    send(client, path, values[warm:] or values, number)
    server.counting("off")
    client.close()
    server.stop()
    if KEEP:
        shutil.copy(server.out, f"{KEEP}/{server.name}.callgrind")
    return read(server.out, number)


def read(path, number):
    text = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--auto=no",
         str(path)], text=True, capture_output=True, check=True).stdout
    found, total = [], 0
    for line in text.splitlines():
        hit = re.match(r"\s*([\d,]+) \([ \d.]+%\)\s+(.*)", line)
        if not hit:
            continue
        cost = int(hit.group(1).replace(",", ""))
        if "PROGRAM TOTALS" in line:
            total = cost
            continue
        what = hit.group(2)
        name = re.sub(r"^.*?:(?=[^:/])", "", what.split(" [")[0])
        library = re.search(r"\[.*?([^/]+)\]$", what)
        found.append((cost / number, name,
                      library.group(1) if library else ""))
    return total / number, found


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
    opt = parser.parse_args(arguments)
    lines = report.Lines(opt.out, requests=opt.requests)
    rows, bare = [], {}
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
                                 opt.requests, warm)
            if name == "bare":
                bare = {(f, lib): c for c, f, lib in found}
                base = total
            lines.add("profile", row=name, instructions=total)
            rows.append([name, f"{total:,.0f}", f"{total - base:+,.0f}"])
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
    print("\n" + report.table(["request", "instructions", "over bare"], rows))
    return 0
