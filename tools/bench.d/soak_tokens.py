# SPDX-License-Identifier: Apache-2.0
"""What bench soak sends: issuers whose keys turn, good tokens of the keys that
count now, and bad ones of each kind made of the same keys."""
import http.client
import json
import os
import random
import threading
import time

import tokens
from testenv import mint
from testenv.mint import Key

AUDIENCE, OTHER = "https://api.soak.example", "https://other.soak.example"
#: what must come of each kind: status, and the reason that is noted
KINDS = {
    "good": (200, ""),
    "good, soon over": (200, ""),
    "good, for the other place": (200, ""),
    "good, role missing": (403, "insufficient_scope"),
    "for this place, sent to the other": (401, "aud_wrong"),
    "over, was good": (401, "expired"),
    "key withdrawn, was good": (401, "key_unknown"),
    "over": (401, "expired"),
    "not yet good": (401, "not_yet"),
    "other audience": (401, "aud_wrong"),
    "no expiry": (401, "exp_missing"),
    "bound to a key": (401, "cnf_bound"),
    "unknown issuer": (401, "iss_unknown"),
    "unknown key id": (401, "key_unknown"),
    "signature changed": (401, "sig_wrong"),
    "claims changed": (401, "sig_wrong"),
    "signed by another": (401, "sig_wrong"),
    "alg none": (401, "alg_unknown"),
    "HS256 with the public key": (401, "alg_forbidden"),
    "crit": (401, "header_crit"),
    "two parts": (401, "jws_parts"),
    "five parts": (401, "jws_encrypted"),
    "not base64url": (401, "b64_alphabet"),
    "header no JSON": (401, "header_json"),
}
ALGORITHMS = ("P-256", "Ed25519", "RSA", "P-256")
#: so many keys of an issuer sign, of so many bad tokens are made; of each key
#: there are so many good tokens
SIGNING, BAD, EACH = 8, 4, 4
#: so long after it was sent a request has its answer, whatever the machine does
#: beside; a token that is soon over lives so long, and is bad from so long after
ANSWERED, SHORT, AFTER = 4, 9, 1


class Signer:
    """A key, and tokens of it."""
    others = {}

    def __init__(self, issuer, kind, kid):
        self.issuer = issuer
        self.key = Key(kind, kid)
        self.kid, self.alg = kid, self.key.alg
        self.unpacked = self.key.private()
        self.made = 0
        if kind not in self.others:
            self.others[kind] = Key(kind, "another").private()
        self.other = self.others[kind]

    def private(self):
        return self.unpacked

    def claims(self, **over):
        self.made += 1
        claims = {**tokens.claims(self.made, 500), "iss": self.issuer,
                  "aud": AUDIENCE, **over}
        return {k: v for k, v in claims.items() if v is not mint.DROP}

    def sign(self, claims, alg=None, by=None, **header):
        header = {"alg": alg or self.alg, "typ": "at+jwt", "kid": self.kid,
                  **header}
        first = mint.b64(mint.octets(header)) + "." \
            + mint.b64(mint.octets(claims))
        return first + "." + mint.b64(mint.signature(
            alg or self.alg, by or self, first.encode()))

    def token(self, **over):
        return self.sign(self.claims(**over))


class Other:
    """Another's private key, for mint.signature."""

    def __init__(self, private):
        self.private = lambda: private


def bad_tokens(signer):
    """(kind, token) of each kind that is bad from the beginning."""
    now, good, claims = int(time.time()), signer.token(), signer.claims()
    head, body, tail = good.split(".")
    forged = mint.b64(mint.octets({**claims, "sub": "root"}))
    none = mint.b64(mint.octets({"alg": "none", "kid": signer.kid}))
    yield "over", signer.token(exp=now - 10)
    yield "not yet good", signer.token(nbf=now + 7200)
    yield "other audience", signer.token(aud="https://nobody.soak.example")
    yield "no expiry", signer.token(exp=mint.DROP)
    yield "bound to a key", signer.token(cnf={"jkt": "x" * 43})
    yield "unknown issuer", signer.token(iss=signer.issuer + "/x")
    yield "unknown key id", signer.sign(
        claims, kid=f"stranger{random.randrange(1 << 40)}")
    yield "signature changed", tokens.tampered(good)
    yield "claims changed", f"{head}.{forged}.{tail}"
    yield "signed by another", signer.sign(claims, by=Other(signer.other))
    yield "alg none", f"{none}.{body}."
    yield "HS256 with the public key", mint_by_secret(signer, claims)
    yield "crit", signer.sign(claims, crit=["exp"])
    yield "two parts", f"{head}.{body}"
    yield "five parts", f"{good}.{head}.{tail}"
    yield "not base64url", f"{head}.{body}~.{tail}"
    yield "header no JSON", f"{mint.b64('no JSON')}.{body}.{tail}"


def mint_by_secret(signer, claims):
    first = mint.b64(mint.octets({"alg": "HS256", "kid": signer.kid})) + "." \
        + mint.b64(mint.octets(claims))
    secret = signer.key.pem().encode()
    return first + "." + mint.b64(
        mint.signature("HS256", secret, first.encode()))


class Held:
    """A key of an issuer, with its tokens."""

    def __init__(self, signer):
        self.signer, self.label = signer, signer.kid
        self.good = [signer.token() for _ in range(EACH)]
        self.elsewhere = signer.token(aud=OTHER)
        self.short = []     # (when it is over, token)
        self.bad = list(bad_tokens(signer))
        self.file = 0       # the last file that may have tokens of it
        self.unread = 0     # since when no client has that file
        self.since = 0      # of withdrawal

    def is_rested(self, read):
        """Whether all requests with its tokens have their answers, if clients
        read this file now."""
        if read <= self.file:
            return False
        self.unread = self.unread or time.monotonic()
        return time.monotonic() >= self.unread + ANSWERED

    def shorten(self):
        """One more token that is soon over."""
        end = int(time.time()) + SHORT
        self.short.append((end, self.signer.token(exp=end)))


class Source:
    """An issuer whose keys turn. A key is published, signs when the server was
    seen to have it, rests until no client has a token of it, and is withdrawn;
    its tokens are bad from when the server was seen to have the set without it."""

    def __init__(self, name, issuer, publish):
        self.name, self.issuer, self.publish = name, issuer, publish
        self.lock = threading.Lock()
        self.turns = 0
        self.signing, self.resting, self.gone = [], [], []
        self.wrong = []         # answers to the looks at a new key
        first = self.make()
        self.publish([first.signer.key])
        self.signing.append(first)

    def make(self):
        kind = ALGORITHMS[self.turns % len(ALGORITHMS)]
        self.turns += 1
        return Held(Signer(self.issuer, kind, f"{self.name}-{self.turns}"))

    def turn(self, mix, server, end):
        """One more key, and the oldest away."""
        fresh = self.make()
        with self.lock:
            away = [h for h in self.resting if h.is_rested(mix.read)]
            self.resting = [h for h in self.resting if h not in away]
            if len(self.signing) >= SIGNING:
                self.resting.append(self.signing.pop())
                # a file may be in the making
                self.resting[-1].file = mix.number + 1
        self.publish([held.signer.key
                      for held in [fresh, *self.signing, *self.resting]])
        if self.taken(fresh, server, end):
            with self.lock:
                self.signing.insert(0, fresh)
                for held in away:
                    held.since = time.monotonic()
                self.gone = away or self.gone

    def taken(self, held, server, end):
        """Waits until the server has this key: a token of it is good."""
        while True:
            try:
                status = server.ask("/p/a", token=held.good[0])
            except (OSError, http.client.HTTPException):  # its child ended
                status = 0
            if status == 200:
                return True
            if status not in (0, 401, 503):  # 503: the issuer just failed
                self.wrong.append((held.label, status))
            if end.wait(0.1):
                return False

    def requests(self):
        """([good], [bad]) of now: (kind, label, until, path, token)."""
        with self.lock:
            signing, gone = list(self.signing), list(self.gone)
        now, clock = time.time(), time.monotonic()
        good, bad = [], []
        signing[0].shorten()
        for held in signing:
            one = held.label
            good += [("good", one, 0, "/p/a", t) for t in held.good]
            good.append(("good, for the other place", one, 0, "/p/b",
                         held.elsewhere))
            for end, token in held.short:
                if now < end - ANSWERED:
                    good.append(("good, soon over", one, end - ANSWERED,
                                 "/p/a", token))
                elif now > end + AFTER:
                    bad.append(("over, was good", one, 0, "/p/a", token))
        for held in signing[:BAD]:
            one = held.label
            bad += [(k, one, 0, "/p/a", token) for k, token in held.bad]
            bad += [("for this place, sent to the other", one, 0, "/p/b",
                     held.good[0]),
                    ("good, role missing", one, 0, "/p/c", held.good[0])]
        for held in gone:
            if clock > held.since + AFTER:
                bad += [("key withdrawn, was good", held.label, 0, "/p/a", t)
                        for t in held.good]
        return good, bad


class Mix:
    """The file of what clients send now, half of it bad."""

    def __init__(self, path, sources, lie=None):
        self.path, self.sources = path, sources
        self.number = 0     # of the newest file
        self.read = 0       # of the one that the clients have
        self.wanted = dict(KINDS)
        if lie:
            self.wanted[lie] = (401, "sig_wrong") \
                if KINDS[lie][0] == 200 else (200, "")

    def lines(self):
        good, bad = [], []
        for source in self.sources:
            more = source.requests()
            good += more[0]
            bad += more[1]
        random.shuffle(good)
        random.shuffle(bad)
        for n in range(max(len(good), len(bad))):
            yield good[n % len(good)]
            yield bad[n % len(bad)]

    def write(self):
        number = self.number + 1
        text = [str(number)]
        for kind, *rest in self.lines():
            text.append("\t".join(map(str, (kind, *self.wanted[kind], *rest))))
        fresh = self.path.with_suffix(".new")
        fresh.write_text("\n".join(text) + "\n")
        os.replace(fresh, self.path)
        self.number = number


def publish_file(path):
    """For a source whose keys are in a file."""
    def publish(keys):
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"keys": [k.public() for k in keys]}))
        fresh.chmod(0o644)
        os.replace(fresh, path)
    return publish
