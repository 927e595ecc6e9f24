# SPDX-License-Identifier: Apache-2.0
"""The oracle: what of an answer this request should not have been given."""
import json
import re

import world
from world import PAGES, Place

MARK = re.compile("MK[0-9a-f]{16}")
RECORD = re.compile(r"@@R(\[.*\])@@")
CGI = re.compile(r"@@C([^\0]*)\0(.*?)@@E", re.S)
NONCE = re.compile(r"n(\d+)n")
FORGED = re.compile(r"forged\d+f")
BY_MARK = {page.mark: page for page in PAGES.values()}
VALUES = {"sub": "user", "role": None, "suspended": None}


class Find:
    """kind: what finds are grouped by; text: what happened here."""

    def __init__(self, kind, text, case):
        self.kind, self.text, self.case = kind, text, case


class Record:
    """What a program told of its request."""

    def __init__(self, kind, page, seen):
        self.kind, self.page, self.seen = kind, PAGES.get(page), seen
        nonces = [v for k, v in seen if k.lower() in ("x-nonce",
                                                      "http_x_nonce")]
        found = NONCE.fullmatch(nonces[0]) if len(nonces) == 1 else None
        self.number = int(found[1]) if found else None
        self.text = "\n".join(f"{k}: {v}" for k, v in seen)

    def values(self, header):
        """All values of a request header, in every spelling."""
        want = header.lower().replace("_", "-")
        found = []
        for name, value in self.seen:
            name = name.lower().replace("_", "-")
            if self.kind != "http":
                if not name.startswith("http-"):
                    continue
                name = name[5:]
            if name == want:
                found.append(value)
        return found

    def told(self):
        """The users that the program was told of."""
        return {*self.values("X-User"),
                *(v for k, v in self.seen if k == "REMOTE_USER")}

    def variables(self, name):
        if self.kind == "http":
            return []
        return [v for k, v in self.seen if re.fullmatch(
            "(REDIRECT_)*" + name, k)]


def records(body):
    found = []
    for text in RECORD.findall(body):
        try:
            kind, page, _, seen = json.loads(text)
        except ValueError:
            continue
        found.append(Record(kind, page, seen))
    for page, text in CGI.findall(body):
        seen = [pair.split("=", 1) for pair in text.split("\0")
                if "=" in pair]
        found.append(Record("cgi", page.split(" ")[0], seen))
    return found


class Judge:
    """Judges the answers of one site. twist: a mistake on purpose, for the
    search's own tests."""

    def __init__(self, site, purse, cases, twist=None):
        self.site, self.purse, self.cases = site, purse, cases
        self.twist = twist
        self.places = {}
        self.headers = world.exported(site)
        self.variables = {target[4:]: claim for s in world.all_settings(site)
                          for claim, target in s.get("exp") or ()
                          if target.startswith("env:")}

    def place(self, page):
        if page.key not in self.places:
            self.places[page.key] = Place(self.site, page)
        return self.places[page.key]

    def judge(self, case, answer):
        finds = []
        body = answer.body
        both = answer.head + body
        for mark in set(MARK.findall(both)):
            page = BY_MARK.get(mark)
            if not page or self.error_page(page):
                continue
            if "\r\nage: " in answer.head.lower() \
                    and self.place(page).lets(None, case):
                continue  # made for nobody, and kept
            if self.twist == "nobody" or not self.place(page).admits(case):
                finds.append(self.mark(case, answer, page))
        if "@@" in body:
            for record in records(body):
                finds += self.record(case, record)
        if self.headers and answer.status < 300 and FORGED.search(
                self.seen(answer.head)):
            finds.append(Find("a condition sees a forged header",
                              "Seen: " + self.seen(answer.head), case))
        return finds

    def error_page(self, page):
        """httpd shows the error page of a place to whom it refuses there, and
        its parts."""
        errors = self.site["errors"].values()
        return page.uri in errors or page.area == "ssi" \
            and any(uri.startswith("/ssi/") for uri in errors)

    def seen(self, head):
        text = ""
        for line in head.split("\r\n"):
            if line.startswith("Seen: "):
                user, _, role = line[6:].partition("|")
                text = (user if "X-User" in self.headers else "") \
                    + (role if "X-Role" in self.headers else "")
        return text

    def mark(self, case, answer, page):
        place = self.place(page)
        cached = "\r\nage: " in answer.head.lower()
        tokens = place.good(case)
        who = "a user whom the place does not admit" if tokens else \
            "a request with bad tokens" if case.spots and not \
            case.good_tokens() else "a request without its token"
        why = next(text for holds, text in (
            (place.trusts and case.d.get("forged"),
             "by an <If> over a forged header"),
            (place.svn, "against AuthzSVNAccessFile"),
            (cached, "from the cache"),
            (tokens and place.luadeny, "against LuaHookAuthChecker"),
            (tokens and place.suspend and all(
                t.claims.get("suspended") for t in tokens),
             "against RewriteCond"),
            (place.ours and place.guests, "beside another module's user"),
            (not place.ours, f"in a place of AuthType {place.auth}"),
            (place.req and "paths" in str(place.req),
             "by a Require with an expression"),
            ("%3f" in case.d["path"].lower(), "past its place, by %3F"),
            (not case.plain, "past its place, by " + (case.via or "?")),
            (True, "at its own address")) if holds)
        return Find(f"content to {who}, {why}",
                    f"the page {page.key} came with status {answer.status}",
                    case)

    def record(self, case, record):
        finds = []
        origin = self.cases.get(record.number)
        if origin is None or origin.site is not case.site:
            return finds
        page = record.page
        place = self.place(page) if page and page.area in {
            a["kind"] for a in self.site["areas"]} else None
        if origin is not case:
            finds += self.foreign(case, record, origin, place)
            return finds
        for check in (self.forged, self.user, self.exports, self.tokens):
            finds += check(case, record, place)
        return finds

    # --- (c) somebody else's answer ---

    def foreign(self, case, record, origin, place):
        if not place or not place.ours:
            return []
        users = {t.user for t in place.good(origin)}
        # a place that lets everybody in may not have looked at the token
        if place.lets(None, origin) and not any(
                user in record.told() for user in users):
            return []
        mine = {t.user for t in case.good_tokens()}
        if not users or users & mine:
            return []
        if place.compat == "any-allow":
            return []
        return [Find(f"an answer made for a user's token, to "
                     f"{'another user' if mine else 'a stranger'}, by cache",
                     f"page {place.page.key}, made for request n{origin.n} "
                     f"of {sorted(users)}", case)]

    # --- (b) what programs are told ---

    def forged(self, case, record, place):
        found = []
        for name in self.headers:
            for value in record.values(name):
                if FORGED.search(value):
                    own = place and name.lower() in place.names
                    found.append(Find(
                        "a forged header reaches a program "
                        + self.where(case, place)
                        + (" that exports it" if own else ""),
                        f"{name}: {value}", case))
        if "X-User" in self.headers:
            for value in record.variables("USERCOPY"):
                if FORGED.search(value):
                    found.append(Find("SetEnvIf sees a forged header",
                                      f"USERCOPY={value}", case))
        return found[:1]

    def where(self, case, place):
        if not place:
            return "outside of all places"
        redirected = " by " + case.via if case.via else ""
        return f"in a place of AuthType {place.auth}{redirected}"

    def user(self, case, record, place):
        if not place:
            return []
        users = [v for k, v in record.seen if k == "REMOTE_USER"
                 and record.kind != "http"]
        allowed = {t.user for t in place.good(case)}
        allowed |= {u + "@x.example" for u in allowed}
        if place.ours:
            if place.compat == "any-allow":
                return []
            bad = [u for u in users if u and u not in allowed]
        else:
            everyone = {t.user for t in case.good_tokens()}
            everyone |= {u + "@x.example" for u in everyone}
            everyone |= {case.basic_user(), "luauser", "fcgiuser",
                         "certuser", ""}
            if case.d.get("basic"):
                # nobody has asked whether the password is right
                everyone.add("bob")
            bad = [u for u in users if u not in everyone]
        return [Find("a user that no token named, in a place of AuthType "
                     + str(place.auth), f"REMOTE_USER={u}", case) for u in bad]

    def exports(self, case, record, place):
        finds = []
        good = case.good_tokens()
        for names, values, what in (
                (self.headers, record.values, "header"),
                (self.variables, record.variables, "variable")):
            for name, claim in names.items():
                for value in values(name):
                    if FORGED.search(value):
                        continue
                    if not any(t.claims.get(claim) == value for t in good):
                        finds.append(Find(
                            f"a program gets a {what} of another token",
                            f"{name}: {value}", case))
                    elif place and place.auth == "Basic" and what == "header" \
                            and case.basic_user() and not place.guests:
                        finds.append(Find(
                            "a claim beside the user of AuthType Basic",
                            f"{name}: {value}", case))
        if place and place.ours:
            finds += self.lost(case, record, place)
        return finds[:1]

    def lost(self, case, record, place):
        """A single good token was taken here, so its claims must be told. (Not
        where Deny has refused before: then the error page may be from here.)"""
        tokens = place.spots(case)
        if len(tokens) != 1 or len(case.spots) != 1 or not tokens[0].good \
                or place.compat in ("any-allow", "all-deny") \
                or place.lets(None, case) \
                or case.d.get("basic") or case.d.get("query") \
                or "%23" in case.d["path"]:  # a redirect loses what follows
            return []
        for claim, target in place.exports:
            kind, name = target.split(":")
            want = tokens[0].claims.get(claim)
            if kind == "header" and want and not record.values(name):
                return [Find("an exported header is lost "
                             + self.where(case, place),
                             f"{name} is absent", case)]
        return []

    def tokens(self, case, record, place):
        finds = []
        aimed = self.place(case.page) if case.plain and case.page else None
        for token in self.purse.seen(record.text):
            spots = [spot for spot, t in case.spots if t is token]
            if not spots or not place and not aimed:
                continue
            hidden = place.hides(spots[0]) if place and place.ours else \
                bool(aimed and aimed.hides(spots[0]))
            # the query is the page's, not that of its parts or of the error
            # page of a place that knows no token in queries
            if spots[0].startswith("query") \
                    and (record.page is not case.page or case.page.uri
                         in self.site["errors"].values()) \
                    and not (aimed and aimed.hides(spots[0])):
                continue
            if hidden:
                how = "itself" if place and place.ours else "beyond it"
                names = sorted(k for k, v in record.seen if token.piece in v)
                finds.append(Find(
                    f"a token of {spots[0].split(':')[0]} that the place hides "
                    f"reaches a program ({how})", f"in {names}", case))
        return finds[:1]

    def log_line(self, case, line):
        """A line of the access log that belongs to a request."""
        place = self.place(case.page) if case.plain and case.page else None
        if not place or not place.ours:
            return []
        return [Find("a query's token in the access log", line.strip()[:60]
                     + "...", case)
                for token in self.purse.seen(line)
                if any(t is token and spot.startswith("query")
                       and spot in place.source for spot, t in case.spots)]
