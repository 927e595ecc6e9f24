# SPDX-License-Identifier: Apache-2.0
"""Requests: spellings of paths, tokens in all spots, forged headers, methods,
and short chains of several people who ask for the same thing."""
import base64
import urllib.parse

from world import FILES, PAGES, Place, own_pages

BASIC = {"good": "bob:secret", "bad": "bob:wrong"}
FORGED = ["X-User", "x-user", "X_User", "X-USER", "x_user", "X-Role", "X_Role"]
CONNECTION = ["X-User", "keep-alive, X-User", "close; X-User", "X-User;",
              "close, X-Role;q=1", "keep-alive; X-User, X-Role"]
SPOTS = ["header", "cookie:tok", "query:access_token", "query:tok",
         "header:X-Token", "header:X-Auth:Bearer"]
WRITES = ("PUT", "COPY", "MOVE", "DELETE")


def mutate(rng, path):
    """Another spelling of a path, or of something near it."""
    at = rng.randrange(1, len(path))
    slashes = [i for i, c in enumerate(path) if c == "/"]
    cut = rng.choice(slashes)
    return rng.choice([
        lambda: path + rng.choice(["%3F", "%3f", "%3Fx", "%3F&", "%3F&x",
                                   "?", "%3F%26"]),
        lambda: path + "%3F",
        lambda: path + rng.choice(["%3F", "%3F&"]),
        lambda: path[:at] + f"%{ord(path[at]):02X}" + path[at + 1:],
        lambda: path[:at] + path[at].upper() + path[at + 1:],
        lambda: path + rng.choice([";x", ";.php", ";", "%3B", ".", "%20",
                                   "%00", "%23", "%0A", "\\", "/.", "%2e"]),
        lambda: path + rng.choice(["/", "//", "/x", "/x/y.php", "/..;/pub",
                                   "%2F", "%2Fx", "/../admin", "/%2e%2e/"]),
        lambda: path[:cut] + rng.choice(["//", "/./", "/x/../", "/%2e/", "%2F",
                                         "/;/", "/..;/", "/x/%2e%2e/", "\\",
                                         "/%5C/"]) + path[cut + 1:],
        lambda: path[:at] + "%25" + f"{ord(path[at]):02X}" + path[at + 1:],
        lambda: path + "%3Fx" + rng.choice([".php", "/admin.php", "/"]),
        lambda: path[:cut] + "/x%3F/.." + path[cut:],
        lambda: path[:cut] + "/pub;/.." + path[cut:],
    ])()


def is_folder(path):
    """Whether a path means a folder, in one spelling or another."""
    plain = urllib.parse.unquote(path.partition("?")[0])
    return plain.endswith(("/", "/.", "/.."))


class Case:
    """One request. d: its plain values; n: its number, which it carries."""

    def __init__(self, d, n, site, purse):
        self.d, self.n, self.site = d, n, site
        self.method = d["method"]
        self.spots = [(spot, purse[name]) for spot, name in d["spots"]]
        self.page = PAGES.get(d["page"])
        self.plain, self.via = d["plain"], d["via"]
        self.cert = bool(d.get("cert"))

    def basic_user(self):
        """The user that AuthType Basic would find."""
        if any(spot == "header" for spot, _ in self.spots):
            return None
        return "bob" if self.d.get("basic") == "good" else None

    def good_tokens(self):
        return [t for _, t in self.spots if t.good]

    def headers(self):
        d = self.d
        found = [("Host", f"s{self.site['slot']}.test"),
                 ("X-Nonce", f"n{self.n}n")]
        cookies = ["a=1"] if d.get("cookie") else []
        for spot, token in self.spots:
            kind, _, name = spot.partition(":")
            if kind == "header":
                name, _, scheme = (name or "Authorization:Bearer") \
                    .partition(":")
                found.append((name, (scheme + " " if scheme else "")
                              + token.text))
            elif kind == "cookie":
                cookies.append(f"{name}={token.text}")
        if d.get("basic") and not any(s == "header" for s, _ in self.spots):
            text = base64.b64encode(BASIC[d["basic"]].encode()).decode()
            found.append(("Authorization", "Basic " + text))
        if cookies:
            found.append(("Cookie", "; ".join(cookies)))
        for name in d.get("forged", ()):
            found.append((name, f"forged{self.n}f"))
        for name, header in (("conn", "Connection"), ("fresh", "X-Fresh"),
                             ("part", "X-Part")):
            if d.get(name):
                found.append((header, d[name]))
        if self.method in ("COPY", "MOVE"):
            scheme = "https" if self.site["tls"] else "http"
            found += [("Destination", f"{scheme}://s{self.site['slot']}.test"
                       + d["dest"]), ("Overwrite", "T")]
        if self.method == "PROPFIND":
            found.append(("Depth", "1"))
        if self.method == "OPTIONS":
            found += [("Origin", "https://app.example"),
                      ("Access-Control-Request-Method", "GET")]
        if self.method in ("PUT", "POST"):
            found.append(("Content-Length", str(len(self.body()))))
        return found

    def body(self):
        if self.method in ("PUT", "POST"):
            return f"put n{self.n}n\n"
        return ""

    def target(self):
        pairs = [spot.partition(":")[2] + "=" + token.text
                 for spot, token in self.spots if spot.startswith("query")]
        pairs += self.d.get("query", ())
        join = "&" if "?" in self.d["path"] else "?"
        return self.d["path"] + (join + "&".join(pairs) if pairs else "")

    def text(self):
        lines = [f"{self.method} {self.target()} HTTP/1.1",
                 *(f"{k}: {v}" for k, v in self.headers())]
        return "\r\n".join(lines) + "\r\n\r\n" + self.body()


# --- making them ------------------------------------------------------------------

def targets(site):
    """(path, key of the page, how it gets there: "" by its own address)."""
    found = []
    for page in own_pages(site):
        found += [(page.uri, page.key, "")] * (3 if page.base == "admin"
                                               else 1)
        if page.area == "proxy":
            found.append((page.uri + "/x", page.key, ""))
    for area in site["areas"]:
        kind = area["kind"]
        if area["index"]:
            found += [(f"/{kind}/", f"{kind}/{area['index']}",
                       "DirectoryIndex")] * 3
        if area["fallback"]:
            found += [(f"/{kind}/nothere", f"{kind}/{area['fallback']}",
                       "FallbackResource")] * 2
        if area["views"]:
            found += [(f"/{kind}/admin", f"{kind}/admin", "MultiViews")] * 2
        if area["px"]:
            found.append((f"/{kind}/px/thing", None, "a rewrite to a proxy"))
        if area["jump"]:
            found += [(f"/{kind}/jump{p.uri}", p.key, "a redirect")
                      for p in own_pages(site)]
        if kind in FILES + ("proxy", "pfcgi"):
            found.append((f"/{kind}/nothing", None, "no page"))
        if kind == "svn":
            found += [("/svn/secret/a.txt", "svn/secret/a", "")] * 4
    for prefix in [p for p in ("go", "raw", "al")
                   if site[{"go": "pt", "raw": "raw", "al": "alias"}[p]]]:
        found += [(f"/{prefix}{p.uri}", p.key, "another address")
                  for p in own_pages(site)]
    return found


class Asker:
    """Makes the chains of requests of one site."""

    def __init__(self, rng, site, purse):
        self.rng, self.site, self.purse = rng, site, purse
        self.targets = targets(site)
        self.places = {p.key: Place(site, p) for p in own_pages(site)}
        self.programs = [p for p in own_pages(site) if p.program]

    def someone(self):
        rng = self.rng
        return rng.choice(self.purse.good if rng.random() < .8
                          else self.purse.bad)

    def spots(self, place):
        rng = self.rng
        roll = rng.random()
        if roll < .2:
            return []
        likely = place.source if place and rng.random() < .85 else SOURCES1
        first = [rng.choice(likely), self.someone()]
        if roll < .93:
            return [first]
        other = rng.choice(SPOTS)
        name = self.someone()
        if other == first[0] or name == first[1]:
            return [first]
        return [first, [other, name]]

    def one(self):
        rng, d = self.rng, {}
        path, key, via = rng.choice(self.targets)
        place = self.places.get(key)
        area = next((a for a in self.site["areas"]
                     if key and a["kind"] == key.split("/")[0]), None)
        d.update(path=path, page=key, via=via, plain=not via, method="GET",
                 spots=self.spots(place))
        if rng.random() < .4:
            for _ in range(rng.choice([1, 1, 1, 2])):
                d["path"] = mutate(rng, d["path"])
            d["plain"] = False
            d["via"] = "another spelling"
        elif any(spot.startswith("query") for spot, _ in d["spots"]) \
                and rng.random() < .15:
            d.update(path=d["path"] + rng.choice(["%3F", "%3F&"]), plain=False,
                     via="another spelling")
        if rng.random() < .15:
            d["basic"] = rng.choice(["good", "good", "bad"])
        if place and place.auth == "Basic" and rng.random() < .6:
            self.two(d)
        if rng.random() < .45:
            d["forged"] = rng.sample(FORGED, rng.choice([1, 1, 2]))
        if rng.random() < .06:
            d["conn"] = rng.choice(CONNECTION)
        if rng.random() < .35:
            d["fresh"] = rng.choice(["public", "public", "age"])
        if rng.random() < .1:
            d["query"] = rng.choice([["a=1"], ["access_token="], ["tok="],
                                     ["x=1&access%5ftoken=x"], [";a=2"]])
        if not d["spots"] and rng.random() < .15:
            d["query"] = ["access_token="]
        if rng.random() < .2:
            d["cookie"] = True
        if self.site["tls"] and rng.random() < .5:
            d["cert"] = True
        if "/ssi/" in path and self.programs + self.targets:
            d["part"] = rng.choice(self.targets)[0] if rng.random() < .5 \
                or not self.programs else rng.choice(self.programs).uri
        if rng.random() < .12:
            d["method"] = rng.choice(["HEAD", "POST", "OPTIONS"])
        if area and area["kind"] in ("dav", "svn") and rng.random() < .35:
            self.dav(d, area)
        return d

    def two(self, d):
        """Two identities: a user of AuthType Basic, and a token elsewhere."""
        sources = [s for s in self.site["base"].get("source", ())
                   if s != "header"]
        d["basic"] = "good"
        d["spots"] = [[self.rng.choice(sources or ["cookie:tok"]),
                       self.rng.choice(self.purse.good)]]

    def dav(self, d, area):
        rng = self.rng
        d["method"] = rng.choice(["PUT", "PUT", "PUT", "PROPFIND", "COPY",
                                  "MOVE", "DELETE"])
        if area["kind"] == "svn":
            d["method"] = "PROPFIND"
        # whole folders are copied by httpd without a look at their members
        if d["method"] in WRITES and is_folder(d["path"]):
            d["method"] = "PUT"
        d["dest"] = rng.choice([p for p in PAGES.values()
                                if p.area == "dav"]).uri
        if rng.random() < .2:
            dest = mutate(rng, d["dest"])
            if not is_folder(dest):
                d["dest"] = dest

    def chain(self):
        """One request, or the same again by others."""
        rng, first = self.rng, self.one()
        found = [first]
        if rng.random() < (.5 if self.site["cache"] else .06):
            first["method"] = "GET"
            if rng.random() < .5:
                first["fresh"] = "public"
            for _ in range(rng.choice([1, 1, 2])):
                more = dict(first)
                more["spots"] = [] if rng.random() < .5 else \
                    [[spot, self.someone()] for spot, _ in first["spots"]]
                if rng.random() < .4:
                    more.pop("basic", None)
                if len({name for _, name in more["spots"]}) \
                        < len(more["spots"]):
                    more["spots"] = more["spots"][:1]
                found.append(more)
        return found


SOURCES1 = SPOTS
