# SPDX-License-Identifier: Apache-2.0
"""Places with AuthType Bearer in which nobody is asked for a token: what only a
request shows is told. What the configuration alone tells is in test_80_config."""
import re

import pytest

from testenv import mint

GRANTED = ("AllowOverride AuthConfig", "Require all granted")
TYPE = ("AuthType Bearer",)


# each is open, which only a request shows
OPEN = """
<Location /p/wide/in>
    AuthType Bearer
    Require valid-user
</Location>
<Location /p/wide>
    Require all granted
</Location>
<Directory "ROOT/htdocs/folder">
    AuthType Bearer
    Require valid-user
</Directory>
<Location /folder>
    Require all granted
</Location>
<Directory "ROOT/htdocs/file">
    AuthType Bearer
    Require valid-user
</Directory>
<Directory "ROOT/htdocs/file">
    <FilesMatch "\\.txt$">
        Require all granted
    </FilesMatch>
</Directory>
<Location /p/if>
    AuthType Bearer
    Require valid-user
    <If "true">
        Require all granted
    </If>
</Location>
<Location /p/merged>
    AuthType Bearer
    AuthMerging Or
    Require valid-user
</Location>
<Location /p/all>
    AuthType Bearer
    <RequireAll>
        Require all granted
        Require not ip 192.0.2.1
    </RequireAll>
</Location>
<AuthzProviderAlias all open granted>
</AuthzProviderAlias>
<Location /p/alias>
    AuthType Bearer
    Require open
</Location>
<Location /p/methods>
    AuthType Bearer
    <Limit GET>
        Require all granted
    </Limit>
    <LimitExcept GET>
        Require valid-user
    </LimitExcept>
</Location>
<Location /p/true>
    AuthType Bearer
    Require expr true
</Location>
<Location /p/computed>
    AuthType "%{tolower:BEARER}"
</Location>
<IfModule mod_access_compat.c>
    <Location /p/any>
        AuthType Bearer
        Require valid-user
        Satisfy Any
    </Location>
</IfModule>
<LocationMatch "^/p/match">
    AuthType Bearer
    Require valid-user
</LocationMatch>
<LocationMatch "^/p/match/.*\\.txt$">
    Require all granted
</LocationMatch>
<Location /p/guarded>
    AuthType Bearer
    Require expr true
    RewriteEngine On
    RewriteCond %{REMOTE_USER} =""
    RewriteRule .* - [F]
</Location>
"""

# the same by a file in a folder of its own
FILES = {"over": "Require all granted", "or": "AuthMerging Or\nRequire method GET",
         "kind": 'AuthType "%{tolower:BEARER}"', "anyone": "Satisfy Any"}


HOMES = """
<Directory "ROOT/home/*/public_html">
    AllowOverride None
</Directory>
<DirectoryMatch "^ROOT/home/(?<owner>[^/]+)/public_html(/|$)">
    AuthType Bearer
    AuthBearerUser preferred_username
    Require claim preferred_username "%{env:MATCH_OWNER}"
</DirectoryMatch>
AliasMatch "^/~([^/]+)(.*)" "ROOT/home/$1/public_html$2"
Alias /homes ROOT/home
"""


@pytest.fixture(scope="module")
def site(serve, base):
    conf = base() \
        .section("Directory", "ROOT/htdocs", *GRANTED) \
        .section("Directory", "ROOT/bare", "AllowOverride AuthConfig") \
        .location("/p/silent", *TYPE) \
        .location("/p/optional", *TYPE, "AuthBearerOptional On") \
        .location("/p/own", *TYPE, "Require all granted") \
        .location("/p/user", *TYPE, "Require valid-user") \
        .location("/p/user/health", "Require all granted") \
        .location("/p/around", *TYPE) \
        .location("/p/around/in", "Require valid-user") \
        .location("/p/limited", *TYPE, "<Limit GET>", "Require valid-user",
                  "</Limit>") \
        .location("/bare", *TYPE) \
        .add("Alias /bare ROOT/bare", HOMES, OPEN)
    for name in FILES:
        conf.section("Directory", f"ROOT/htdocs/{name}", "AllowOverride AuthConfig Limit",
                     *(TYPE + ("Require valid-user",) if name != "kind" else ()))
    server = serve(conf, start=False, modules=("access_compat",))
    server.fill()
    server.write("bare/ok.txt", "ok\n")
    for name, lines in (("silent", TYPE), ("own", TYPE + ("Require valid-user",)),
                        ("limited", TYPE + ("<Limit GET>", "Require valid-user",
                                            "</Limit>")),
                        ("later", ("Require valid-user",))):
        server.write(f"htdocs/{name}/.htaccess", "\n".join(lines) + "\n")
        server.write(f"htdocs/{name}/ok.txt", "ok\n")
    for name, text in FILES.items():
        server.write(f"htdocs/{name}/.htaccess", text + "\n")
    for name in ("folder", "file", *FILES):
        server.write(f"htdocs/{name}/ok.txt", "ok\n")
    for name in ("alice", "bob"):
        server.write(f"home/{name}/public_html/index.html", f"{name}\n")
        server.write(f"home/{name}/public_html/a.txt", f"{name}\n")
        server.write(f"home/{name}/public_html/.htaccess",
                     "Require all granted\n")
    server.errorlog.allow_always("MAB0141|AH0163[01]|AH01276")
    return server.start()


def told(server):
    """(pid, place) of each MAB0410 of this test."""
    return re.findall(r"\[pid (\d+).*MAB0410: (.*?) at .*?:\d+: a request without a "
                      r"good token was let in: what decided about it did not ask "
                      r"for one\. .*; write \"Require valid-user\" into the last one",
                      "\n".join(server.errorlog.recent()))


@pytest.mark.parametrize("path, place", [
    ("/p/silent", '<Location "/p/silent">'),
    ("/p/around", '<Location "/p/around">'),
    ("/p/user/health", '<Location "/p/user">'),
    ("/p/wide/in", '<Location /p/wide/in>'),
    ("/folder/ok.txt", '<Directory "ROOT/htdocs/folder">'),
    ("/file/ok.txt", '<Directory "ROOT/htdocs/file">'),
    ("/p/if", '<Location /p/if>'), ("/p/merged", '<Location /p/merged>'),
    ("/p/all", '<Location /p/all>'), ("/p/alias", '<Location /p/alias>'),
    ("/p/methods", '<Location /p/methods>'), ("/p/true", '<Location /p/true>'),
    ("/p/computed", '<Location /p/computed>'), ("/p/any", '<Location /p/any>'),
    ("/p/match/x.txt", '<LocationMatch "^/p/match">'),
    ("/over/ok.txt", '<Directory ROOT/htdocs/over>'),
    ("/or/ok.txt", '<Directory ROOT/htdocs/or>'),
    ("/anyone/ok.txt", '<Directory ROOT/htdocs/anyone>')])
def test_a_place_that_asks_nobody_is_told_once(site, tokens, path, place):
    site.errorlog.expect("MAB0410")
    for _ in range(8):
        assert site.get(path).status == 200
        assert site.get(path, tokens.token(exp=1)).status == 200
    found = told(site)
    assert {where for _, where in found} == {place.replace("ROOT", str(site.root))}
    assert len(found) == len(set(found)), "once for each process"


def test_a_htaccess_file_that_asks_nobody_is_told_once(site):
    """Once for all such files."""
    site.errorlog.expect("MAB0410: .*(silent|kind)/.htaccess:1: a request without")
    for path in ("/silent/ok.txt", "/kind/ok.txt") * 4:
        assert site.get(path).status == 200
    found = re.findall(r"\[pid (\d+).*MAB0410", "\n".join(site.errorlog.recent()))
    assert len(found) == len(set(found))


@pytest.mark.parametrize("path, status", [
    ("/p/optional", 200), ("/p/own", 200), ("/p/user", 401),
    ("/p/around/in", 401), ("/p/guarded", 403), ("/own/ok.txt", 401),
    ("/limited/ok.txt", 401), ("/later/ok.txt", 500)])
def test_other_places_are_quiet(site, tokens, path, status):
    site.errorlog.allow("AH00027|AH01627|AH00026|no authentication")
    assert site.get(path).status == status
    assert not told(site)
    if status != 500:
        assert site.get(path, tokens.token()).status == 200
        assert not told(site)


def test_a_good_token_is_nothing_to_warn_of(site, tokens):
    assert site.get("/p/silent", tokens.token()).status == 200
    assert not told(site)


def test_httpds_bare_500_has_a_line_beside_it(site, tokens):
    site.errorlog.expect("AH01627")
    site.errorlog.expect(
        r'MAB0411: <Location "/bare"> at .*httpd\.conf:\d+: no Require line applies '
        r'here, so httpd answers 500 \(AH01627\); write "Require valid-user" beside '
        r"AuthType Bearer")
    for token in (None, tokens.token(), tokens.token(exp=1)):
        site.errorlog.begin()
        site.errorlog.allow("AH01627|MAB0411")
        assert site.get("/bare/ok.txt", token).status == 500
        assert len(site.errorlog.matching("MAB0411")) == 1


def test_methods_outside_of_limit_are_open(site, tokens):
    """What MAB0141 warns of at the start."""
    said = site.said()
    assert re.search(
        r'auth_bearer:warn\].*MAB0141: AuthType in <Location "/p/limited"> at .* is '
        r"Bearer: all its Require lines are in <Limit> or <LimitExcept>, so that "
        r"other methods need no token; write the lines outside", said), said
    assert said.count("MAB0141") == 1
    assert site.get("/p/limited").status == 401
    assert site.get("/p/limited", tokens.token()).status == 200
    site.errorlog.expect("MAB0410")
    assert site.get("/p/limited", method="POST").status in (200, 405)


@pytest.mark.parametrize("path", [
    "/~alice/", "/~alice/a.txt", "/~alice/index.html", "/%7Ealice/a.txt",
    "/homes/alice/public_html/a.txt", "//~alice/a.txt", "/~bob/../~alice/a.txt"])
def test_a_folder_for_each_user(site, tokens, path):
    """The section of docs/troubleshooting.md."""
    assert site.get(path).status == 401
    answer = site.get(path, tokens.token(preferred_username="alice"))
    assert (answer.status, answer.body) == (200, b"alice\n")
    for name in ("bob", "", "alic", "alice/", ".*", ["bob"]):
        assert site.get(path, tokens.token(preferred_username=name)).status \
            in (401, 403), name
