# SPDX-License-Identifier: Apache-2.0
"""Whether the search would see a leak: httpd is given something else than the
administrator meant, one protection less at a time, and a find must follow."""
import copy
import random

import world
from asks import Asker


def settings(config):
    return [s for site in config["sites"] for s in world.all_settings(site)]


def opened(config):
    """Places of AuthType Bearer let everybody in."""
    for s in settings(config):
        if s.get("auth") == "Bearer":
            s["req"] = ["granted"]
    return config


def unexported(config):
    """Nobody owns the headers that places export."""
    for s in settings(config):
        s.pop("exp", None)
        s.pop("suspend", None)
    return config


def shown(config):
    """Tokens go on to what is behind."""
    for s in settings(config):
        s.pop("source", None)
        s["fwd"] = "On"
    return config


def swapped(config):
    """Everybody's user is another claim's."""
    for s in settings(config):
        s["user"] = "tenant"
    return config


def unjudged(config):
    """Nobody asks mod_authz_svn, mod_lua and mod_rewrite."""
    for s in settings(config):
        for name in ("luadeny", "suspend"):
            s.pop(name, None)
    return config


#: what is broken, and the beginning of the find that must follow
BROKEN = [
    (opened, "content to "),
    (unexported, "a forged header reaches a program"),
    (unexported, "a condition sees a forged header"),
    (shown, "a token of "),
    (shown, "a query's token in the access log"),
    (swapped, "a user that no token named"),
    (unjudged, "content to a user whom the place does not admit, against"),
]
MOST = 12  # configurations


def main(search_class):
    search = search_class("self-test", shrinks=False)
    try:
        return 0 if all(tests(search)) else 1
    finally:
        search.httpd.close()


def tests(search):
    fine = [report(until(search, None, "content to ", twist="nobody"),
                   "an oracle that admits nobody objects")]
    for breaks, kind in BROKEN:
        fine.append(report(
            until(search, lambda c, b=breaks: b(copy.deepcopy(c)), kind),
            f"{breaks.__doc__[:-1].lower()}: {kind.strip()}"))
    fine.append(report(repeats(search), "the same seed asks the same"))
    return fine


def until(search, render, kind, twist=None):
    """Asks until there is a find of this kind; whether there was one."""
    search.kinds.clear()
    search.first.clear()
    for number in range(MOST):
        for find in search.configuration(number, render, twist):
            if find.kind.startswith(kind):
                return True
    return False


def repeats(search):
    def all_of(seed):
        config = world.make(seed, 5)
        return str(config) + str([
            Asker(random.Random(seed), site, search.purse).chain()
            for site in config["sites"]])
    return all_of("a") == all_of("a") != all_of("b")


def report(fine, what):
    print(("ok " if fine else "FAIL ") + what, flush=True)
    return fine
