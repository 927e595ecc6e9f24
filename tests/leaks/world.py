# SPDX-License-Identifier: Apache-2.0
"""The pages of a site, the places that may protect them, and what the
administrator meant: a generated site is a structure of plain values, which is
rendered for httpd and which tells, page by page, whom a place admits.

Nothing here looks at an address that a client wrote. The model knows which
sections hold for a page under its own name; a page is served to who reaches
it, so whatever detour a request took, the answer must satisfy that place."""
import random

from testenv import mint

from tokens import EXTENSIONS, ISSUER

FILES = ("file", "cgi", "fcgi", "dav", "ssi")
NAMES = ("pub", "admin", "alice", "bob", "in/pub", "in/admin")
RANK = {"Directory": 1, "htaccess": 1, "DirectoryMatch": 2, "Files": 3,
        "FilesMatch": 3, "Location": 4, "LocationMatch": 4, "If": 5}
#: sections that go by the address; other ways to a file pass them by
BY_ADDRESS = ("Location", "LocationMatch", "If")
SOURCES = [["header"], ["cookie:tok"], ["query:access_token"], ["query:tok"],
           ["header:X-Token"], ["header:X-Auth:Bearer"],
           ["header", "cookie:tok"], ["header", "query:access_token"],
           ["cookie:tok", "query:access_token"]]


class Page:
    def __init__(self, area, name, rng):
        self.area, self.name = area, name
        self.key = f"{area}/{name}"
        self.file = self.key + EXTENSIONS.get(area, ".txt")
        self.uri = "/" + self.file
        self.base = name.rpartition("/")[2]
        self.mark = "MK%016x" % rng.getrandbits(64)
        self.program = area in ("cgi", "fcgi", "proxy", "pfcgi")


def pages(rng):
    found = [Page(area, name, rng) for area in EXTENSIONS for name in NAMES]
    found += [Page("svn", "pub", rng), Page("svn", "secret/a", rng)]
    return {page.key: page for page in found}


PAGES = pages(random.Random("the pages"))


# --- requirements: trees of lists ------------------------------------------------

def req_lines(req):
    kind, rest = req[0], req[1:]
    if kind in ("all", "any", "none"):
        name = "Require" + kind.capitalize()
        return [f"<{name}>", *[line for one in rest for line in req_lines(one)],
                f"</{name}>"]
    return {
        "valid": lambda: ["Require valid-user"],
        "granted": lambda: ["Require all granted"],
        "denied": lambda: ["Require all denied"],
        "local": lambda: ["Require ip 127.0.0.1"],
        "user": lambda u: [f"Require user {u} {u}@x.example"],
        "claim": lambda c, v: [f"Require claim {c} {v}"],
        "match": lambda c, v: [f"Require claim {c} ~ ^{v}$"],
        "scope": lambda s: [f"Require scope {s}"],
        "paths": lambda: ['Require claim paths "%{REQUEST_URI}"'],
        "expr": lambda c, v: [f"Require expr \"claim('{c}') == '{v}'\""],
        "exprnot": lambda c, v: [f"Require expr \"claim('{c}') != '{v}'\""],
        "notclaim": lambda c, v: [f"Require not claim {c} {v}"],
    }[kind](*rest)


def req_holds(req, who, page, ours):
    """who: a Token, a name of AuthType Basic, or None."""
    kind, rest = req[0], req[1:]
    if kind == "all":
        return all(req_holds(one, who, page, ours) for one in rest)
    if kind == "any":
        return any(req_holds(one, who, page, ours) for one in rest)
    if kind == "none":
        return not any(req_holds(one, who, page, ours) for one in rest)
    if kind in ("granted", "local"):
        return True
    if kind == "denied" or (who is None and kind != "exprnot"):
        return False
    if kind == "valid":
        return True
    if isinstance(who, str) or who is None:
        if kind == "exprnot":
            return not ours  # no claim is there, which is not equal
        return kind == "user" and who == rest[0]
    claims = who.claims if ours else {}
    if kind == "user":
        return who.user == rest[0]
    if kind == "scope":
        return rest[0] in claims.get("scope", "").split()
    if kind == "paths":
        return page.uri in claims.get("paths", ())
    if kind in ("exprnot", "notclaim"):
        return claims.get(rest[0]) != rest[1]
    return claims.get(rest[0]) == rest[1]


def make_req(rng, inner, depth=0):
    roll = rng.random()
    if inner and roll < .35 or roll < .10:
        return rng.choice([["claim", "role", "admin"],
                           ["match", "role", "admin"], ["user", "root"],
                           ["expr", "role", "admin"], ["scope", "admin"]])
    if roll < .45:
        return ["valid"]
    if roll < .57:
        return ["paths"]
    if roll < .66:
        return rng.choice([["claim", "tenant", "t1"], ["scope", "write"],
                           ["exprnot", "role", "user"]])
    if roll < .74:
        return ["all", ["valid"], ["notclaim", "role", "user"]]
    if roll < .78:
        return ["all", ["valid"], ["none", ["claim", "tenant", "t2"],
                                   ["user", "alice"]]]
    if depth < 1 and roll < .84:
        return [rng.choice(["any", "all"]), make_req(rng, inner, 1),
                make_req(rng, inner, 1)]
    if not inner and roll < .93:
        return ["granted"]
    return rng.choice([["denied"], ["valid"], ["valid"],
                       ["any", ["user", "bob"], ["claim", "role", "admin"]]])


# --- settings of a section ----------------------------------------------------------

BASIC = ["AuthName leaks", "AuthBasicProvider file", "AuthUserFile {root}/users"]
COMPAT = {
    "any-allow": ["Satisfy Any", "Order deny,allow", "Deny from all",
                  "Allow from 127.0.0.1"],
    "any-deny": ["Satisfy Any", "Order allow,deny", "Deny from all"],
    "all-deny": ["Satisfy All", "Order allow,deny", "Deny from all"],
    "all-allow": ["Satisfy All", "Order deny,allow", "Deny from all",
                  "Allow from 127.0.0.1"],
}


def settings_lines(s):
    lines = []
    auth = s.get("auth")
    if auth == "Bearer":
        lines += ["AuthType Bearer"]
    elif auth == "Basic":
        lines += ["AuthType Basic", *BASIC]
    elif auth == "form":
        lines += ["AuthType form", "AuthName leaks", "AuthFormProvider file",
                  "AuthUserFile {root}/users", "Session On",
                  "SessionCookieName leaksession path=/"]
    elif auth:
        lines += ["AuthType None"]
    if s.get("fcgiauth"):
        lines.append("AuthnzFcgiCheckAuthnProvider leaks RequireBasicAuth Off"
                     ' DefaultUser fcgiuser UserExpr "%{reqenv:NOBODY}"')
    if s.get("luauser"):
        lines.append("LuaHookCheckUserID {root}/lua/hooks.lua who"
                     + {1: "", 2: " early", 3: " late"}[s["luauser"]])
    if s.get("luadeny"):
        lines.append("LuaHookAuthChecker {root}/lua/hooks.lua deny")
    if s.get("ssluser"):
        lines.append("SSLUserName SSL_CLIENT_S_DN_CN")
    if s.get("source"):
        lines.append("AuthBearerSource " + " ".join(s["source"]))
    for name, directive in (("fwd", "Forward"), ("opt", "Optional")):
        if s.get(name):
            lines.append(f"AuthBearer{directive} {s[name]}")
    if s.get("user"):
        lines.append("AuthBearerUser " + s["user"])
    for claim, target in s.get("exp") or ():
        lines.append(f"AuthBearerClaim {claim} {target}")
    if s.get("cors"):
        lines.append("AuthBearerCrossOrigin https://app.example")
    if s.get("compat"):
        lines += COMPAT[s["compat"]]
    if s.get("merge"):
        lines.append("AuthMerging " + s["merge"])
    if s.get("req"):
        lines += req_lines(s["req"])
    if s.get("suspend"):
        lines += ["RewriteEngine On", "RewriteCond %{ENV:CLAIM_SUSPENDED} =true",
                  "RewriteRule ^ - [F]"]
    if s.get("trust"):
        lines += ['<If "%{HTTP:X-User} =~ /^forged/">', "Require all granted",
                  "</If>"]
    return lines


EXPORTS = [["sub", "header:X-User"], ["role", "header:X-Role"],
           ["role", "env:CLAIM_ROLE"], ["suspended", "env:CLAIM_SUSPENDED"]]


def make_exports(rng, only_env=False):
    found = [e for e in EXPORTS if rng.random() < .6
             and not (only_env and e[1].startswith("header"))]
    return found or [EXPORTS[-1]] if only_env else found or [EXPORTS[0]]


def make_settings(rng, site, kind, inner):
    s = {}
    limited = kind == "htaccess"
    roll = rng.random()
    if roll < (.75 if inner else .66):
        s["auth"] = "Bearer"
        if rng.random() < .12 and not limited:
            s.update(opt="On", req=rng.choice(
                [["granted"], ["granted"], ["any", ["granted"], ["valid"]]]))
        else:
            s["req"] = make_req(rng, inner)
    elif roll < .86:
        s["auth"] = "Basic"
        s["req"] = rng.choice([["valid"], ["valid"], make_req(rng, inner),
                               ["claim", "role", "admin"]])
        if rng.random() < .25:
            del s["req"]
        elif not limited and not inner and rng.random() < .5:
            s["fcgiauth"] = True
    elif roll < .94:
        s.update(auth="None", req=["granted"])
    elif roll < .97:
        s.update(auth="form", req=["valid"])
    if limited:
        if s.get("auth") == "form":
            s["auth"] = "Bearer"
        if rng.random() < .3:
            s["exp"] = make_exports(rng, True)
        return s
    if rng.random() < .12:
        s["source"] = rng.choice(SOURCES)
    if rng.random() < .15:
        s["fwd"] = rng.choice(["On", "Off", "Off"])
    if rng.random() < .30:
        s["exp"] = make_exports(rng)
    if rng.random() < .05:
        s["user"] = "email"
    if rng.random() < .09:
        s["compat"] = rng.choice(["any-allow", "any-deny", "any-deny",
                                  "all-deny", "all-allow", "all-allow"])
    if site["lua"] and rng.random() < .15:
        s["luadeny"] = True
    if site["lua"] and not inner and rng.random() < .12:
        s["luauser"] = rng.randint(1, 3)
    if site["tls"] and rng.random() < .5:
        s["ssluser"] = True
    if inner and rng.random() < .08:
        s["merge"] = rng.choice(["And", "Or"])
    if kind == "Directory" and not inner and rng.random() < .25:
        s["suspend"] = True
        s["exp"] = make_exports(rng)
        if EXPORTS[3] not in s["exp"]:
            s["exp"].append(EXPORTS[3])
    if rng.random() < .04:
        s["cors"] = True
    if rng.random() < .08:
        s["trust"] = True
    return s


# --- sections ------------------------------------------------------------------------

def holds_for(area, section, page):
    target = section["t"]
    if page.area != area["kind"]:
        return False
    if target == "":
        return True
    if target == "in":
        return page.name.startswith("in/")
    if section["k"] == "Location":
        return page.name == target
    return page.base == target


def order(section):
    return RANK[section["k"]], section["t"] == "in" and \
        RANK[section["k"]] == 1, section["k"] == "htaccess"


def sections_of(site, page):
    """(rank, settings) of all that hold for a page, outermost first."""
    yield 0, site["base"]
    for area in site["areas"]:
        for section in sorted(area["sections"], key=order):
            if holds_for(area, section, page):
                yield RANK[section["k"]], section["s"]


def opening(site, area, section):
    kind, target = section["k"], section["t"]
    folder = f"{{root}}/docs/s{site['slot']}/{area['kind']}"
    extension = EXTENSIONS.get(area["kind"], "")
    address = f"/{area['kind']}"
    if target in ("", "in"):
        tail = "/in" if target else ""
        if kind in ("Directory", "Location"):
            return f'<{kind} "{(folder if kind[0] == "D" else address) + tail}">'
        if kind == "DirectoryMatch":
            return f'<DirectoryMatch "^{folder}{tail}(/|$)">'
        if kind == "LocationMatch":
            return f'<LocationMatch "^{address}{tail}(/|$)">'
        return f'<If "%{{REQUEST_URI}} =~ m#^{address}{tail}(/|$)#">'
    if kind == "Files":
        return f'<Files "{target}{extension}">'
    if kind == "Location":
        return f'<Location "{address}/{target}{extension}">'
    # an exact one leaves out what only looks like the page
    end = f"{extension}(/|$)".replace(".", "\\.") if section["exact"] else ""
    if kind == "FilesMatch":
        return f'<FilesMatch "^{target}{end}">'
    if kind == "LocationMatch":
        return f'<LocationMatch "^{address}/(in/)?{target}{end}">'
    return f'<If "%{{REQUEST_URI}} =~ m#^{address}/(in/)?{target}{end}#">'


def make_sections(rng, site, area):
    kind = area["kind"]
    if kind == "svn":
        s = {"auth": "Bearer", "req": ["valid"]}
        if rng.random() < .3:
            s["satisfy"] = "Any"
        if rng.random() < .3:
            s["source"] = rng.choice(SOURCES)
        return [{"k": "Location", "t": "", "s": s}]
    if kind in FILES:
        outer = rng.choice(["Directory"] * 4 + ["htaccess", "DirectoryMatch",
                                                "Location", "LocationMatch"])
    else:
        outer = rng.choice(["Location"] * 3 + ["LocationMatch", "If"])
    sections = []
    if rng.random() < .92:
        sections.append({"k": outer, "t": "", "s": make_settings(
            rng, site, outer, False)})
    kinds = ["Directory", "htaccess", "DirectoryMatch", "Files", "Files",
             "FilesMatch", "Location", "LocationMatch", "If"] \
        if kind in FILES else ["Location", "LocationMatch", "If"]
    if sections and rng.random() < .35:
        # what most administrators write: something stricter inside
        sections[0]["s"].update(auth="Bearer", req=rng.choice(
            [["valid"], ["valid"], ["scope", "read"]]))
        if outer != "htaccess" and rng.random() < .2:
            sections[0]["s"].update(opt="On", req=["granted"])
        sections.append({
            "k": "Files" if RANK[outer] < 3 else outer if outer == "If"
            else "Location", "t": "admin", "exact": True,
            "s": {"auth": "Bearer", "req": rng.choice(
                [["claim", "role", "admin"], ["user", "root"]])}})
    for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3])):
        inner = rng.choice(kinds)
        if inner in ("Directory", "htaccess", "DirectoryMatch"):
            target = "in"
        elif RANK[inner] == 3:
            target = rng.choice(["admin", "admin", "pub"])
        else:
            target = rng.choice(["admin", "admin", "in", "pub", "in/admin"]
                                if inner == "Location"
                                else ["admin", "admin", "in", "pub"])
        if any(s["k"] == inner == "htaccess" and s["t"] == target
               for s in sections):
            continue
        sections.append({"k": inner, "t": target,
                         "exact": rng.random() < .6,
                         "s": make_settings(rng, site, inner, True)})
    return sections


# --- sites -----------------------------------------------------------------------------

AREAS = ["file", "cgi", "fcgi", "fcgi", "dav", "ssi", "ssi", "proxy", "proxy",
         "proxy", "pfcgi", "pfcgi", "svn", "fcgi", "file"]


def make_area(rng, site, kind):
    area = {"kind": kind, "index": None, "fallback": None, "views": False,
            "jump": False, "px": False, "via": None,
            "whole": kind == "fcgi" and rng.random() < .4}
    area["sections"] = make_sections(rng, site, area)
    if kind in FILES:
        names = ["pub", "admin", "alice", "in/admin"]
        if rng.random() < .3:
            area["index"] = rng.choice(names)
        if rng.random() < .25:
            area["fallback"] = rng.choice(names)
        by_address = any(s["k"] in BY_ADDRESS for s in area["sections"])
        if not by_address and rng.random() < .25:
            area["views"] = True
        if not any(s["s"].get("suspend") for s in area["sections"]):
            area["jump"] = rng.random() < .3
            area["px"] = rng.random() < .2
    if kind == "proxy":
        area["via"] = rng.choice(["pass", "pass", "match", "rewrite", "inside",
                                  "nocanon"])
    if kind == "svn":
        area["anonymous"] = rng.choice(["Off", "Off", "On", None])
    return area


def make_site(rng, slot, lua):
    site = {"slot": slot, "lua": lua, "tls": rng.random() < .25, "base": {}, "cache": None,
            "slashes": None, "errors": {}, "pt": False, "raw": False,
            "alias": False, "copies": False, "expires": False}
    base = site["base"]
    if rng.random() < .65:
        base["source"] = rng.choice(SOURCES + SOURCES[2:4])
    if rng.random() < .4:
        base["fwd"] = "Off"
    if rng.random() < .35:
        base["exp"] = make_exports(rng)
    if rng.random() < .08:
        base["opt"] = "On"
    if rng.random() < .4:
        site["cache"] = rng.choice(["on", "on", "off"])
    site["expires"] = rng.random() < .3
    site["slashes"] = rng.choice([None, None, "On", "NoDecode"])
    site["copies"] = rng.random() < .25
    site["pt"] = rng.random() < .25
    kinds = rng.sample(AREAS, rng.choice([2, 3, 3, 4]))
    site["areas"] = [make_area(rng, site, kind)
                     for kind in dict.fromkeys(kinds)]
    if not any(s["k"] in BY_ADDRESS for a in site["areas"]
               if a["kind"] in FILES for s in a["sections"]):
        site["raw"] = rng.random() < .25
        site["alias"] = rng.random() < .2
    for code in ("401", "403", "404"):
        if rng.random() < .25:
            site["errors"][code] = rng.choice(own_pages(site)).uri
    return site


def own_pages(site):
    kinds = {area["kind"] for area in site["areas"]}
    return [page for page in PAGES.values() if page.area in kinds]


def make(seed, number, count=8):
    """Configuration `number` of a seed."""
    rng = random.Random(f"{seed}/{number}")
    # beside some modules httpd judges each address, else each set of sections
    lua = rng.random() < .5
    return {"mpm": rng.choice(["event", "event", "prefork"]),
            "first": rng.random() < .5, "lua": lua,
            "sites": [make_site(rng, slot, lua) for slot in range(count)]}


# --- what httpd reads --------------------------------------------------------------------

def render_area(site, area, files):
    kind, n = area["kind"], site["slot"]
    folder = f"{{root}}/docs/s{n}/{kind}"
    extension = EXTENSIONS.get(kind, "")
    lines, inside = [], []
    if kind in FILES:
        lines = [f'<Directory "{folder}">']
        if kind == "cgi":
            lines += ["Options +ExecCGI", "SetHandler cgi-script"]
        if kind == "dav":
            lines += ["Dav On"]
        if kind == "ssi":
            lines += ["Options +Includes", "AddOutputFilter INCLUDES .shtml"]
        if kind == "fcgi":
            handler = ['SetHandler "proxy:fcgi://127.0.0.1:{fcgi}"']
            lines += handler if area["whole"] else [
                '<FilesMatch "\\.php$">', *handler, "</FilesMatch>"]
        if area["index"]:
            lines.append(f"DirectoryIndex {area['index']}{extension}")
        if area["fallback"]:
            lines.append(
                f"FallbackResource /{kind}/{area['fallback']}{extension}")
        if area["views"]:
            lines.append("Options +MultiViews")
        if area["jump"] or area["px"]:
            lines.append("RewriteEngine On")
        if area["jump"]:
            lines.append('RewriteRule "^jump/(.*)$" "/$1"')
        if area["px"]:
            lines.append('RewriteRule "^px/(.*)$" '
                         f'"http://127.0.0.1:{{http}}/s{n}/px/$1" [P]')
        lines.append("</Directory>")
    target = f"http://127.0.0.1:{{http}}/s{n}/proxy/"
    if kind == "pfcgi":
        lines.append('ProxyPassMatch "^/pfcgi/(.*)$" '
                     f'"fcgi://127.0.0.1:{{fcgi}}/docs/s{n}/pfcgi/$1"')
    elif area["via"] in ("pass", "nocanon"):
        more = " nocanon" if area["via"] == "nocanon" else ""
        lines.append(f'ProxyPass "/proxy/" "{target}"{more}')
    elif area["via"] == "match":
        lines.append(f'ProxyPassMatch "^/proxy/(.*)$" "{target}$1"')
    elif area["via"] == "rewrite":
        lines += [f'RewriteRule "^/proxy/(.*)$" "{target}$1" [P]']
    elif area["via"] == "inside":
        lines += ['<Location "/proxy/">', f'ProxyPass "{target}"',
                  "</Location>"]
    elif kind == "svn":
        inside = ["DAV svn", "SVNPath {root}/repo",
                  "AuthzSVNAccessFile {root}/svnaccess"]
        if area.get("anonymous"):
            inside.append(f"AuthzSVNAnonymous {area['anonymous']}")
    for section in sorted(area["sections"], key=order):
        body = settings_lines(section["s"]) + inside
        if section["s"].get("satisfy"):
            body.append("Satisfy " + section["s"]["satisfy"])
        if not body:
            continue
        if section["k"] == "htaccess":
            tail = "/in" if section["t"] else ""
            files[f"docs/s{n}/{kind}{tail}/.htaccess"] = \
                "\n".join(body) + "\n"
            continue
        begin = opening(site, area, section)
        end = "</" + begin[1:].split()[0] + ">"
        body = [begin, *body, end]
        if RANK[section["k"]] == 3:
            body = [f'<Directory "{folder}">', *body, "</Directory>"]
        lines += body
    return lines


def render_site(site, number, files):
    """Lines of a virtual host; files gets the .htaccess files."""
    n = site["slot"]
    lines = [f"<VirtualHost 127.0.0.1:{{{'tls' if site['tls'] else 'port'}}}>",
             f"ServerName s{n}.test", f"DocumentRoot {{root}}/docs/s{n}"]
    if site["tls"]:
        lines += ["SSLEngine on", "SSLCertificateFile {root}/server.pem",
                  "SSLCACertificateFile {root}/ca.pem",
                  "SSLVerifyClient optional"]
    lines += settings_lines(site["base"])
    if site["slashes"]:
        lines.append("AllowEncodedSlashes " + site["slashes"])
    if site["cache"]:
        lines += ["CacheEnable disk /", f"CacheRoot {{root}}/cache/{number}s{n}",
                  f"CacheQuickHandler {site['cache']}",
                  "CacheIgnoreNoLastMod On", "CacheDefaultExpire 600"]
    if site["expires"]:
        lines.append('Header setifempty Cache-Control "max-age=60"')
    if site["copies"]:
        lines += ['SetEnvIf Authorization "(.+)" HTTP_AUTHORIZATION=$1',
                  'SetEnvIf X-User "(.+)" USERCOPY=$1']
    lines.append('Header always set Seen "expr=%{HTTP:X-User}|%{HTTP:X-Role}"')
    for code, uri in sorted(site["errors"].items()):
        lines.append(f"ErrorDocument {code} {uri}")
    rules = []
    if site["pt"]:
        rules.append('RewriteRule "^/go/(.*)$" "/$1" [PT]')
    if site["raw"]:
        rules.append(f'RewriteRule "^/raw/(.*)$" "{{root}}/docs/s{n}/$1"')
    if site["alias"]:
        lines.append(f'Alias "/al" "{{root}}/docs/s{n}"')
    if rules or any(a["via"] == "rewrite" for a in site["areas"]):
        lines += ["RewriteEngine On", *rules]
    for area in site["areas"]:
        lines += render_area(site, area, files)
    return [*lines, "</VirtualHost>"]


# --- what the administrator meant -----------------------------------------------------------

def exported(site):
    """The headers that any place of a site exports: name -> claim."""
    return {target[7:]: claim for s in all_settings(site)
            for claim, target in s.get("exp") or ()
            if target.startswith("header:")}


def all_settings(site):
    return [site["base"], *(section["s"] for area in site["areas"]
                            for section in area["sections"])]


#: which of httpd's walks merges a section, by its rank
WALK = [0, 1, 1, 2, 3, 4]


def joined(base, new):
    """Requirements of two sections as AuthMerging joins them. A pair is (And,
    Or or None; tree or None)."""
    if not new[0] and not new[1]:
        return base
    if not new[0] or not (base[1] or new[1]):
        return new
    both = [req for req in (base[1], new[1]) if req]
    return new[0], [{"And": "all", "Or": "any"}[new[0]], *both]


def requirement(first, sections):
    """What the sections of a page demand together: httpd joins those of each
    walk before it joins them to what earlier walks found."""
    walks = {}
    for rank, s in sections:
        new = s.get("merge"), s.get("req")
        walk = WALK[rank]
        walks[walk] = joined(walks[walk], new) if walk in walks else new
    found = None, first
    for walk in sorted(walks):
        found = joined(found, walks[walk])
    return found[1]


class Place:
    """What holds for one page of a site."""

    def __init__(self, site, page):
        self.site, self.page = site, page
        self.auth = self.compat = self.opt = None
        sections = list(sections_of(site, page))
        # the first: what server.py says of its own folder
        self.req = requirement(["granted"] if page.area in FILES else None,
                               sections)
        self.source, self.fwd, self.exports = ["header"], "On", []
        self.user = "sub"
        self.guests = self.luadeny = self.suspend = False
        self.svn = page.area == "svn"
        self.trusts = False
        for _, s in sections:
            self.merge(s)
        self.suspend = self.suspend and page.area in FILES \
            and ["suspended", "env:CLAIM_SUSPENDED"] in self.exports
        self.ours = self.auth == "Bearer"
        self.names = {t.split(":")[1].lower().replace("_", "-")
                      for _, t in self.exports if t.startswith("header")}

    def merge(self, s):
        self.auth = s.get("auth", self.auth)
        for name in ("compat", "opt", "source", "fwd", "user"):
            if s.get(name):
                setattr(self, name, s[name])
        if s.get("exp"):
            self.exports = s["exp"]
            self.suspend = False
        self.luadeny = self.luadeny or bool(s.get("luadeny"))
        # other modules' users, of whom this model knows nothing
        self.guests = self.guests or bool(s.get("fcgiauth")
                                          or s.get("luauser")
                                          or s.get("ssluser"))
        if s.get("suspend"):
            self.suspend = True
        if s.get("satisfy"):
            self.compat = "satisfy-any"
        if s.get("trust"):
            self.trusts = True

    def spots(self, case):
        """The tokens that this request carries where this place looks."""
        return [token for spot, token in case.spots if spot in self.source]

    def good(self, case):
        return [t for t in self.spots(case) if t.good]

    def admits(self, case):
        """Whether this request may see the page."""
        if self.compat == "all-deny":
            return False
        if self.svn:
            return self.admits_svn(case)
        if self.compat == "any-allow" or self.req is None:
            return True
        # what nobody exports is the client's, and may be believed
        if self.trusts and case.d.get("forged") \
                and "X-User" not in exported(self.site):
            return True
        if self.ours:
            bad = [t for t in self.spots(case) if not t.good]
            if self.opt == "On" and self.page is case.page and bad \
                    and case.plain and len(case.spots) == 1:
                return False
            return any(self.lets(who, case) for who in
                       [*self.good(case), None])
        if self.auth == "Basic":
            # a cache gives what says "public" to anybody, and so may we
            if self.guests or self.site["cache"]:
                return True
            return any(self.lets(who, case)
                       for who in [case.basic_user(), None])
        if self.auth == "form":
            return self.lets(None, case) or self.guests \
                or bool(self.site["cache"])
        return True

    def lets(self, who, case):
        if self.req is None:
            return True
        if not req_holds(self.req, who, self.page, self.ours):
            return False
        if self.luadeny and not req_holds(self.req, None, self.page,
                                          self.ours) \
                and getattr(who, "user", who) != "root" \
                and not self.by_expression():
            return False
        if self.suspend and who is not None \
                and not isinstance(who, str) and self.ours \
                and who.claims.get("suspended"):
            return False
        return True

    def by_expression(self):
        """Whether httpd may decide without asking who it is."""
        return "expr" in str(self.req) or "local" in str(self.req)

    def admits_svn(self, case):
        if not self.ours or self.req != ["valid"]:
            return True
        # who is let in without a user is no business of AuthzSVNAnonymous Off
        if self.compat and any(area.get("anonymous") == "Off"
                               for area in self.svn_areas()):
            return True
        users = {t.user for t in self.good(case)}
        if self.page.name == "secret/a":
            return "root" in users
        return bool(users) or bool(self.compat) or not all(
            area.get("anonymous") == "Off" for area in self.svn_areas())

    def svn_areas(self):
        return [a for a in self.site["areas"] if a["kind"] == "svn"]

    def hides(self, spot):
        """Whether a token of this spot must not go on."""
        return self.ours and spot in self.source \
            and (spot.startswith(("cookie", "query")) or self.fwd == "Off")


HEAD = [f"AuthBearerIssuer {ISSUER} keys=file:{{root}}/keys.json",
        f"AuthBearerAudience {mint.AUDIENCE}"]
