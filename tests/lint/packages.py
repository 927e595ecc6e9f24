#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""packages - the packages agree with the tree, and the Containerfile with itself.

There is no container engine where this is tested, so what can be read is
checked here: each of the image's settings is an ENV that its configuration
uses, what is copied is there, nothing runs as root. tools/test-package tries the
configuration. debian/ is not part of a release; without it its part is left out.
"""

import os
import re

import lint

IMAGE = "packaging/Containerfile"
CONF = "packaging/container.conf"
SPEC = "packaging/mod_auth_bearer.spec"
CHANGELOG = "debian/changelog"
SOURCE = "httpd/conf"
COMMENTED = ("debian/auth_bearer.conf", "packaging/auth_bearer.conf", CONF)


def first(pattern, text):
    """The first group of the first match, or ""."""
    hit = re.search(pattern, text, re.M)
    return hit.group(1) if hit else ""


def check_versions(top):
    version = first(r"^AC_INIT\(\[\w+\], \[([^\]]+)\]", lint.read(top, "configure.ac"))
    said = {SPEC: first(r"^Version:\s*(\S+)", lint.read(top, SPEC))}
    changelog = lint.read(top, CHANGELOG)
    if changelog:
        said[CHANGELOG] = first(r"^[\w-]+ \(([^)-]+)-\d+\)", changelog)
    return [f"{path}: version {found or 'not found'}, configure.ac has {version or 'none'}"
            for path, found in said.items() if found != version or not version]


def check_directives(top):
    known = {name for path in lint.files(top, SOURCE, (".h",))
             for name in re.findall(r'"(AuthBearer\w+)"', lint.read(top, path))}
    findings = []
    for path in COMMENTED:
        for name in re.findall(r"^[\s#]*(AuthBearer\w+)", lint.read(top, path), re.M):
            if name not in known:
                findings.append(f"{path}: there is no directive {name}")
    return findings


def instructions(text):
    """(word, rest) of each instruction, continuation lines joined."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word, " ".join(rest.split())


def check_copy(top, rest):
    words = rest.split()
    if words[0].startswith("--from="):
        return []
    return [f"{IMAGE}: COPY {path}: not there" for path in words[:-1]
            if not os.path.exists(os.path.join(top, path))]


def check_run(rest):
    findings = []
    if "apt-get install" in rest:
        for what in ("apt-get update &&", "--no-install-recommends", "rm -rf /var/lib/apt/lists/"):
            if what not in rest:
                findings.append(f"{IMAGE}: RUN apt-get install without {what}")
    return findings


def check_image(top):
    findings, env, last = [], {}, {}
    for word, rest in instructions(lint.read(top, IMAGE)):
        last[word] = rest
        if word == "FROM" and not re.fullmatch(r"debian:bookworm-slim( AS \w+)?", rest):
            findings.append(f"{IMAGE}: FROM {rest}: not debian:bookworm-slim")
        elif word == "ENV":
            name, _, value = rest.partition("=")
            env[name] = value
        elif word == "COPY":
            findings += check_copy(top, rest)
        elif word == "RUN":
            findings += check_run(rest)
    if not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", last.get("USER", "")):
        findings.append(f"{IMAGE}: USER {last.get('USER', 'is missing')}: not a number above 0")
    if not last.get("CMD", "").startswith("["):
        findings.append(f"{IMAGE}: CMD is not in the form of a list: httpd gets no signals")
    return findings + check_settings(top, env, last)


def check_settings(top, env, last):
    """The environment, the port: what image and configuration must agree on."""
    conf = re.sub(r"^\s*#.*\n", "", lint.read(top, CONF), flags=re.M)
    used = set(re.findall(r"\$\{(\w+)\}", conf))
    findings = [f"{IMAGE}: ENV {name} is used by nothing" for name in sorted(set(env) - used)]
    findings += [f"{CONF}: ${{{name}}} is no ENV of the image"
                 for name in sorted(used - set(env))]
    listen = first(r"^Listen (?:\S+:)?(\d+)$", conf)
    if last.get("EXPOSE") != listen:
        findings.append(f"{IMAGE}: EXPOSE {last.get('EXPOSE')}, but httpd listens on {listen}")
    return findings


def check(top):
    findings = check_versions(top) + check_directives(top) + check_image(top)
    return findings, "versions, directives and the Containerfile"


GOOD = {
    "configure.ac": "AC_INIT([mod_x], [1.2.3], [], [mod_x])\n",
    SPEC: "Name: mod_x\nVersion:   1.2.3\n",
    CHANGELOG: "mod-x (1.2.3-1) unstable; urgency=medium\n",
    SOURCE + "/set_a.h": 'MAB_SETTER_WORD("AuthBearerA", x)\n',
    CONF: "Listen 8080\nAuthBearerA ${A}\n",
    "debian/auth_bearer.conf": "#  AuthBearerA x\n",
    IMAGE: "# an image\nFROM debian:bookworm-slim\nCOPY packaging/container.conf /etc/\n"
           "RUN apt-get update && apt-get install --no-install-recommends x \\\n"
           "    && rm -rf /var/lib/apt/lists/*\n"
           'ENV A=""\nUSER 33:33\nEXPOSE 8080\nCMD ["x"]\n',
}


def tree(path=None, old="", new=""):
    made = dict(GOOD)
    if path:
        assert old in made[path], (path, old)
        made[path] = made[path].replace(old, new)
    return made


CASES = (
    ("all agree", tree(), None),
    ("a release, without debian/", {path: text for path, text in GOOD.items()
                                    if not path.startswith("debian/")}, None),
    ("another version in the spec", tree(SPEC, "1.2.3", "1.2.4"), "1.2.4"),
    ("another version in debian/", tree(CHANGELOG, "1.2.3", "1.2"), "version 1.2,"),
    ("a directive that is gone", tree("debian/auth_bearer.conf", "BearerA", "BearerB"),
     "no directive AuthBearerB"),
    ("another base", tree(IMAGE, "bookworm-slim", "latest"), "not debian:bookworm-slim"),
    ("a file that is not there", tree(IMAGE, "container.conf", "c.conf"), "not there"),
    ("package lists left in", tree(IMAGE, "rm -rf", "ls"), "without rm"),
    ("an ENV that nothing uses", tree(IMAGE, "USER", "ENV B=1\nUSER"), "ENV B"),
    ("a setting that is no ENV", tree(CONF, "${A}", "${A} ${B}"), "${B} is no ENV"),
    ("root", tree(IMAGE, "33:33", "0"), "USER 0"),
    ("nobody said who", tree(IMAGE, "USER 33:33\n", ""), "USER is missing"),
    ("a shell around httpd", tree(IMAGE, '["x"]', "x"), "CMD"),
    ("another port", tree(CONF, "8080", "80"), "EXPOSE"),
)

if __name__ == "__main__":
    lint.main("packages", check, CASES)
