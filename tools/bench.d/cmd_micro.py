# SPDX-License-Identifier: Apache-2.0
"""the library's units one by one, and each signature beside bare OpenSSL

CPU time of one process, rounds over all units in turn, medians. "openssl" is
EVP_DigestVerify on a key that is ready; check_<alg> is bearer_jws_check, all
that this library does for it. The ratio is the median of the rounds' ratios.
"""
import argparse
import re
import subprocess
import sys

import harness
import json
import report
import tokens

ALGS = ("RS256", "ES256", "ES384", "EdDSA", "PS256", "ES512")
TIMES = {"check": 20, "openssl": 20}


def build():
    folder = harness.build_folder()
    done = subprocess.run(["make", "-C", str(folder), "tools/bench.d/micro"],
                          text=True, capture_output=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return folder / "tools/bench.d/micro"


def prepare(folder, size):
    folder.write("keys.json", json.dumps(
        {"keys": [tokens.signer(a).public() for a in ALGS]}))
    for alg in ALGS:
        folder.write(f"{alg}.pem", tokens.signer(alg).pem())
        folder.write(f"{alg}.token", tokens.token(alg, size=size))
    secret = tokens.Secret()
    folder.write("HS256.pem", secret.text)
    folder.write("HS256.token", tokens.token("HS256", size=size, kid="hs",
                                             key=secret.text.encode()))
    return [str(folder.root / "keys.json"), str(folder.root)]


def rounds(program, where, milliseconds):
    """unit -> CPU nanoseconds of each round but the first."""
    done = subprocess.run([str(program), *where, str(milliseconds)],
                          text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"bench: {done.stderr}")
    found = {}
    for line in done.stdout.splitlines():
        number, unit, nanos = line.split()
        if number != "0":
            found.setdefault(unit, []).append(float(nanos))
    return found


def instructions(program, where, unit, folder):
    """Of one call: the difference between two runs."""
    few = 5
    more = few + TIMES.get(unit.split("_")[0], 200)
    totals = []
    for times in (few, more):
        out = folder.root / "callgrind.out"
        # libtool's wrapper would be counted, too
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
             str(program), *where, "only", unit, str(times)],
            text=True, capture_output=True)
        if done.returncode:
            sys.exit(f"bench: {done.stderr}")
        totals.append(int(re.search(r"^(?:summary|totals): (\d+)",
                                    out.read_text(), re.M).group(1)))
    return (totals[1] - totals[0]) / (more - few)


def show(lines):
    """The table of a run's raw lines."""
    units = {line["unit"]: line for line in lines if line["kind"] == "unit"}
    rows = []
    for name, unit in units.items():
        other = units.get(f"openssl_{name[6:]}") if name.startswith("check_") \
            else None
        ratio = other and report.median(
            [a / b for a, b in zip(unit["nanos"], other["nanos"])])
        count = unit["instructions"]
        rows.append([name, f"{report.median(unit['nanos']) / 1000:.2f}",
                     f"{report.spread(unit['nanos']) / 1000:.2f}",
                     f"{ratio:.2f}" if ratio else "",
                     f"{count:,.0f}" if count else ""])
    print(report.table(["unit", "µs CPU", "quartiles", "to OpenSSL",
                        "instructions"], rows))
    claims = next(line["claims"] for line in lines if line["kind"] == "run")
    for line in lines:
        if line["kind"] == "cache":
            print(f"\nA token of {claims} bytes of claims takes "
                  f"{line['bytes']:.0f} bytes of the cache.")


def main(arguments):
    parser = argparse.ArgumentParser(prog="bench micro", description=__doc__)
    parser.add_argument("--milliseconds", type=int, default=20,
                        help="of one unit in one round")
    parser.add_argument("--size", type=int, default=900,
                        help="bytes of claims")
    parser.add_argument("--no-callgrind", action="store_true")
    parser.add_argument("--out",
                        default=harness.TOP / "docs/bench/micro.jsonl")
    parser.add_argument("--show", metavar="FILE",
                        help="only the table of these raw lines")
    opt = parser.parse_args(arguments)
    if opt.show:
        show(report.read_lines(opt.show))
        return 0
    program = build()
    lines = report.Lines(opt.out, claims=opt.size)
    with harness.Folder() as folder:
        where = prepare(folder, opt.size)
        found = rounds(program, where, opt.milliseconds)
        lines.add("cache", bytes=found.pop("token_bytes")[0])
        for unit, nanos in found.items():
            count = None if opt.no_callgrind \
                else instructions(program, where, unit, folder)
            lines.add("unit", unit=unit, nanos=nanos, instructions=count)
    show(report.read_lines(opt.out))
    return 0
