# SPDX-License-Identifier: Apache-2.0
"""Who may ask: users, their claims and tokens, made once for a whole run."""
import json
import re

from testenv import mint

ISSUER = "https://leaks.example"
YEAR = 365 * 86400

#: every area (see world.py) has these pages; a user's own are among his `paths`
EXTENSIONS = {"file": ".txt", "cgi": ".cgi", "fcgi": ".php", "dav": ".txt",
              "ssi": ".shtml", "proxy": "", "pfcgi": ".php"}

USERS = {
    "alice": {"role": "user", "tenant": "t1", "scope": "read"},
    "bob": {"role": "editor", "tenant": "t2", "scope": "read write"},
    "root": {"role": "admin", "tenant": "t1", "scope": "read write admin"},
    "carl": {"role": "editor", "tenant": "t2", "scope": "read",
             "suspended": "true"},
}


def paths(user):
    """The addresses that `Require claim paths "%{REQUEST_URI}"` opens."""
    found = []
    for area, extension in EXTENSIONS.items():
        found += [f"/{area}/", f"/{area}/pub{extension}"]
        if user in ("alice", "bob"):
            found.append(f"/{area}/{user}{extension}")
    return found


class Token:
    def __init__(self, name, user, good, text):
        self.name = name
        self.user = user
        self.good = good
        self.text = text
        self.claims = {"sub": user, "email": user + "@x.example",
                       "paths": paths(user), **USERS[user]}
        #: a piece that tells this token from all others
        self.piece = text[-24:]


class Purse:
    """All tokens by name: alice1, alice2, ..., and bad ones of root."""

    def __init__(self):
        signer = mint.key("Ed25519", "leaks1")
        thief = mint.Key("Ed25519", "leaks1")
        self.jwks = json.dumps({"keys": [signer.public()]})
        maker = mint.Mint(ISSUER, signer, mint.AUDIENCE)
        self.all = {}
        for user, claims in USERS.items():
            for number in "12":
                self.add(maker, user + number, user, True)
        self.add(maker, "expired", "root", False, exp=1700000000,
                 iat=1600000000)
        self.add(maker, "audience", "root", False, aud="https://other.example")
        self.add(mint.Mint(ISSUER, thief, mint.AUDIENCE), "forged", "root",
                 False)
        self.add(mint.Mint("https://evil.example", thief, mint.AUDIENCE),
                 "stranger", "root", False)
        self.good = [t.name for t in self.all.values() if t.good]
        self.bad = [t.name for t in self.all.values() if not t.good]
        self.pieces = {t.piece: t for t in self.all.values()}
        self.pattern = re.compile("|".join(map(re.escape, self.pieces)))

    def add(self, maker, name, user, good, **over):
        claims = {"sub": user, "email": user + "@x.example", "jti": name,
                  "paths": paths(user), **USERS[user]}
        now = maker.claims()["iat"]
        text = maker.token(**{"exp": now + YEAR, **claims, **over})
        self.all[name] = Token(name, user, good, text)

    def __getitem__(self, name):
        return self.all[name]

    def seen(self, text):
        """The tokens of which a text has a piece."""
        return {self.pieces[piece] for piece in self.pattern.findall(text)}
