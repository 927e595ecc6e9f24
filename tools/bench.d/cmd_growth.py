# SPDX-License-Identifier: Apache-2.0
"""how instructions grow with tokens, issuers, keys and Require lines

Instructions of one request over bare httpd, by callgrind (see bench profile):
"seen" for a token that the cache has, "new" for one that it has not, ES256.
"""
import argparse
import sys

import cmd_profile
import harness
import report
import tokens

TABLES = {
    "bytes of claims": [200, 900, 2000, 4000, 6000],
    "issuers of the place": [1, 4, 16, 64],
    "keys in the set": [1, 4, 16, 64],
    "Require claim lines": [0, 1, 4, 16],
}
WARM, COUNT = 10, 60


def key_set(number):
    """The key that counts, behind so many others."""
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


def main(arguments):
    parser = argparse.ArgumentParser(prog="bench growth", description=__doc__)
    parser.add_argument("--out",
                        default=harness.TOP / "docs/bench/growth.jsonl")
    opt = parser.parse_args(arguments)
    lines = report.Lines(opt.out, requests=COUNT)
    with harness.Folder() as folder:
        issuer = harness.Issuer(folder)
        bare, _ = cmd_profile.count(folder, "bare", "", "/p/t", [], COUNT,
                                    WARM)
        for what, numbers in TABLES.items():
            rows = []
            for number in numbers:
                issuer.keys = key_set(number if what == "keys in the set"
                                      else 1)
                size = number if what == "bytes of claims" else 900
                made = ["Bearer " + tokens.token("ES256", n, size)
                        for n in range(COUNT + WARM)]
                cost = []
                for kind, values in (("seen", made[:1]), ("new", made)):
                    name = f"{kind} {number} {what}"
                    total, _ = cmd_profile.count(
                        folder, name, conf_of(issuer.url, what, number),
                        "/p/t", values, COUNT, WARM)
                    cost.append(total - bare)
                    lines.add("growth", what=what, number=number, token=kind,
                              over=total - bare)
                rows.append([number, *(f"{c:,.0f}" for c in cost)])
                print(f"{what}: {number}", file=sys.stderr, flush=True)
            print("\n" + report.table([what, "seen", "new"], rows))
    return 0
