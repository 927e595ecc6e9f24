# SPDX-License-Identifier: Apache-2.0
"""Runs the scripts of this folder: an issuer and clients that we did not
write."""
import base64
import hashlib
import http.cookiejar
import json
import os
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import pytest

from testenv import mint

HERE = Path(__file__).resolve().parent
CALLBACK = "http://127.0.0.1/callback"


def install(name, folder):
    """Our scripts beside the packages they need; skips where npm cannot."""
    done = subprocess.run([HERE / "install.sh", name, folder], text=True,
                          capture_output=True, timeout=300)
    if done.returncode == 77:
        pytest.skip(f"no real {name}: "
                    + done.stderr.strip().split("\n")[-1])
    assert done.returncode == 0, done.stderr
    return folder


def environment(**more):
    return {"PATH": os.environ["PATH"], **more}


class Script:
    """A script that serves: it says where, and ends with its standard
    input."""

    def __init__(self, folder, name, **variables):
        self.log = folder / f"{name}-{uuid.uuid4().hex[:8]}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["node", name], cwd=folder, stdin=subprocess.PIPE,
                stdout=log, stderr=subprocess.STDOUT,
                env=environment(**variables))
        self.url = self.wait()

    def wait(self, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            said = self.log.read_text()
            for line in said.splitlines():
                if line.startswith("ready "):
                    return line[len("ready "):]
            assert self.process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


class RealIssuer(Script):
    """One oidc-provider; mount is the path of its name."""

    def __init__(self, folder, authority, mount):
        super().__init__(folder, "server.mjs", MOUNT=mount,
                         TLS_CERT=str(authority.pair),
                         TLS_KEY=str(authority.pair))
        self.tls = ssl.create_default_context(cafile=str(authority.ca))
        self.mount = mount
        self.origin = self.url[:len(self.url) - len(mount)]

    def browser(self):
        """Keeps cookies and follows nothing by itself."""
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}), NoRedirect(),
            urllib.request.HTTPSHandler(context=self.tls),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def ask(self, url, form=None, headers=None):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(url, data, headers or {})
        with self.browser().open(request, timeout=20) as answer:
            return json.load(answer)

    @staticmethod
    def as_client(name):
        pair = base64.b64encode(f"{name}:{name}-secret".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def token(self, proof=None, **form):
        """What the token endpoint says to the client `cc`."""
        headers = self.as_client("cc")
        if proof:
            headers["DPoP"] = proof
        answer = self.ask(self.url + "/token", {
            "grant_type": "client_credentials", **form}, headers)
        mint.note(answer["access_token"])
        return answer

    def login(self, user, resource, scope):
        """An access token by the code flow, from a browser that says yes to
        everything."""
        verifier = uuid.uuid4().hex * 2
        url = self.url + "/auth?" + urllib.parse.urlencode({
            "client_id": "web", "response_type": "code", "scope": scope,
            "redirect_uri": CALLBACK, "login_hint": user,
            "resource": resource, "code_challenge_method": "S256",
            "code_challenge": mint.b64(
                hashlib.sha256(verifier.encode()).digest())})
        browser = self.browser()
        while not url.startswith(CALLBACK):
            with pytest.raises(urllib.error.HTTPError) as redirect:
                browser.open(url, timeout=20)
            assert redirect.value.code in (302, 303), redirect.value.read()
            url = urllib.parse.urljoin(url, redirect.value.headers["Location"])
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["code"]
        answer = self.ask(self.url + "/token", {
            "grant_type": "authorization_code", "code": code[0],
            "redirect_uri": CALLBACK, "code_verifier": verifier,
            "resource": resource}, self.as_client("web"))
        return mint.note(answer["access_token"])

    def rotate(self, keep):
        """New keys, with or without the old ones."""
        self.ask(f"{self.origin}/_admin/rotate?keep={keep:d}", {})

    def hits(self, path):
        """How often a path below the issuer was asked for."""
        return self.ask(self.origin + "/_admin/hits").get(
            self.mount + path, 0)


def flow(folder, authority, name, *arguments):
    """Runs a client's script to its end; returns what it reports."""
    done = subprocess.run(
        ["node", name, *arguments], cwd=folder, text=True,
        capture_output=True, timeout=60,
        env=environment(NODE_EXTRA_CA_CERTS=str(authority.ca)))
    assert done.stdout, done.stderr
    return json.loads(done.stdout)
