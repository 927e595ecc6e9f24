# SPDX-License-Identifier: Apache-2.0
"""whether memory stays flat over many requests and key sets

One child of event, more distinct tokens than its cache holds, a new key set each
second. Shown is the child's memory as it goes; it must not grow once the cache
is full.
"""
import argparse
import contextlib
import time

import harness
import report
import tokens
from cmd_http import MANY, Rotation, protected


def main(arguments):
    parser = argparse.ArgumentParser(prog="bench memory", description=__doc__)
    parser.add_argument("--requests", type=int, default=1000000)
    parser.add_argument("--still", action="store_true",
                        help="no new key sets")
    parser.add_argument("--step", type=int, default=10,
                        help="seconds between two looks")
    parser.add_argument("--out",
                        default=harness.TOP / "docs/bench/memory.jsonl")
    opt = parser.parse_args(arguments)
    lines = report.Lines(opt.out, requests=opt.requests)
    with harness.Folder() as folder:
        issuer = harness.Issuer(folder)
        keys = issuer.keys = [tokens.signer(a).public()
                              for a in ("RS256", "ES256")]
        values = folder.write("values", "".join(
            f"Bearer {tokens.token('RS256', n)}\n" for n in range(MANY)))
        bare = harness.Httpd(folder, "bare").start()
        server = harness.Httpd(
            folder, "memory", conf=protected(issuer.url),
            files=[("auth_bearer", harness.module())]).start()
        first = values.read_text().splitlines()[0]
        while server.ask("/p/t", authorization=first) != 200:
            time.sleep(0.1)
        harness.slice_of(folder, bare, bare.port, "/p/t", values, 2, 32)
        without = bare.memory()
        done, rows = 0, []
        rotation = Rotation(issuer, server, keys)
        with contextlib.nullcontext() if opt.still else rotation:
            while done < opt.requests:
                done += harness.slice_of(folder, server, server.port, "/p/t",
                                         values, opt.step, 32)["requests"]
                rss, pss, private = server.memory()
                lines.add("memory", requests=done, turns=rotation.turns,
                          fetches=issuer.asked, rss=rss, private=private,
                          bare_rss=without[0], bare_private=without[2])
                rows.append([f"{done:,}", rotation.turns, f"{rss / 1024:.2f}",
                             f"{private / 1024:.2f}",
                             f"{(private - without[2]) / 1024:+.2f}"])
    print(report.table(["requests", "key sets", "RSS MB", "own MB",
                        "own over bare MB"], rows))
    return 0
