# SPDX-License-Identifier: Apache-2.0
"""The error log, and the two tripwires over everything httpd writes."""
import re
import time
from pathlib import Path

LINE = re.compile(
    r"^\[[^\]]*\] \[(?P<module>[^:\]]*):(?P<level>[a-z0-9]+)\]")
LOUD = {"warn", "error", "crit", "alert", "emerg"}
CRASH = re.compile(
    r"exit signal|AH00052|Sanitizer|runtime error:|Assertion .* failed")

CATALOGUE = Path(__file__).resolve().parents[3] / "bearer/base/error.def"
ROW = re.compile(r'^BEARER_REASON\(\w+, "(\w+)",.*, "((?:[^"\\]|\\.)*)"\)$')


def catalogue(path=CATALOGUE):
    """slug -> sentence, from the file that the module is built from."""
    rows = {}
    for line in path.read_text().splitlines():
        found = ROW.match(line)
        if found:
            rows[found[1]] = found[2].replace('\\"', '"')
    return rows


SENTENCES = catalogue()


class ErrorLog:
    """One log file. `begin` starts a test; what a test does not announce with
    `expect` (must come) or `allow` (may come) is a problem."""

    def __init__(self, path):
        self.path = Path(path)
        self.checked = 0
        self.start = 0
        self.always = []
        self.expected = []
        self.allowed = []

    def text(self, offset=0):
        if not self.path.exists():
            return ""
        with open(self.path, "rb") as file:
            file.seek(offset)
            return file.read().decode("latin-1")

    def size(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def begin(self):
        """A test begins here; earlier lines still wait to be checked."""
        self.start = self.size()
        self.expected = []
        self.allowed = []

    def recent(self):
        """The lines since the test began (or since the last `begin`)."""
        return self.text(self.start).splitlines()

    def matching(self, regex):
        return [line for line in self.recent() if re.search(regex, line)]

    def expect(self, regex):
        """A loud line that this test must cause, possibly a little later."""
        self.expected.append(regex)

    def allow(self, regex):
        """A loud line that this test may cause."""
        self.allowed.append(regex)

    def allow_always(self, regex):
        """A loud line that this server may write at any time."""
        self.always.append(regex)

    def wait(self, regex, seconds=5.0):
        """Waits for a line of this test; returns it."""
        deadline = time.monotonic() + seconds
        while True:
            lines = self.matching(regex)
            if lines:
                return lines[0]
            if time.monotonic() > deadline:
                raise AssertionError(f"no log line matches {regex!r}; got:\n"
                                     + "\n".join(self.recent()))
            time.sleep(0.02)

    def states(self, issuer):
        """What this test's lines tell of the keys of an issuer (its URL), in
        order: the slug of each outage, "good" for each recovery."""
        found = re.findall(
            rf"issuer {re.escape(issuer)}: (?:keys not refreshed: (\w+):"
            r"|refreshed again after )", "\n".join(self.recent()))
        return [slug or "good" for slug in found]

    def refusals(self, offset=None):
        """The catalogued slugs of the refusals logged since an offset, else
        since `begin`."""
        slugs = []
        start = self.start if offset is None else offset
        for line in self.text(start).splitlines():
            if not re.search(r"\[auth_bearer:\w+\].*\[client ", line):
                continue
            for found in re.finditer(r"(\w+): ", line):
                sentence = SENTENCES.get(found[1])
                if sentence and line.startswith(sentence, found.end()):
                    slugs.append(found[1])
        return slugs

    def problems(self):
        """Tripwire 1: what is loud and was not announced, what was announced
        and did not come, and every sign of a crash. Consumes the lines."""
        found = []
        for regex in self.expected:
            try:
                self.wait(regex, 2.0)
            except AssertionError:
                found.append(f"announced, but never logged: {regex}")
        text = self.text(self.checked)
        self.checked += len(text)  # latin-1: one character is one byte
        known = self.expected + self.allowed + self.always
        for line in text.splitlines():
            if CRASH.search(line):
                found.append(f"crash: {line}")
                continue
            parsed = LINE.match(line)
            if parsed and parsed["level"] not in LOUD:
                continue
            if line.strip() and not any(re.search(r, line) for r in known):
                found.append(f"unannounced: {line}")
        return found


# --- tokens ---

SHORTEST, LONGEST = 16, 24
#: the ends of each part of each token ever made
telling = set()


def watch(token):
    """Has the tripwire look for this token; parts that are too short to be
    telling are left out."""
    for part in re.split(r"[^\w-]", token):
        if len(part) >= SHORTEST:
            telling.add(part[:LONGEST])
            telling.add(part[-LONGEST:])


def leaks(text):
    """Tripwire 2: pieces of tokens that stand in a log."""
    found = set()
    for word in re.findall(r"[\w-]{%d,}" % SHORTEST, text):
        for size in range(SHORTEST, LONGEST + 1):
            for start in range(len(word) - size + 1):
                if word[start:start + size] in telling:
                    found.add(word[start:start + size])
    return sorted(found)
