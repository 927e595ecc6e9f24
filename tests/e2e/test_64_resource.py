# SPDX-License-Identifier: Apache-2.0
"""The metadata of a resource names the issuers that the place trusts which serves
it, wherever in the configuration they stand."""
import json
import re

import pytest

from testenv import env, mint
from testenv.conf import Conf

pytestmark = pytest.mark.skipif(not env.knows("AuthBearerResource"),
                                reason="this module has no AuthBearerResource")

METADATA = "/.well-known/oauth-protected-resource"
A, B = "https://a.example", "https://b.example/realms/b"
IN = ["AuthType Bearer", "Require valid-user"]


def resource(name, path="/mcp", more=""):
    return f"AuthBearerResource https://{name}{path}{more}"


def issuer(iss, more=""):
    return f"AuthBearerIssuer {iss} keys=file:ROOT/keys.json{more}"


def within(kind, argument, *lines):
    return [f'<{kind} "{argument}">', *lines, f"</{kind}>"]


#: name of a virtual host: its lines, the issuers that its document names, and what
#: the start says about it
CASES = {
    "same": ([*within("Location", "/mcp", *IN, resource("same"), issuer(A))],
             [A], None),
    "server": ([issuer(A), *within("Location", "/mcp", *IN,
                                   resource("server"))], [A], None),
    "outer": ([*within("Location", "/", issuer(A)),
               *within("Location", "/mcp", *IN, resource("outer"))],
              [A], None),
    "order": ([*within("Location", "/mcp", *IN, resource("order"), issuer(A)),
               *within("Location", "/", issuer(B))], [B], None),
    "pattern": ([*within("LocationMatch", "^/m.p", issuer(A)),
                 *within("Location", "/mcp", *IN, resource("pattern"))],
                [A], None),
    "beside": ([*within("Location", "/mc", issuer(B)),
                *within("Location", "/mcp/admin", *IN, issuer(B)),
                *within("Location", "/mcp", *IN, resource("beside"),
                        issuer(A))], [A], None),
    # a place inside trusts another one, and its challenges lead to the same document
    "within": ([*within("Location", "/mcp", *IN, resource("within"), issuer(A)),
                *within("Location", "/mcp/x", issuer(B))], [A], "MAB0130"),
    "within-fewer": ([*within("Location", "/mcp", *IN, resource("within-fewer"),
                              issuer(A), issuer(B)),
                      *within("Location", "/mcp/x", *IN, issuer(A))],
                     [A, B], "MAB0130"),
    "within-same": ([*within("Location", "/mcp", *IN, resource("within-same"),
                             issuer(A)),
                     *within("Location", "/mcp/x", *IN, issuer(A))], [A], None),
    "within-own": ([*within("Location", "/mcp", *IN, resource("within-own"),
                            issuer(A)),
                    *within("Location", "/mcp/x", issuer(B),
                            resource("within-own", "/mcp/x"))], [A], None),
    "within-folder": ([*within("Directory", "ROOT/htdocs/d", *IN, issuer(A),
                               resource("within-folder")),
                       *within("Directory", "ROOT/htdocs/d/e", issuer(B))],
                      [A], "MAB0130"),
    # a folder that the resource has nothing to do with
    "other-folder": ([*within("Location", "/mcp", *IN, resource("other-folder")),
                      issuer(A), *within("Directory", "ROOT/other", *IN,
                                         issuer(B))], [A], None),
    # the resource at the server, the issuer in a place
    "inner": ([resource("inner"), *within("Location", "/mcp", *IN, issuer(A))],
              [A], None),
    "whole": ([resource("whole", ""),
               *within("Location", "/mcp", *IN, issuer(A))], [A], None),
    "whole-and-server": ([resource("whole-and-server", ""), issuer(B),
                          *within("Location", "/mcp", *IN, issuer(A))],
                         [A], None),
    "two": ([resource("two", ""), *within("Location", "/a", *IN, issuer(A)),
             *within("Location", "/b", *IN, issuer(B))], [A, B], "MAB0130"),
    "other-resource": ([
        resource("other-resource", ""),
        *within("Location", "/a", *IN, issuer(A)),
        *within("Location", "/b", *IN, issuer(B),
                resource("other-resource", "/b"))], [A], None),
    # behind a proxy that changes paths
    "moved": ([*within("Location", "/inside", issuer(A)),
               *within("Location", "/inside/x", *IN,
                       resource("moved", "/outside"))], [A], None),
    "files": ([*within("Directory", "ROOT/htdocs", issuer(B)),
               *within("Directory", "ROOT/htdocs/d", *IN, issuer(A)),
               *within("Directory", "ROOT/htdocs/d/e", resource("files"))],
              [A], None),
    "file": ([*within("Directory", "ROOT/htdocs/d", *IN, issuer(A),
                      *within("Files", "mcp.php", resource("file")))],
             [A], None),
    "file-again": ([*within("Directory", "ROOT/htdocs/d", *IN, issuer(A),
                            *within("Files", "mcp.php", issuer(B),
                                    resource("file-again")))], [B], None),
    "folder-pattern": ([*within("Directory", "ROOT/ht*", *IN, issuer(A)),
                        *within("Directory", "ROOT/htdocs/d",
                                resource("folder-pattern"))], [A], None),
    # a location wins over directories
    "location-wins": ([*within("Directory", "ROOT/htdocs/d", *IN, issuer(B),
                               resource("location-wins")),
                       *within("Location", "/mcp", issuer(A))], [A], None),
    # directories that may apply
    "mapped": ([*within("Directory", "ROOT/htdocs", issuer(A)),
                *within("Location", "/mcp", *IN, resource("mapped"))],
               [A], None),
    "mapped-or-not": ([issuer(A),
                       *within("Directory", "ROOT/htdocs", issuer(B)),
                       *within("Location", "/mcp", *IN,
                               resource("mapped-or-not"))],
                      [A], "MAB0130"),
    # where an alias leads
    "alias": (["Alias /mcp ROOT/srv",
               *within("Directory", "ROOT/htdocs", issuer(B)),
               *within("Directory", "ROOT/srv", issuer(A)),
               *within("Location", "/mcp", *IN, resource("alias"))], [A], None),
    "alias-or-server": ([
        "Alias /mcp/ ROOT/srv/", issuer(A),
        *within("Directory", "ROOT/srv", issuer(B)),
        *within("Location", "/mcp", *IN, resource("alias-or-server"))],
        [A], "MAB0130"),
    "alias-match": ([
        "AliasMatch ^/m(.*) ROOT/s/../srv$1",
        *within("Directory", "ROOT/htdocs", issuer(B)),
        *within("Directory", "ROOT/srvcp", issuer(A)),
        *within("Location", "/mcp", *IN, resource("alias-match"))], [A], None),
    "alias-within": ([
        "Alias / ROOT/htdocs/",
        *within("Directory", "ROOT/htdocs", issuer(B)),
        *within("Directory", "ROOT/srv", issuer(A)),
        *within("Location", "/mcp", *IN, resource("alias-within"),
                "Alias ROOT/srv")], [A], None),
    "alias-elsewhere": ([
        "Alias /mc ROOT/srv", "ScriptAlias /mcp/x ROOT/srv",
        *within("Directory", "ROOT/htdocs", issuer(A)),
        *within("Directory", "ROOT/srv", issuer(B)),
        *within("Location", "/mcp", *IN, resource("alias-elsewhere"))],
        [A], None),
    # of the main server, whose aliases virtual hosts have after their own
    "alias-of-main": ([
        *within("Directory", "ROOT/htdocs", issuer(B)),
        *within("Directory", "ROOT/srv", issuer(A)),
        *within("Location", "/main", *IN, resource("alias-of-main", "/main"))],
        [A], None),
    "alias-before-main": ([
        "Alias /main ROOT/htdocs",
        *within("Directory", "ROOT/htdocs", issuer(A)),
        *within("Directory", "ROOT/srv", issuer(B)),
        *within("Location", "/main", *IN, resource("alias-before-main", "/main"))],
        [A], None),
    # what only a request tells
    "if": ([*within("Location", "/mcp", *IN, resource("if"), issuer(A)),
            "<If \"%{HTTP_HOST} == 'x'\">", issuer(B), "</If>"],
           [A], "MAB0130"),
    "if-same": ([*within("Location", "/mcp", *IN, resource("if-same"),
                         issuer(A)),
                 "<If \"%{HTTP_HOST} == 'x'\">", issuer(A), "</If>"],
                [A], None),
    "if-only": ([*within("Location", "/mcp", *IN, resource("if-only"),
                         "<If \"%{HTTP_HOST} != 'x'\">", issuer(A), "</If>")],
                [A], None),
    "in-if": ([*within("Location", "/mcp", *IN,
                       "<If \"%{HTTP_HOST} != 'x'\">", issuer(A),
                       resource("in-if"), "</If>")], [A], None),
    "if-in-if": ([*within("Location", "/mcp", *IN, resource("if-in-if"),
                          "<If \"%{HTTP_HOST} != 'x'\">",
                          "<If \"%{HTTP_HOST} != 'y'\">", issuer(A), "</If>",
                          "</If>")], [A], None),
    "two-ifs": ([*within("Location", "/mcp", *IN, resource("two-ifs"),
                         "<If \"%{HTTP_HOST} != 'x'\">", issuer(A), "</If>",
                         "<If \"%{HTTP_HOST} == 'x'\">", issuer(B), "</If>")],
                [A, B], "MAB0130"),
    "folder-match": ([*within("DirectoryMatch", "^ROOT/htdocs/d", *IN,
                              issuer(A)),
                      *within("Directory", "ROOT/htdocs/d",
                              resource("folder-match"))], [A], None),
    # a section of another module
    "proxy": ([*within("Location", "/", issuer(B)),
               *within("Proxy", "http://127.0.0.1/*", *IN, resource("proxy"),
                       issuer(A))], [A], None),
    # an escape in the URL is none in what requests meet
    "escaped": ([*within("Location", "/", issuer(B)),
                 *within("Location", "/a b", issuer(A)),
                 *within("Location", "/a b/c", *IN,
                         resource("escaped", "/a%20b/c"))], [A], None),
    # nobody whom clients could ask
    "secret": ([*within("Location", "/mcp", *IN, resource("secret"),
                        "AuthBearerIssuer https://s.example "
                        "secret=file:ROOT/secret")], None, "MAB0132"),
    "secret-and-more": ([*within("Location", "/mcp", *IN,
                                 resource("secret-and-more"), issuer(A),
                                 "AuthBearerIssuer https://s.example "
                                 "secret=file:ROOT/secret")], [A], None),
    "http": ([*within("Location", "/mcp", *IN, resource("http"),
                      issuer("http://far.example"))], None, "MAB0132"),
    "none": ([*within("Location", "/mcp", *IN, resource("none"))],
             None, "MAB0131"),
    # a place of the main server, in a virtual host that changes nothing
    "inherits": ([], [A], None),
}


@pytest.fixture(scope="module")
def site(serve):
    conf = Conf("AuthBearerAudience urn:x", "Alias /main ROOT/srv",
                *within("Location", "/inherited", *IN, issuer(A),
                        resource("inherits", "/inherited")))
    for name, (lines, _, _) in CASES.items():
        conf.section("VirtualHost", "127.0.0.1:PORT", f"ServerName {name}",
                     *lines)
    conf.section("VirtualHost", "127.0.0.1:PORT", "ServerName several",
                 *within("Location", "/one", *IN, issuer(A),
                         resource("several", "/one")),
                 *within("Location", "/two", *IN, issuer(B),
                         resource("several", "/two")))
    server = serve(conf, start=False)
    server.fill()
    server.write("keys.json", json.dumps(
        {"keys": [mint.key("P-256", "ec1").public()]}))
    server.write("secret", "s" * 64, 0o600)
    server.errorlog.allow_always("MAB01")
    return server.start()


@pytest.mark.parametrize("name", CASES)
def test_issuers_of_the_place_itself(site, name):
    lines, issuers, said = CASES[name]
    path = re.search(rf"https://{name}(/\S+)?", " ".join(
        lines or ["https://inherits/inherited"]))[1] or ""
    document = site.get(METADATA + path, host=name).json()
    assert document["resource"] == f"https://{name}{path}"
    # RFC 9728 3.2: no empty member
    assert document.get("authorization_servers") == issuers
    if not lines:
        return
    log = site.errorlog.text()
    found = {code for line in log.splitlines() for code in re.findall(
        r"(MAB013\d): AuthBearerResource in .*? at \S+:(\d+):", line)}
    wanted = {(said, str(line_of(site, name, path)))} if said else set()
    here = {pair for pair in found if pair[1] == str(line_of(site, name, path))}
    assert here == wanted


def line_of(site, name, path):
    lines = (site.root / "httpd.conf").read_text().split("\n")
    return lines.index(f"AuthBearerResource https://{name}{path}") + 1


def test_each_resource_has_its_document(site):
    for path, iss in (("/one", A), ("/two", B)):
        answer = site.get(METADATA + path, host="several")
        assert answer.json()["authorization_servers"] == [iss]
        found = site.get(path, host="several").challenge()
        assert found["resource_metadata"] == \
            f"https://several{METADATA}{path}"
    assert site.get(METADATA, host="several").json()["resource"] \
        == "https://several/one"
    # and so has what a virtual host inherits, after its own
    assert site.get(METADATA + "/inherited", host="several").json()[
        "authorization_servers"] == [A]
