# SPDX-License-Identifier: Apache-2.0
"""Makes a find small: many simpler versions of a site are tried at once, each as
a virtual host of one httpd, until nothing more can be left out."""
import copy

from server import SLOTS
from world import PAGES

ROUNDS = 25
PLAIN = {"cache": None, "slashes": None, "errors": {}, "pt": False,
         "raw": False, "alias": False, "copies": False, "expires": False,
         "tls": False}
AREA = {"whole": False, "index": None, "fallback": None, "views": False, "jump": False,
        "px": False, "anonymous": None, "via": "pass"}


class Trial:
    """A site and the chain of requests that a find needs."""

    def __init__(self, site, chain):
        self.site, self.chain = site, chain

    def copy(self):
        return Trial(copy.deepcopy(self.site), copy.deepcopy(self.chain))


def cuts(trial):
    """What can be left out: functions that do so to a copy."""
    found = []

    def dropped(*path):
        def cut(trial):
            at = trial.site
            for step in path[:-1]:
                at = at[step]
            del at[path[-1]]
        found.append(cut)

    def replaced(value, *path):
        def cut(trial):
            at = trial.site
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = value
        found.append(cut)

    site, length = trial.site, len(trial.chain) - 1
    if length > 8:
        # many others asked before: most are left out first
        step = max(1, length // 8)
        return [lambda t, n=n: t.chain.__delitem__(
            slice(n, min(n + step, length))) for n in range(0, length, step)]
    for number in range(length):
        found.append(lambda t, n=number: t.chain.pop(n))
    for number in range(len(site["areas"])):
        if len(site["areas"]) > 1:
            dropped("areas", number)
    for name, value in PLAIN.items():
        if site[name] != value:
            replaced(value, name)
    for name in site["base"]:
        dropped("base", name)
    for number, area in enumerate(site["areas"]):
        for name, value in AREA.items():
            if area.get(name) and area[name] != value:
                replaced(value, "areas", number, name)
        for s, section in enumerate(area["sections"]):
            dropped("areas", number, "sections", s)
            for name, value in section["s"].items():
                dropped("areas", number, "sections", s, "s", name)
                if name == "exp" and len(value) > 1:
                    for e in range(len(value)):
                        dropped("areas", number, "sections", s, "s", name, e)
                if name == "req" and value not in (["valid"], ["granted"]):
                    replaced(["valid"], "areas", number, "sections", s, "s",
                             name)
    for number, d in enumerate(trial.chain):
        for name in ("forged", "conn", "fresh", "part", "query", "basic",
                     "cookie", "cert"):
            if d.get(name):
                found.append(lambda t, n=number, k=name: t.chain[n].pop(k))
        for s in range(len(d["spots"])):
            found.append(lambda t, n=number, s=s: t.chain[n]["spots"].pop(s))
        if d["page"] and d["via"] == "another spelling":
            own = PAGES[d["page"]].uri
            found.append(lambda t, n=number, own=own: t.chain[n].update(
                path=own, via="", plain=True))
            found += [lambda t, n=number, own=own, end=end: t.chain[n].update(
                path=own + end) for end in ("%3F", "/x", ";x")]
        if d["method"] != "GET":
            found.append(lambda t, n=number: t.chain[n].update(method="GET"))
        if len(d.get("forged") or ()) > 1:
            for k in range(len(d["forged"])):
                found.append(lambda t, n=number, k=k:
                             t.chain[n]["forged"].pop(k))
    return found


class Shrinker:
    def __init__(self, search, config, kind, make_run):
        self.search, self.config, self.kind = search, config, kind
        self.make_run = make_run

    def holds(self, trials, **over):
        """Which of the trials still show the find."""
        found = []
        for at in range(0, len(trials), SLOTS):
            part = trials[at:at + SLOTS]
            sites = []
            for slot, trial in enumerate(part):
                sites.append({**trial.site, "slot": slot})
            config = {**self.config, **over, "sites": sites}
            run = self.make_run(config, [[t.chain] for t in part])
            try:
                finds = run.all()
            except RuntimeError:
                # one that httpd does not take hides the others
                finds = []
                if len(part) > 1:
                    found += [r for t in part for r in self.holds([t])]
                    continue
            slots = {f.case.site["slot"]: f for f in finds
                     if f.case and f.kind == self.kind}
            found += [slot in slots for slot in range(len(part))]
        return found

    def shrink(self, trial):
        for _ in range(ROUNDS):
            candidates = []
            all_cuts = cuts(trial)
            for cut in all_cuts:
                one = trial.copy()
                cut(one)
                candidates.append(one)
            held = self.holds(candidates)
            good = [n for n, ok in enumerate(held) if ok]
            if not good and len(trial.chain) > 9:
                # all are needed in eighths: the first half is no less
                half = trial.copy()
                del half.chain[:len(half.chain) // 2]
                if not self.holds([half])[0]:
                    return trial
                trial = half
                continue
            if not good:
                return trial
            trial = self.together(trial, all_cuts, good) \
                or candidates[good[0]]
        return trial

    def together(self, trial, all_cuts, good):
        """As many of the cuts at once as the find survives."""
        size = len(good)
        while size > 1:
            tries = []
            for begin in range(0, len(good), size):
                one = trial.copy()
                # from the back: positions before it stay what they were
                for n in reversed(good[begin:begin + size]):
                    try:
                        all_cuts[n](one)
                    except (KeyError, IndexError):
                        pass
                if one.chain and one.site["areas"]:
                    tries.append(one)
            held = self.holds(tries)
            for one, ok in zip(tries, held):
                if ok:
                    return one
            size //= 2
        return None


def shrink(search, run, find, make_run):
    """The report of a find that was made as small as it gets."""
    case = find.case
    chain = next(c for c in run.chains if case in c)
    chain = [c.d for c in chain[:chain.index(case) + 1]]
    shrinker = Shrinker(search, run.config, find.kind, make_run)
    trial = Trial(copy.deepcopy(case.site), copy.deepcopy(chain))
    if not shrinker.holds([trial])[0]:
        # it needs what others asked before
        chain = [c.d for one in run.chains for c in one
                 if c.site is case.site and c is not case] + [case.d]
        trial = Trial(copy.deepcopy(case.site), copy.deepcopy(chain))
        if not shrinker.holds([trial])[0]:
            return "   (not seen again when it was asked alone)\n" \
                + show(search, trial.site, [case], run.config)
    trial = shrinker.shrink(trial)
    orders = [f"{mpm}, LoadModule {'first' if first else 'last'}"
              for mpm in ("event", "prefork") for first in (True, False)
              if shrinker.holds([trial], mpm=mpm, first=first)[0]]
    if "/lua/hooks" not in str(search.httpd.render(
            {**run.config, "sites": [trial.site]})) and not shrinker.holds(
                [trial], lua=not run.config["lua"])[0]:
        orders.append("only with mod_lua loaded" if run.config["lua"]
                      else "not with mod_lua loaded")
    site = {**trial.site, "slot": 0}
    last = make_run({**run.config, "sites": [site]}, [[trial.chain]])
    return f"   on: {'; '.join(orders)}\n" \
        + show(search, site, list(last.cases.values()), run.config)


def show(search, site, cases, config):
    text, files = search.httpd.render({**config, "sites": [site]})
    lines = ["   configuration:"] + ["      " + x for x in text.splitlines()]
    for name, body in files.items():
        lines += [f"   {name}:"] + ["      " + x for x in body.splitlines()]
    purse = search.purse
    for case in cases:
        said = case.text()
        for token in purse.all.values():
            said = said.replace(token.text, f"<token {token.name}>")
        lines += ["   request:"] + ["      " + x for x in
                                    said.strip().splitlines()]
    return "\n".join(lines).replace(str(search.httpd.root), "ROOT")
