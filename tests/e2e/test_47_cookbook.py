# SPDX-License-Identifier: Apache-2.0
"""Every configuration of docs/cookbook.md, run as it is printed: only hosts,
ports and paths are replaced, and only the modules that the page names are
loaded beside those that Debian has enabled."""
import base64
import json
import os
import re
import shutil
import ssl
import subprocess
import time
import urllib.parse
from pathlib import Path

import pytest

from testenv import env, mint
from testenv.behind import BackEnd, Fcgi
from testenv.issuer import free_port
from testenv.mint import Mint, key

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cookbook.md"
DEBIAN = "alias authn_core authz_core authz_user dir env mime".split()
EC = key("P-256", "ec1")


def recipes():
    """number -> (modules, configuration)"""
    found = {}
    for part in re.split(r"\n## (?=\d)", PAGE.read_text())[1:]:
        number = int(part.split(".")[0])
        (line,) = re.findall(r"^Modules: (.*)$", part, re.M)
        (conf,) = re.findall(r"```apache\n(.*?)```", part, re.S)
        found[number] = (re.findall(r"`(\w+)`", line), conf)
    return found


RECIPES = recipes()


class Cook(env.Httpd):
    """An httpd with the least around a recipe."""

    def __init__(self, mpm, number, authority, replace):
        self.named, self.recipe = RECIPES[number]
        self.authority = authority
        self.tls_port = free_port()
        self.tls = ssl.create_default_context(cafile=authority.ca)
        # DOTALL: below its own root
        self.replace = {"*:443": f"127.0.0.1:{self.tls_port}", **replace}
        super().__init__(mpm)

    def preamble(self):
        root = self.root
        names = [f"mpm_{self.mpm}"] + DEBIAN + [
            n for n in self.named
            if n != ("cgi" if self.mpm == "event" else "cgid")]
        folder = env.query("LIBEXECDIR")
        loads = "\n".join(f"LoadModule {n}_module {folder}/mod_{n}.so"
                          for n in names if n not in env.static_modules())
        user = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
        cgid = f"ScriptSock {root}/run/cgid\n" if "cgid" in names else ""
        return f"""ServerRoot {root}
ServerName 127.0.0.1
Listen 127.0.0.1:{self.port}
Listen 127.0.0.1:{self.tls_port}
{loads}
LoadModule auth_bearer_module {env.module()}
{user}{cgid}PidFile {root}/run/httpd.pid
DefaultRuntimeDir {root}/run
ErrorLog {root}/error.log
LogLevel info auth_bearer:debug
CustomLog {root}/access.log "%h %u \\"%r\\" %>s"
DocumentRoot {root}/htdocs
TypesConfig /dev/null
{env.TUNING[self.mpm]}
# as Debian's apache2.conf has it
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Directory {root}>
    Require all granted
</Directory>
AuthBearerFetch ca={self.authority.ca}
"""

    def configure(self, conf):
        """As printed, but for hosts, ports and paths."""
        text = self.recipe
        for old, new in {
                r"/etc/ssl/\S+": str(self.authority.pair),
                r"/usr/lib/cgi-bin/": f"{self.root}/cgi/",
                r"/var/(www|lib)/": f"{self.root}/var/",
                r"/run/php/": f"{self.root}/run/"}.items():
            text = re.sub(old, new, text)
        for old, new in self.replace.items():
            text = text.replace(old, new)
        self.write("httpd.conf", self.preamble() + text)

    def ask(self, target, token=None, method="GET", headers=(), **more):
        if token:
            mint.note(token)
            headers = [*headers, ("Authorization", f"Bearer {token}")]
        return env.send(self.tls_port, target, headers, method, tls=self.tls,
                        **more)

    def folder(self, name, mode=0o755):
        """A folder that belongs to the server's user."""
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        if os.getuid() == 0:
            shutil.chown(path, "www-data", "www-data")
        return path

    def ready(self, target, token, **more):
        self.errorlog.allow_always("AH01630|AH01631|AH01629|AH01873|AH01909"
                                   "|AH01882")
        if not self.process:
            self.start()
        deadline = time.monotonic() + 15
        while self.ask(target, token, **more).status == 503:
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return self

    # --- what everybody gets ---

    def refuses(self, target, good, poor=None, scope=None, **more):
        """No token, a broken one, an expired one; one that is not enough."""
        answer = self.ask(target, **more)
        assert answer.status == 401
        assert answer.json()["code"] == "auth.authorization_header_missing"
        head, payload, sign = good.split(".")
        bad = mint.note(f"{head}.{payload}.{'A' * (len(sign) - 1)}A")
        answer = self.ask(target, bad, **more)
        assert (answer.status, answer.json()["code"]) == \
            (401, "invalid_token")
        if poor:
            answer = self.ask(target, poor, **more)
            assert answer.status == 403, answer
            assert answer.challenge()["error"] == "insufficient_scope"
            assert answer.challenge().get("scope") == scope


@pytest.fixture
def cook(mpm, authority):
    made = []

    def make(number, **replace):
        for name in RECIPES[number][0]:
            path = Path(env.query("LIBEXECDIR")) / f"mod_{name}.so"
            if name not in env.static_modules() and not path.exists():
                pytest.skip(f"no mod_{name}")
        made.append(Cook(mpm, number, authority,
                         {k.replace("__", "."): v
                          for k, v in replace.items()}))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


def at(issuer, host):
    """What to write for the host of an issuer."""
    return {f"https://{host}": issuer.origin}


def received(answer):
    assert answer.status == 200, answer
    seen = json.loads(answer.body)
    return seen["path"], dict(seen["headers"])


@pytest.fixture(scope="module")
def login(make_issuer):
    """login.example.com: an issuer without a path."""
    return make_issuer("", [EC])


def tokens_for(issuer, audience):
    return Mint(issuer.url, EC, audience)


def test_the_page_has_what_it_says():
    assert list(RECIPES) == list(range(1, 12))
    assert all("ssl" in modules for modules, _ in RECIPES.values())


def test_cgi(cook, login):
    site = cook(1, **at(login, "login.example.com"))
    mint_ = tokens_for(login, "https://app.example.com")
    good = mint_.token(preferred_username="ann", email="ann@example",
                       groups=["a", "b"])
    site.ready("/cgi-bin/env", good)
    seen = site.ask("/cgi-bin/env", good).environment()
    assert (seen["REMOTE_USER"], seen["AUTH_TYPE"]) == ("ann", "Bearer")
    assert (seen["OIDC_EMAIL"], seen["OIDC_GROUPS"]) == ("ann@example", "a,b")
    assert not any(good.split(".")[2] in text for text in seen.values())
    seen = site.ask("/cgi-bin/env", mint_.token()).environment()
    assert seen["REMOTE_USER"] == "alice" and "OIDC_EMAIL" not in seen
    site.refuses("/cgi-bin/env", good)


class PhpFpm:
    """php-fpm as the www-data user, below a folder."""

    PROGRAMS = sorted(Path("/usr/sbin").glob("php-fpm*"))

    def __init__(self, server):
        run = server.root / "run"
        user = "user = www-data\ngroup = www-data\n" \
            "listen.owner = www-data\n" if os.getuid() == 0 else ""
        conf = server.write("fpm.conf", f"""[global]
error_log = {run}/fpm.log
[www]
{user}listen = {run}/php-fpm.sock
pm = static
pm.max_children = 1
""")
        self.process = subprocess.Popen(
            [self.PROGRAMS[0], "-n", "-F", "-y", conf],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 15
        while not (run / "php-fpm.sock").exists():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.mark.parametrize("behind", ["fcgi", "php-fpm"])
def test_php(cook, login, behind):
    if behind == "php-fpm" and not PhpFpm.PROGRAMS:
        pytest.skip("no php-fpm")
    site = cook(2, **at(login, "login.example.com"))
    site.write("var/app/index.php", "<?php header('Content-Type: application/"
               "json'); echo json_encode($_SERVER);")
    site.write("var/app/style.css", "css\n")
    program = PhpFpm(site) if behind == "php-fpm" \
        else Fcgi(site.root / "run/php-fpm.sock")
    if behind == "fcgi":
        os.chmod(program.path, 0o777)
    try:
        good = tokens_for(login, "https://app.example.com") \
            .token(email="ann@example")
        site.ready("/index.php", good)
        for target in ("/index.php", "/"):
            answer = site.ask(target, good)
            assert answer.status == 200, answer
            seen = json.loads(answer.body)
            assert seen["REMOTE_USER"] == "alice"
            assert seen["OIDC_EMAIL"] == "ann@example"
            assert json.loads(seen["OIDC_CLAIMS"])["email"] == "ann@example"
        assert site.ask("/style.css", good).text() == "css\n"
        for target in ("/", "/index.php", "/style.css"):
            site.refuses(target, good)
    finally:
        program.stop()


def test_api(cook, login, backend):
    site = cook(3, **at(login, "login.example.com"),
                **{"127.0.0.1:8080": f"127.0.0.1:{backend.port}"})
    mint_ = tokens_for(login, "https://api.example.com/v1")
    read = mint_.token(scope="api:read", tenant="blue")
    write = mint_.token(scope="api:write")
    poor = mint_.token(scope="other")
    site.ready("/v1/x", read)
    path, headers = received(site.ask(
        "/v1/x?y=1", read, headers=[("X_User", "root"), ("x-user", "root"),
                                    ("X-Tenant", "red")]))
    assert path == "/x?y=1"
    assert (headers["x-user"], headers["x-tenant"]) == ("alice", "blue")
    assert "authorization" not in headers and "x_user" not in headers
    _, headers = received(site.ask("/v1/x", write,
                                   headers=[("X-Tenant", "red")]))
    assert "x-tenant" not in headers
    assert site.ask("/v1/x", write, "POST", body=b"{}").status == 200
    answer = site.ask("/v1/x", read, "POST", body=b"{}")
    assert answer.status == 403
    assert answer.challenge()["scope"] == "api:write"
    assert site.ask("/v1/x", mint_.token(
        header={"typ": "JWT"}, scope="api:read")).status == 401
    site.refuses("/v1/x", read, poor, "api:write api:read")


def test_static_files(cook, login):
    site = cook(4, **at(login, "login.example.com"))
    site.write("var/reports/index.html", "all\n")
    site.write("var/reports/finance/q1.html", "money\n")
    mint_ = tokens_for(login, "https://reports.example.com")
    good = mint_.token(groups=["finance", "x"])
    poor = mint_.token(groups=["x"])
    site.ready("/", good)
    answer = site.ask("/", poor)
    assert (answer.status, answer.text()) == (200, "all\n")
    assert answer.header("Cache-Control") == "private, no-cache"
    assert site.ask("/finance/q1.html", good).text() == "money\n"
    cookie = [("Cookie", f"a=b; token={good}")]
    assert site.ask("/finance/q1.html", headers=cookie).text() == "money\n"
    # the same twice is one token; another one is not
    assert site.ask("/", good, headers=cookie).status == 200
    assert site.ask("/", poor, headers=cookie).status == 400
    site.refuses("/", good)
    site.refuses("/finance/q1.html", good, poor)
    # what is there and what is not looks the same without a token
    assert site.ask("/finance/none.html").status == 401
    assert site.ask("/finance/none.html", poor).status == 403
    assert site.ask("/finance/none.html", good).status == 404


def test_webdav(cook, login):
    site = cook(5, **at(login, "login.example.com"))
    site.folder("var/files")
    site.folder("var/dav")
    mint_ = tokens_for(login, "https://files.example.com")
    read, write = mint_.token(scope="files:read"), \
        mint_.token(scope="files:write")
    site.ready("/", write, method="PROPFIND")
    assert site.ask("/a.txt", write, "PUT", body=b"hello").status == 201
    assert site.ask("/a.txt", read).text() == "hello"
    answer = site.ask("/", read, "PROPFIND", headers=[("Depth", "1")])
    assert answer.status == 207 and "/a.txt" in answer.text()
    assert site.ask("/d", write, "MKCOL").status == 201
    where = f"https://127.0.0.1:{site.tls_port}/d/b.txt"
    assert site.ask("/a.txt", write, "MOVE",
                    headers=[("Destination", where)]).status == 201
    lock = b'<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope>' \
        b'<exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
    locked = site.ask("/d/b.txt", write, "LOCK", body=lock)
    assert locked.status == 200
    for method in ("PUT", "DELETE", "MKCOL", "LOCK", "PROPPATCH", "MOVE",
                   "COPY"):
        answer = site.ask("/d/b.txt", read, method,
                          headers=[("Destination", where + "2")])
        assert answer.status == 403, (method, answer)
        assert answer.challenge()["scope"] == "files:write"
        assert site.ask("/d/b.txt", None, method).status == 401
    assert site.ask("/d/b.txt", write, "UNLOCK", headers=[
        ("Lock-Token", locked.header("Lock-Token"))]).status == 204
    assert site.ask("/d/", write, "DELETE").status == 204
    site.refuses("/", write, mint_.token(), "files:write files:read",
                 method="PROPFIND")
    assert site.ask("/", read, "OPTIONS").all("DAV")


def test_virtual_hosts(cook, login, make_issuer):
    other = make_issuer("", [key("P-256", "other"), EC])
    site = cook(6, **at(login, "login.example.com"),
                **at(other, "customers.example.net"))
    site.write("var/staff/index.html", "staff\n")
    site.write("var/shop/index.html", "shop\n")
    staff = tokens_for(login, "https://staff.example.com").token()
    shop = tokens_for(other, "https://shop.example.com").token()
    site.ready("/", staff, host="staff.example.com")
    site.ready("/", shop, host="shop.example.com")
    for host, good, wrong, text in (
            ("staff.example.com", staff, shop, "staff\n"),
            ("shop.example.com", shop, staff, "shop\n")):
        assert site.ask("/", good, host=host).text() == text
        assert site.ask("/", wrong, host=host).status == 401
        site.refuses("/", good, host=host)
    # the right key and issuer, for the other's audience
    crossed = tokens_for(login, "https://shop.example.com").token()
    for host in ("staff.example.com", "shop.example.com"):
        assert site.ask("/", crossed, host=host).status == 401


def keycloak(issuer, **claims):
    """The shape of Keycloak's access tokens."""
    return tokens_for(issuer, ["orders", "account"]).token(
        key("RSA", "rsa1"), {"typ": "JWT"}, typ="Bearer", azp="web",
        scope="openid profile email", preferred_username="ann",
        sub="f1a0b2c3-0000-4000-8000-000000000000", **claims)


def test_keycloak(cook, make_issuer, backend):
    issuer = make_issuer("/realms/acme", [key("RSA", "rsa1")])
    site = cook(7, **at(issuer, "sso.example.com"),
                **{"127.0.0.1:8080": f"127.0.0.1:{backend.port}"})
    manager = {"orders": {"roles": ["manager", "clerk"]}}
    good = keycloak(issuer, resource_access=manager)
    boss = keycloak(issuer, resource_access=manager,
                    realm_access={"roles": ["staff"]})
    poor = keycloak(issuer, resource_access={"account": {"roles": ["clerk"]}})
    site.ready("/x", good)
    path, headers = received(site.ask("/x", good))
    assert (path, headers["x-roles"]) == ("/x", "manager,clerk")
    assert site.ask("/admin/x", good).status == 403
    assert site.ask("/admin/x", boss).status == 200
    assert (site.root / "access.log").read_text().splitlines()[-1] \
        .split()[1] == "ann"
    site.refuses("/x", good, poor)
    site.refuses("/admin/x", boss, poor)


#: /admin/users, to somebody who cuts ";x" out of a path
SPELLINGS = [
    "/admin;x/users", "/admin;/users", "/admin/;x/users", "/;x/admin/users",
    "//admin;x/users", "/%61dmin;x/users",
    "/x/..;/admin/users", "/x/..;y=1/admin/users", "/x/y/..;/..;/admin/users",
    "/x/%2e%2e;/admin/users", "/.;/admin/users", "/x;/../admin/users",
    "/admin%3b/users", "/admin%3Bx/users", "/x/..%3b/admin/users"]


def servlet_path(target):
    """The path that a servlet container takes from a request line: parameters
    of segments go before anything is decoded, then come the dots (Jakarta
    Servlet 6.0, 3.5.2)."""
    done = []
    for part in target.split("?")[0].split("/")[1:]:
        part = urllib.parse.unquote(part.split(";")[0])
        if part == "..":
            done = done[:-1]
        elif part not in ("", "."):
            done.append(part)
    return "/" + "/".join(done)


@pytest.mark.parametrize("way", ["recipe", "mapping=servlet"])
def test_paths_of_servlet_containers(cook, make_issuer, backend, way):
    issuer = make_issuer("/realms/acme", [key("RSA", "rsa1")])
    port = f"127.0.0.1:{backend.port}"
    # the manual's other way, instead of the recipe's last section
    replace = {"127.0.0.1:8080": port} if way == "recipe" else {
        '"http://127.0.0.1:8080/"': f'"http://{port}/" {way}',
        '<LocationMatch ";">': '<LocationMatch "^$">'}
    site = cook(7, **at(issuer, "sso.example.com"), **replace)
    manager = {"orders": {"roles": ["manager", "clerk"]}}
    good = keycloak(issuer, resource_access=manager)
    boss = keycloak(issuer, resource_access=manager,
                    realm_access={"roles": ["staff"]})
    site.ready("/x", good)
    reached = {}
    for target in SPELLINGS:
        answer = site.ask(target, good)
        assert answer.status in (200, 403)
        if answer.status == 200:
            reached[target] = servlet_path(received(answer)[0])
    assert "/admin/users" not in reached.values(), reached
    for target in ("/admin", "/admin/", "//admin/users", "/./admin/users",
                   "/%61dmin/users", "/x/../admin/users",
                   "/x/%2e%2e/admin/users"):
        assert site.ask(target, good).status == 403, target
    assert servlet_path(received(site.ask("/admin/users", boss))[0]) == \
        "/admin/users"
    if way == "recipe":
        assert not reached
        assert site.ask("/admin%2fusers", good).status == 404


def test_entra_id(cook, make_issuer, backend):
    tenant = "9f5b1c2e-6d3a-4f0b-8a71-2c4d5e6f7a8b"
    signer = key("RSA", "rsa1")
    # Entra's keys have no "alg", and an address of their own
    issuer = make_issuer(f"/{tenant}/v2.0", [signer.public()])
    site = cook(8, **at(issuer, "login.microsoftonline.com"),
                **{"127.0.0.1:8080": f"127.0.0.1:{backend.port}"})
    mint_ = tokens_for(issuer, "3d0b8f4a-1e2c-4b5d-9c6e-7f8091a2b3c4")

    def token(**claims):
        return mint_.token(signer, {"typ": "JWT"}, ver="2.0", tid=tenant,
                           oid="00000000-0000-0000-66f3-3332eca7ea81",
                           **claims)
    person = token(scp="Orders.Read profile", name="Zoë Å")
    program = token(roles=["Orders.Read.All"], sub=mint.DROP)
    poor = token(scp="profile", roles=["Orders.Write.All"])
    site.ready("/x", person)
    _, headers = received(site.ask("/x", person))
    assert headers["x-object"] == "00000000-0000-0000-66f3-3332eca7ea81"
    assert mint.unb64(headers["x-name"]).decode() == "Zoë Å"
    _, headers = received(site.ask("/x", program))
    assert "x-name" not in headers
    site.refuses("/x", person, poor, "Orders.Read")


def test_logto(cook, make_issuer, backend):
    signer = key("P-384", "ec3")
    issuer = make_issuer("/oidc", [signer, EC])
    site = cook(9, **at(issuer, "acme.logto.app"),
                **{"127.0.0.1:8080": f"127.0.0.1:{backend.port}"})
    mint_ = Mint(issuer.url, signer, "https://api.example.com/orders")
    read = mint_.token(scope="read:orders", client_id="app")
    write = mint_.token(scope="read:orders write:orders")
    site.ready("/orders/1", read)
    path, headers = received(site.ask("/orders/1", read))
    assert (path, headers["x-user"]) == ("/1", "alice")
    assert site.ask("/orders/1", write, "PUT", body=b"x").status == 200
    assert site.ask("/orders/1", read, "DELETE").status == 403
    # an ID token, an opaque token, another algorithm
    for token in (mint_.token(header={"typ": "JWT"}, scope="read:orders"),
                  "dGhlIG9wYXF1ZSBvbmU", mint_.token(EC)):
        assert site.ask("/orders/1", token).status == 401
    site.refuses("/orders/1", read, mint_.token(), "write:orders read:orders")


def coded(name):
    """As MCP writes a name in a header that is not plain text."""
    return "=?base64?" + base64.b64encode(name.encode()).decode() + "?="


def test_mcp_tools(cook, login, backend):
    site = cook(11, **at(login, "login.example.com"),
                **{"127.0.0.1:8080": f"127.0.0.1:{backend.port}"})
    mint_ = tokens_for(login, "https://tools.example.com/mcp")
    reads = mint_.token(scope="mcp:use files:read")
    deletes = mint_.token(scope="mcp:use files:delete")
    poor = mint_.token(scope="openid")

    version = ("MCP-Protocol-Version", "2026-07-28")

    def call(method=None, *names, token=None, more=(version,)):
        headers = [("Mcp-Method", method)] if method else []
        headers += [("Mcp-Name", name) for name in names]
        return site.ask("/mcp", token, "POST", [*headers, *more], body=b"{}")

    site.ready("/mcp", reads, method="POST", body=b"{}",
               headers=[("Mcp-Method", "tools/list"), version])
    rows = [("tools/list", (), "mcp:use", (reads, deletes)),
            ("server/discover", (), "mcp:use", (reads, deletes)),
            ("tools/call", ("read_file",), "mcp:use files:read", (reads,)),
            ("tools/call", (coded("read_file"),), "mcp:use files:read",
             (reads,)),
            ("tools/call", ("delete_file",), "mcp:use files:delete",
             (deletes,)),
            ("tools/call", (coded("delete_file"),), "mcp:use files:delete",
             (deletes,))]
    for method, names, scopes, good in rows:
        for token in (reads, deletes):
            answer = call(method, *names, token=token)
            assert answer.status == (200 if token in good else 403)
        answer = call(method, *names, token=poor)
        assert answer.status == 403
        # of that tool, and of no other
        assert answer.challenge()["scope"] == scopes
        answer = call(method, *names)
        assert answer.status == 401
        assert answer.challenge()["scope"] == scopes
    # nothing that is not listed, however it is written
    for method, names in (
            (None, ()), (None, ("read_file",)), ("TOOLS/CALL", ("read_file",)),
            ("tools/call", ()), ("tools/call", ("",)), ("tools/call", ("x",)),
            ("tools/call", ("Read_file",)), ("tools/call", (coded("x"),)),
            ("tools/call", ("read_file", "delete_file")),
            ("tools/call", ("read_file", coded("delete_file"))),
            ("tools/call", ("=?base64?!!!!?=",)), ("tools/call", ("=?base64??=",)),
            ("tools/call", (coded("read_file") + "x",)),
            ("tools/call", ("x" + coded("read_file"),)),
            ("tools/call", ("=?BASE64?cmVhZF9maWxl?=",)),
            # "read_file\0x", and no base64 that a strict decoder takes
            ("tools/call", ("=?base64?cmVhZF9maWxlAHg=?=",)),
            ("tools/call", ("=?base64?cmVhZF9maWxlZ?=",)),
            ("tools/call", ("=?base64?cmVhZF9maWxl=====?=",)),
            ("tools/call", ("=?base64?ZGVsZXRlX2ZpbGV=?=",)),
            ("tools/call, tools/list", ()), ("initialize", ())):
        for token in (None, reads, deletes):
            assert call(method, *names, token=token).status == 403, names
    # no request that the back end would judge by other headers than these
    named = "Mcp-Name, Mcp-Method, MCP-Protocol-Version"
    for more in ((), [("MCP-Protocol-Version", "2025-06-18")],
                 [("MCP-Protocol-Version", "")], [version, version],
                 [version, ("Connection", named)],
                 [version, ("Connection", "close,mcp-name")],
                 [version, ("Connection", "close"),
                  ("Connection", "mcp-protocol-version")]):
        for token in (None, reads, deletes):
            answer = call("tools/call", "read_file", token=token, more=more)
            assert answer.status == 403, more
    spelled = [(name, value) for value in ("delete_file", "") for name in (
        "Mcp_Name", "mcp_name", "MCP_METHOD", "Mcp_Protocol_Version",
        "Mcp-Protocol_Version", "Mcp_Protocol-Version")]
    answer = call("tools/call", "read_file", token=reads,
                  more=[version, *spelled])
    assert {name: value for name, value in received(answer)[1].items()
            if name.startswith("mcp")} == {
        "mcp-method": "tools/call", "mcp-name": "read_file",
        "mcp-protocol-version": "2026-07-28"}
    answer = site.ask("/mcp", None, "OPTIONS", [
        ("Origin", "https://inspector.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers",
         "authorization,mcp-method,mcp-name,mcp-param-region")])
    assert answer.status == 204
    assert "mcp-param-region" in answer.header("Access-Control-Allow-Headers")


def test_mcp(cook, login, backend):
    # with the real client: test_96_real_clients.py
    site = cook(10, **at(login, "login.example.com"),
                **{"127.0.0.1:8080": f"127.0.0.1:{backend.port}"})
    mint_ = tokens_for(login, "https://tools.example.com/mcp")
    good = mint_.token(scope="mcp:tools")
    site.ready("/mcp", good)
    metadata = "/.well-known/oauth-protected-resource/mcp"
    challenge = site.ask("/mcp", None, "POST", body=b"{}").challenge()
    assert challenge["resource_metadata"] == \
        "https://tools.example.com" + metadata
    assert challenge["scope"] == "mcp:tools"
    document = site.ask(metadata).json()
    assert document["authorization_servers"] == [login.url]
    assert document["scopes_supported"] == ["mcp:tools"]
    assert document["resource"] == "https://tools.example.com/mcp"
    answer = site.ask("/mcp", good, "POST", body=b"{}")
    path, headers = received(answer)
    assert (path, headers["x-user"]) == ("/mcp", "alice")
    assert "authorization" not in headers
    site.refuses("/mcp", good, mint_.token(), "mcp:tools", method="POST",
                 body=b"{}")
