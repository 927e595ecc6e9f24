# SPDX-License-Identifier: Apache-2.0
"""One folder with all pages, and an httpd that is started in it again and
again, each time with another configuration."""
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testenv import env, issuer

import world
from behind import Behind
from world import FILES, PAGES

MODULES = """access_compat alias auth_basic auth_form authn_core authn_file
authnz_fcgi authz_core authz_host authz_user cache cache_disk dav dav_fs
dav_svn authz_svn dir env headers include lua mime negotiation proxy proxy_http
proxy_fcgi request rewrite session session_cookie setenvif ssl socache_shmcb
""".split()

#: as many sites as a configuration may have
SLOTS = 32

CGI = """#!/bin/sh
[ -z "$CONTENT_LENGTH" ] || while read -r line; do :; done
printf 'Content-Type: text/plain\\r\\n'
case $HTTP_X_FRESH in
public) printf 'Cache-Control: public, max-age=60\\r\\n' ;;
age) printf 'Cache-Control: max-age=60\\r\\n' ;;
esac
printf '\\r\\n@@C%s %s\\000' '{key}' '{mark}'
env -0
printf '@@E\\n'
"""

# a page that holds itself crashes mod_cache_disk, and httpd ends it many times
SSI = """{mark}
<!--#if expr="%{{IS_SUBREQ}} == 'false'" -->
<!--#include virtual="$HTTP_X_PART" -->
<!--#endif -->
"""

LUA = """
function who(r)
    r.user = 'luauser'
    return apache2.OK
end
function deny(r)
    if r.user ~= 'root' then
        return 403
    end
    return apache2.DECLINED
end
"""

SVN_ACCESS = """[/]
* = r
[/secret]
* =
root = rw
"""

TUNING = {
    "event": "StartServers 1\nServerLimit 1\nThreadsPerChild 8\n"
             "MaxRequestWorkers 8\nMinSpareThreads 1\nMaxSpareThreads 8",
    "prefork": "StartServers 5\nMinSpareServers 1\nMaxSpareServers 9\n"
               "MaxRequestWorkers 9",
}

CRASH = re.compile(r"exit signal|AH00052|Sanitizer|runtime error:"
                   r"|Assertion .* failed")
READY = "resuming normal operations"


def missing():
    """Modules of httpd, and programs, that this machine does not have."""
    folder = Path(env.query("LIBEXECDIR"))
    found = [f"mod_{n}" for n in MODULES if n not in env.static_modules()
             and not (folder / f"mod_{n}.so").exists()]
    return found + [p for p in ("svnadmin", "svn") if not shutil.which(p)]


class Server:
    def __init__(self, purse):
        self.root = Path(tempfile.mkdtemp(prefix="mab-leaks-"))
        self.root.chmod(0o755)
        self.module = shutil.copy(env.module(),
                                  self.root / "mod_auth_bearer.so")
        self.port, self.tls = issuer.free_port(), issuer.free_port()
        self.process, self.started, self.htaccess = None, 0, []
        self.write("keys.json", purse.jwks)
        self.write("users", "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
        self.write("lua/hooks.lua", LUA)
        self.write("svnaccess", SVN_ACCESS)
        self.certificates()
        self.repository()
        for slot in range(SLOTS):
            self.pages(slot)
        for name in ("run", "cache"):
            (self.root / name).mkdir()
            self.give(name)
        self.behind = Behind(
            {p.key: p.mark for p in PAGES.values()},
            {f"{top}/docs/s{slot}/{p.file}": p.key
             for p in PAGES.values() if p.area in ("fcgi", "pfcgi")
             for slot in range(SLOTS)
             for top in ("", str(self.root))})

    # --- what lasts ---

    def write(self, name, text, mode=0o644):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def give(self, name):
        if os.getuid() == 0:
            for path in [self.root / name, *(self.root / name).rglob("*")]:
                shutil.chown(path, "www-data", "www-data")

    def pages(self, slot):
        for page in PAGES.values():
            name = f"docs/s{slot}/{page.file}"
            if page.area == "cgi":
                self.write(name, CGI.format(key=page.key, mark=page.mark),
                           0o755)
            elif page.area == "ssi":
                self.write(name, SSI.format(mark=page.mark))
            elif page.area == "fcgi":
                self.write(name, "a program\n")
            elif page.area in ("file", "dav"):
                self.write(name, page.mark + "\n")
        self.give(f"docs/s{slot}/dav")

    def repository(self):
        repo, draft = self.root / "repo", self.root / "draft"
        subprocess.run(["svnadmin", "create", repo], check=True)
        for page in PAGES.values():
            if page.area == "svn":
                self.write("draft/" + page.name + ".txt", page.mark + "\n")
        subprocess.run(["svn", "import", "-q", "-m", "pages", draft,
                        f"file://{repo}", "--config-dir", self.root / "svn"],
                       check=True)
        self.give("repo")

    def certificates(self):
        authority = issuer.Authority(self.root, "leaks")
        own = ec.generate_private_key(ec.SECP256R1())
        made = authority.certificate("certuser", own, authority.root.subject,
                                     authority.root_key, False, days=30)
        path = self.root / "client.pem"
        path.write_bytes(own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
            + made.public_bytes(serialization.Encoding.PEM))
        self.contexts = {}
        for cert in (False, True):
            context = ssl.create_default_context(cafile=authority.ca)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            if cert:
                context.load_cert_chain(path)
            self.contexts[cert] = context

    # --- one configuration ---

    def render(self, config):
        files, lines = {}, []
        for site in config["sites"]:
            lines += world.render_site(site, self.started, files)
        text = "\n".join(lines)
        values = {"root": str(self.root), "http": str(self.behind.http),
                  "fcgi": str(self.behind.fcgi), "port": str(self.port),
                  "tls": str(self.tls)}

        def fill(text):
            return re.sub(r"(?<![$%])\{(root|http|fcgi|port|tls)\}",
                          lambda m: values[m[1]], text)
        return fill(text), {k: fill(v) for k, v in files.items()}

    def preamble(self, config):
        folder = env.query("LIBEXECDIR")
        mpm = config["mpm"]
        names = [f"mpm_{mpm}", "cgid" if mpm == "event" else "cgi",
                 *(n for n in MODULES if n != "lua" or config["lua"])]
        loads = [f"LoadModule {n}_module {folder}/mod_{n}.so" for n in names
                 if n not in env.static_modules()]
        ours = f"LoadModule auth_bearer_module {self.module}"
        loads.insert(1 if config["first"] else len(loads), ours)
        user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
        cgid = f"ScriptSock {self.root}/run/cgid" if mpm == "event" else ""
        return "\n".join([
            f"ServerRoot {self.root}", "ServerName 127.0.0.1",
            f"Listen 127.0.0.1:{self.port}", f"Listen 127.0.0.1:{self.tls}",
            *loads, user, cgid, TUNING[mpm],
            f"PidFile {self.root}/run/httpd.pid",
            f"DefaultRuntimeDir {self.root}/run",
            f"ErrorLog {self.root}/error.log", "LogLevel warn",
            'LogFormat "%{X-Nonce}i %r %U %q" leaks',
            f"CustomLog {self.root}/access.log leaks",
            "TypesConfig /dev/null", "AddType text/html .shtml",
            "AddType text/plain .txt", "Timeout 4", "KeepAlive On",
            "MaxKeepAliveRequests 0", "KeepAliveTimeout 10",
            f"DavLockDB {self.root}/run/davlock",
            f"AuthnzFcgiDefineProvider authn leaks"
            f" fcgi://127.0.0.1:{self.behind.fcgi}/",
            f'<Directory "{self.root}">', "AllowOverride All",
            "Options FollowSymLinks", "Require all granted", "</Directory>",
            *(line.replace("{root}", str(self.root)) for line in world.HEAD),
        ]) + "\n"

    def start(self, config):
        self.started += 1
        sites, files = self.render(config)
        self.write("httpd.conf", self.preamble(config) + sites + "\n")
        for site in config["sites"]:
            if site["cache"]:
                (self.root / f"cache/{self.started}s{site['slot']}").mkdir()
        self.give("cache")
        for name in self.htaccess:
            (self.root / name).unlink(missing_ok=True)
        self.htaccess = list(files)
        for name, text in files.items():
            self.write(name, text)
        for name in ("error.log", "access.log"):
            (self.root / name).unlink(missing_ok=True)
        variables = {k: v for k, v in os.environ.items()
                     if k in ("PATH", "LANG", "HOME", "LD_LIBRARY_PATH")}
        with open(self.root / "stdout.log", "wb") as out:
            self.process = subprocess.Popen(
                [env.binary(), "-d", str(self.root), "-f",
                 str(self.root / "httpd.conf"), "-DFOREGROUND"],
                env=variables, stdout=out, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 30
        while READY not in self.log("error.log"):
            if self.process.poll() is not None:
                raise RuntimeError("httpd did not start:\n" + self.said())
            if time.monotonic() > deadline:
                raise RuntimeError("httpd does not get ready:\n" + self.said())
            time.sleep(0.01)

    def log(self, name):
        path = self.root / name
        return path.read_text("latin-1") if path.exists() else ""

    def said(self):
        return self.log("stdout.log") + self.log("error.log")

    def stop(self):
        """Ends httpd; returns crashes that its log tells of. (A child of
        prefork may free a mod_ssl connection twice when it is told to end.)"""
        crashes = [line for line in self.said().splitlines()
                   if CRASH.search(line)] if self.process else []
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                # the session that was made here, and only that
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)
        self.process = None
        shutil.rmtree(self.root / "cache", ignore_errors=True)
        (self.root / "cache").mkdir()
        return crashes

    def close(self):
        self.stop()
        self.behind.stop()
        shutil.rmtree(self.root)

    # --- what was written ---

    def written(self, slot):
        """The pages that a client changed: {page: text, or None: gone}; all
        is put back."""
        folder = self.root / f"docs/s{slot}/dav"
        own = {self.root / f"docs/s{slot}" / p.file: p
               for p in PAGES.values() if p.area == "dav"}
        changed = {}
        for path, page in own.items():
            text = path.read_text("latin-1") if path.is_file() else None
            if text == page.mark + "\n":
                continue
            changed[page] = text
            if path.is_dir():
                shutil.rmtree(path)
            self.write(str(path.relative_to(self.root)), page.mark + "\n")
        for path in sorted(folder.rglob("*"), reverse=True):
            if path not in own and path != folder / "in" \
                    and path.name not in (".htaccess", ".DAV"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if changed:
            self.give(f"docs/s{slot}/dav")
        return changed


assert set(FILES) <= set(world.EXTENSIONS)
