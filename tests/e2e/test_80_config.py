# SPDX-License-Identifier: Apache-2.0
"""A mistake in the configuration stops the start, and says which directive,
where, and what is allowed."""
import json
import os
import re
import shutil

import pytest

from testenv import env, issuer as issuers, mint
from testenv.conf import Conf
from testenv.mint import key

ISSUER = "AuthBearerIssuer https://issuer.example"
ARN = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/1"
AUDIENCE = "AuthBearerAudience urn:a"
# as Debian has it for /var/www
GRANTED = "<Directory ROOT>\nAllowOverride None\nRequire all granted\n</Directory>\n"


@pytest.fixture(scope="module")
def server():
    """One folder for all; configurations are only checked, never started."""
    made = env.Httpd(env.mpms()[0])
    made.environment["EMPTY"] = ""
    made.write("secret", "x" * 64, 0o600)
    made.write("short", "x" * 20, 0o600)
    made.write("short512", "x" * 40, 0o600)
    made.write("open", "x" * 64, 0o644)
    made.write("empty", "")
    os.mkfifo(made.root / "fifo", 0o600)
    made.write("text", "no keys here")
    made.write("nokeys.json", json.dumps(
        {"keys": [key("P-256", "ec1").public(use="enc")]}))
    made.write("bundle.json", json.dumps(
        {"keys": [key("P-256", "ec1").public(use="jwt-svid")]}))
    made.write("weak.json", json.dumps(
        {"keys": [key("RSA1024", "w").public()]}))
    made.write("private.pem", key("P-256", "ec1").jwk.export_to_pem(
        private_key=True, password=None).decode(), 0o600)
    made.write("keys.json", json.dumps(
        {"keys": [key("P-256", "ec1").public()]}))
    made.write("secretset.json", json.dumps(
        {"keys": [{"kty": "oct", "k": mint.b64("x" * 64)}]}))
    made.write("token", "abc.def\n", 0o600)
    made.write("bearer", "Bearer abc\n", 0o600)
    made.write("header", "X-Api-Key: abc\n", 0o600)
    made.write("basic", "Authorization: Basic abc\n", 0o600)
    made.write("lines", "X-Api-Key: abc\r\nHost: b\n", 0o600)
    made.write("host", "Host: b\n", 0o600)
    made.write("loose/token", "abc", 0o600)
    pair = issuers.Authority(made.root).pair.read_text()
    made.write("pair.pem", pair, 0o600)
    made.write("cert.pem", pair[pair.index("-----BEGIN CERT"):])
    for name in ("token", "header", "pair.pem"):
        if os.getuid() == 0:
            (made.root / name).chmod(0o640)
            shutil.chown(made.root / name, group="www-data")
    made.write("private.json", json.dumps(
        key("P-256", "ec1").jwk.export(as_dict=True)), 0o600)
    made.write("pair.json", json.dumps(
        {"keys": [key("P-256", "ec1").public(),
                  key("RSA", "rsa1").jwk.export(as_dict=True)]}), 0o600)
    made.write("ec.crt", key("P-256", "ec1").certificate())
    made.write("large.json", " " * 1100000)
    for name, mode in (("writable", 0o666), ("root", 0o600),
                       ("group", 0o640), ("team", 0o664)):
        made.write(f"{name}.json", (made.root / "keys.json").read_text(), mode)
    made.write("locked/keys.json", (made.root / "keys.json").read_text())
    (made.root / "locked").chmod(0o700)
    made.write("loose/keys.json", (made.root / "keys.json").read_text())
    made.write("loose/secret", "x" * 64, 0o600)
    (made.root / "loose").chmod(0o777)
    yield made
    made.close()


def check(server, text):
    server.configure(Conf(text.replace("ROOT", str(server.root))))
    return server.check_syntax()


def place(*lines, require="Require valid-user"):
    return "\n".join(('<Location "/x">', "AuthType Bearer", *lines, require,
                      "</Location>"))


def with_issuer(*lines):
    return place(ISSUER, AUDIENCE, *lines)


GOOD = {
    "nothing": "",
    "four lines": with_issuer(),
    "server level": "\n".join((ISSUER, AUDIENCE, place())),
    "issuer of the server": ISSUER + "\n" + place(AUDIENCE),
    "audience any": place(ISSUER, "AuthBearerAudience any"),
    "audience of the issuer": place(ISSUER + " audience=urn:a,urn:b"),
    "case of AuthType": with_issuer().replace("Bearer\n", "bearer\n", 1),
    "another AuthType": '<Location "/x">\nAuthType None\n'
                        "Require all granted\n</Location>",
    "key file": place(AUDIENCE, ISSUER + " keys=file:ROOT/keys.json"),
    "an issuer's own ways": place(
        AUDIENCE, ISSUER + " ca=ca.pem proxy=http://p.example:3128 timeout=9s "
        "connect=3s refresh=2h miss=30s stale=2d max-size=64k http=Off "
        "token=file:token header=file:ROOT/header cert=file:pair.pem "
        "key=file:pair.pem address=10.0.0.1:6443"),
    "an issuer's own authorities, too": place(
        AUDIENCE, ISSUER + " ca=+ROOT/ca.pem proxy=none"),
    "how long keys of a file are good": place(
        AUDIENCE, ISSUER + " keys=file:keys.json stale=1h"),
    "profile kubernetes with everything else": place(
        AUDIENCE, ISSUER + " profile=kubernetes ca=ca.pem token=file:token"),
    "relative key file": place(AUDIENCE, ISSUER + " keys=file:keys.json"),
    "secret": place(AUDIENCE, ISSUER + " secret=file:ROOT/secret"),
    "secret with algorithm": place(
        AUDIENCE, ISSUER + " secret=file:ROOT/secret alg=HS256,HS512"),
    "issuers that are no URL": place(
        AUDIENCE, "AuthBearerIssuer accounts.google.com keys=https://k.example/",
        "AuthBearerIssuer kubernetes/serviceaccount keys=file:ROOT/keys.json",
        "AuthBearerIssuer a@p.iam.example secret=file:ROOT/secret",
        "AuthBearerIssuer urn:example:issuer keys=file:ROOT/keys.json",
        "AuthBearerIssuer m\u00fcller keys=file:ROOT/keys.json"),
    "a trust domain": place(
        AUDIENCE, "AuthBearerIssuer spiffe://td.example profile=spiffe "
        "keys=file:ROOT/bundle.json",
        "AuthBearerIssuer spiffe://b profile=spiffe keys=https://b.example/bundle"),
    "tenants of a template": place(
        AUDIENCE,
        "AuthBearerIssuer https://login.example/{tid}/v2.0 tid=a-1,B_2 "
        "metadata=https://login.example/organizations/v2.0",
        "AuthBearerIssuer https://sts.example/{tid}/ tid=any keys=https://k.example/"),
    "metadata elsewhere": place(
        AUDIENCE, "AuthBearerIssuer urn:corp metadata=https://m.example/x",
        "AuthBearerIssuer https://b.example "
        "metadata=https://m.example/.well-known/openid-configuration"),
    "the audience in another claim": place(
        ISSUER + " audience-claim=client_id audience=app-1,app-2",
        "AuthBearerIssuer https://b.example audience-claim=aud",
        "AuthBearerAudience any"),
    "two issuers": with_issuer("AuthBearerIssuer https://b.example"),
    "every option": with_issuer(
        "AuthBearerCheck leeway=1m type=at+jwt max-age=1h max-life=1d "
        "require=jti,client_id",
        "AuthBearerAlgorithms RS256 RS384 RS512 PS256 PS384 PS512 ES256 "
        "ES384 ES512 EdDSA Ed25519 Ed448",
        "AuthBearerSource header header:X-T header:X-U:Key cookie:t query:q "
        "basic websocket",
        "AuthBearerUser email sub",
        "AuthBearerClaim sub env:SUB",
        "AuthBearerClaim * header:X-Claims base64url",
        "AuthBearerForward Off foreign=On", "AuthBearerOptional On",
        "AuthBearerCrossOrigin https://app.example http://localhost:8080 "
        'headers="X-A, X-B" expose=X-C credentials=On',
        "AuthBearerErrors off detail=Off unavailable=401"),
    "fetch": "AuthBearerFetch timeout=5s connect=2s refresh=1h miss=60s "
             "stale=24h max-size=256k proxy=none http=Off",
    "cache": "AuthBearerCache 4k ttl=10m",
    "no cache": "AuthBearerCache off",
    "fetch with the environment's proxy": "AuthBearerFetch proxy=env",
    "loopback": "AuthBearerFetch http=On\n" + place(
        AUDIENCE, "AuthBearerIssuer http://127.0.0.1:8080/x"),
    **{f"source {word}": with_issuer(f'AuthBearerSource "{word}"')
       for word in ("basic", "BASIC:x-access-token", "basic:*", "basic:a b@c.example",
                    "basic:j\u00f6", "WebSocket")},
    "a header with Basic of its own": with_issuer(
        "AuthBearerSource header:Authorization:Basic cookie:basic query:websocket"),
    "headers that are credentials": with_issuer(
        "AuthBearerSource header:Authorization header:Proxy-Authorization "
        "header:X-Forwarded-Access-Token header:X-Token"),
    "Require lines of some methods": with_issuer(
        "<Limit GET>", "Require scope read", "</Limit>",
        "<LimitExcept GET>", "Require scope write", "</LimitExcept>"),
    # which methods these are for is their own modules' business
    **{f"AuthType {name} in <{limit}>":
       f'<Location "/y">\n<{limit}>\nAuthType {name}\nRequire all granted\n'
       f"</{limit.split()[0]}>\n</Location>"
       for limit in ("Limit GET", "LimitExcept GET", "RequireAll")
       for name in ("Basic", "None", "Other")},
    "AuthType Basic in an alias": "<AuthzProviderAlias env a A>\n"
                                  "AuthType Basic\n</AuthzProviderAlias>",
    # somebody is asked, or it is said that nobody is
    "Require of a section around": ISSUER + "\n" + AUDIENCE
    + '\n<Location "/">\nRequire valid-user\n</Location>\n'
      '<Location "/x">\nAuthType Bearer\n</Location>',
    "Require of a section inside": with_issuer(
        "<If true>", "Require valid-user", "</If>").replace(
            "Require valid-user\n</Location>", "</Location>"),
    "Require of .htaccess files": GRANTED.replace("None", "AuthConfig")
    + place(ISSUER, AUDIENCE, require=""),
    "nobody is asked on purpose": GRANTED + place(
        ISSUER, AUDIENCE, require="Require all granted"),
    "tokens are optional": GRANTED + place(
        ISSUER, AUDIENCE, require="AuthBearerOptional On"),
    "tokens are optional in a section around": GRANTED
    + '<Location "/">\nAuthBearerOptional On\n</Location>\n'
    + place(ISSUER, AUDIENCE, require=""),
    "what looks like a mistake": with_issuer(
        'Require claim dn "cn=staff,dc=example"', 'Require claim name "Doe, Jane"',
        "Require claim groups ~ ^a,b*$", "Require claim iss:https://issuer.example",
        "Require claim /https:~1~1example.com~1roles admin", "Require scope files:*",
        "Require claim scope ~ read", "Require claim scope", "Require claim a:b,c=d",
        "Require claim /roles[0] admin",
        'AuthBearerResource https://api.example name="“The” API"'),
    # an outer section's resource is the audience, if there is no other
    "the audience is a resource around it": place(
        ISSUER, "AuthBearerResource https://api.example/x")
    + "\n" + place(ISSUER).replace("/x", "/x/y"),
    "the audience is a resource of a location": '<Directory "ROOT/htdocs">\n'
    f"AuthType Bearer\n{ISSUER}\nRequire valid-user\n</Directory>\n"
    '<Location "/mcp">\nAuthBearerResource https://api.example/mcp\n</Location>',
    # the main server's own copy of the resource serves no place
    "virtual hosts bring the issuers of a resource":
        "AuthBearerResource https://api.example\n" + "".join(
            f"<VirtualHost 127.0.0.1:80>\nServerName {name}\n"
            + place(f"AuthBearerIssuer https://{name}.example")
            + "\n</VirtualHost>\n" for name in "ab")
        + "<VirtualHost 127.0.0.1:80>\nServerName c\n</VirtualHost>",
    "require forms": with_issuer(
        "Require claim a", "Require claim a b c", "Require claim a ~ ^b$",
        "Require claim a.b >= 5", "Require claim /a/b x", "Require scope a b",
        "Require claim a:b", "Require claim a~^b$"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_configuration(server, name):
    status, said = check(server, GOOD[name])
    assert (status, "Syntax OK" in said) == (0, True), said
    assert "auth_bearer:warn" not in said, said


WRITE = ('; write "Require valid-user" there (or "AuthBearerOptional On" if tokens '
         'are optional, "Require all granted" if nobody needs one)')

#: name -> (configuration, directive that is named, words that must be said)
BAD = {
    # what a place needs
    "no issuer": (place(AUDIENCE), "AuthType", "AuthBearerIssuer"),
    "no audience": (place(ISSUER), "AuthType", "AuthBearerAudience.*any"),
    "one of two issuers has an audience": (
        place(ISSUER + " audience=urn:a",
              "AuthBearerIssuer https://b.example"),
        "AuthType", "AuthBearerAudience"),
    # places that ask nobody
    **{f"no Require, {name}": (
        text, "AuthType",
        r'MAB0140: AuthType in <Location "/x"> at .* is Bearer: ' + re.escape(
            "there is no Require line beside it, and no other section asks for a "
            "token, but some let everybody in" + WRITE))
       for name, text in (
           ("granted around", GRANTED + place(ISSUER, AUDIENCE, require="")),
           ("granted in a host", GRANTED + "<VirtualHost *:80>\n" + place(
               ISSUER, AUDIENCE, require="") + "\n</VirtualHost>"),
           ("asked elsewhere", GRANTED + place(ISSUER, AUDIENCE, require="")
            + '\n<Location "/y">\nRequire valid-user\n</Location>'))},
    "no Require anywhere": (
        place(ISSUER, AUDIENCE, require=""), "AuthType",
        r'MAB0140: AuthType in <Location "/x"> at .* is Bearer: ' + re.escape(
            "there is no Require line beside it, and none in another section that "
            "could apply, so that httpd would answer each request with 500 "
            "(AH01627)" + WRITE)),
    # issuers
    "issuer with another placeholder": (
        place(AUDIENCE, ISSUER + "/{realm}/ tid=a keys=https://k.example/"),
        "AuthBearerIssuer",
        '"https://issuer.example/{realm}/" has braces; the only placeholder that an '
        'issuer.s name may have is {tid}, once: the claim "tid" fills it'),
    "issuer with two placeholders": (
        place(AUDIENCE, ISSUER + "/{tid}/{tid} tid=a keys=https://k.example/"),
        "AuthBearerIssuer", '{tid}/{tid}" has braces; the only placeholder'),
    "tenants not named": (
        place(AUDIENCE, ISSUER + "/{tid}/v2.0 keys=https://k.example/"),
        "AuthBearerIssuer",
        '"https://issuer.example/{tid}/v2.0" does not say which tenants; give '
        "tid=<tenant>,<tenant>, or tid=any for every tenant that the issuer has"),
    "a template's metadata": (
        place(AUDIENCE, ISSUER + "/{tid}/v2.0 tid=a"), "AuthBearerIssuer",
        '"https://issuer.example/{tid}/v2.0" is no address, so there is no metadata '
        "that tells where its keys are; give metadata=<https-url>, for Entra ID "
        "metadata=https://login.microsoftonline.com/organizations/v2.0, or "
        "keys=<https-url>"),
    "tenants without a placeholder": (
        place(AUDIENCE, ISSUER + " tid=a"), "AuthBearerIssuer",
        'tid= has no place in "https://issuer.example"; write {tid} where tokens have '
        'the tenant in "iss": https://login.microsoftonline.com/{tid}/v2.0'),
    "a tenant with a slash": (
        place(AUDIENCE, ISSUER + "/{tid} tid=a,b/c keys=https://k.example/"),
        "AuthBearerIssuer",
        'tid=: "b/c" is no tenant; allowed is tid=any, or the tenants as tokens carry '
        'them in "tid": letters, digits, hyphens and underscores'),
    "any tenant and more": (
        place(AUDIENCE, ISSUER + "/{tid} tid=any,a keys=https://k.example/"),
        "AuthBearerIssuer", 'tid=: "any" is no tenant; allowed is tid=any, or'),
    "a tenant twice": (
        place(AUDIENCE, ISSUER + "/{tid} tid=a,a keys=https://k.example/"),
        "AuthBearerIssuer", '"a" is given twice'),
    "metadata and keys": (
        place(AUDIENCE, ISSUER + " metadata=https://m.example keys=https://k.example/"),
        "AuthBearerIssuer",
        "keys=, secret= and metadata= exclude each other; give one of them, or none "
        "for discovery"),
    "metadata by http": (
        place(AUDIENCE, ISSUER + " metadata=http://m.example"), "AuthBearerIssuer",
        "only https is allowed"),
    "issuer empty text": (
        with_issuer('AuthBearerIssuer ""'), "AuthBearerIssuer",
        r"a value is empty \(is a variable of the configuration not set\?\); remove "
        "it, or give it a text"),
    "issuer with a blank": (
        place(AUDIENCE, 'AuthBearerIssuer "https://i.example keys=file:x"'),
        "AuthBearerIssuer",
        '"https://i.example keys=file:x" has a blank or a quote; write the issuer '
        'exactly as tokens carry it in "iss", in plain quotes or none, and each '
        "option as a word of its own"),
    "issuer in typographic quotes": (
        place(AUDIENCE, "AuthBearerIssuer \u201chttps://i.example\u201d"),
        "AuthBearerIssuer", "the quotes in https://i.example are typographic ones"),
    "issuer with a control character": (
        place(AUDIENCE, "AuthBearerIssuer accounts\x1b[2Jx keys=file:ROOT/keys.json"),
        "AuthBearerIssuer",
        r'"accounts\\x1b\[2Jx" has a control character; write the issuer'),
    "issuer with an invisible end": (
        place(AUDIENCE, "AuthBearerIssuer accounts\u200b keys=file:ROOT/keys.json"),
        "AuthBearerIssuer", "has bytes that are not visible UTF-8; write the issuer"),
    "issuer forgotten": (
        place(AUDIENCE, "AuthBearerIssuer keys=file:ROOT/keys.json"),
        "AuthBearerIssuer",
        '"keys=file:.*" is an option, no issuer; the issuer comes first, exactly as '
        'tokens carry it in "iss"'),
    "issuer without a scheme": (
        place(AUDIENCE, "AuthBearerIssuer accounts.google.com"), "AuthBearerIssuer",
        '"accounts.google.com" is not an https URL, so there is no metadata that '
        "tells where its keys are; give keys=<https-url>, keys=file:<path> or "
        "secret=file:<path>, or the issuer's https URL, exactly as tokens carry it "
        'in "iss"'),
    "audience-claim of another claim": (
        place(ISSUER + " audience-claim=sub", AUDIENCE), "AuthBearerIssuer",
        "audience-claim=sub is not possible; allowed is one of: aud, client_id, azp, "
        "appid; other claims are compared by Require claim"),
    "audience-claim of two claims": (
        place(ISSUER + " audience-claim=azp,client_id", AUDIENCE),
        "AuthBearerIssuer", "audience-claim=azp,client_id is not possible; "),
    "audience-claim with any audience": (
        place(ISSUER + " audience-claim=azp", "AuthBearerAudience any"), "AuthType",
        "policy_any: AuthBearerAudience is any, but an issuer's audience-claim= or "
        r"profile= demands that the audience is compared \(issuer "
        r"https://issuer.example\); write audience=<value> on that AuthBearerIssuer "
        "line, or AuthBearerAudience with the values that are meant"),
    "issuer empty": (
        with_issuer("AuthBearerIssuer"), "AuthBearerIssuer",
        "no issuer is given; give its name, exactly as tokens carry it in \"iss\", "
        "mostly an https URL"),
    "issuer is no URL": (place(AUDIENCE, "AuthBearerIssuer issuer"),
                         "AuthBearerIssuer", "https"),
    "issuer http": (place(AUDIENCE, "AuthBearerIssuer http://i.example"),
                    "AuthBearerIssuer", "https"),
    "issuer http loopback": (
        place(AUDIENCE, "AuthBearerIssuer http://127.0.0.1/"),
        "AuthBearerIssuer", "http=On"),
    "issuer http elsewhere": (
        "AuthBearerFetch http=On\n"
        + place(AUDIENCE, "AuthBearerIssuer http://i.example"),
        "AuthBearerIssuer", "loopback"),
    "issuer with query": (place(AUDIENCE, ISSUER + "/?a=b"),
                          "AuthBearerIssuer", "query"),
    "issuer with fragment": (place(AUDIENCE, ISSUER + "/#a"),
                             "AuthBearerIssuer", "fragment"),
    "issuer with user": (place(AUDIENCE, "AuthBearerIssuer https://a@b.c/"),
                         "AuthBearerIssuer", "user"),
    "issuer twice": (with_issuer(ISSUER), "AuthBearerIssuer", "twice"),
    "issuer option": (place(AUDIENCE, ISSUER + " jwks=x"),
                      "AuthBearerIssuer", "jwks.*keys="),
    "issuer word": (place(AUDIENCE, ISSUER + " word"), "AuthBearerIssuer",
                    "word.*keys="),
    "spiffe of no trust domain": (
        place(AUDIENCE, ISSUER + " profile=spiffe keys=file:ROOT/keys.json"),
        "AuthBearerIssuer",
        '"https://issuer.example" is no trust domain of SPIFFE; write '
        "AuthBearerIssuer spiffe://example.org profile=spiffe keys=file:<bundle>, or "
        "keys=<https-url> of the bundle"),
    "spiffe with a path": (
        place(AUDIENCE, "AuthBearerIssuer spiffe://td/ profile=spiffe "
              "keys=file:ROOT/keys.json"), "AuthBearerIssuer",
        '"spiffe://td/" is no trust domain of SPIFFE; write'),
    "spiffe without a bundle": (
        place(AUDIENCE, "AuthBearerIssuer spiffe://td profile=spiffe"),
        "AuthBearerIssuer",
        "profile=spiffe needs keys=, the trust bundle of the domain; write"),
    "spiffe with a secret": (
        place(AUDIENCE, "AuthBearerIssuer spiffe://td profile=spiffe "
              "secret=file:ROOT/secret"), "AuthBearerIssuer",
        "profile=spiffe needs keys=, the trust bundle of the domain; write"),
    "spiffe with another audience claim": (
        place(AUDIENCE, "AuthBearerIssuer spiffe://td audience-claim=azp profile=spiffe "
              "keys=file:ROOT/bundle.json"), "AuthBearerIssuer",
        "profile=spiffe and audience-claim= exclude each other; leave audience-claim= "
        'out: a JWT-SVID has its audience in "aud"'),
    "spiffe with a tenant": (
        place(AUDIENCE, "AuthBearerIssuer spiffe://td tid=a profile=spiffe "
              "keys=file:ROOT/bundle.json"), "AuthBearerIssuer",
        'tid= has no place in "spiffe://td"'),
    "spiffe with any audience": (
        place("AuthBearerAudience any", "AuthBearerIssuer spiffe://td profile=spiffe "
              "keys=file:ROOT/bundle.json"), "AuthType",
        r"policy_any: .*profile= demands that the audience is compared \(issuer "
        r"spiffe://td\); write audience="),
    "spiffe with EdDSA only": (
        place(AUDIENCE, "AuthBearerIssuer spiffe://td profile=spiffe alg=EdDSA "
              "keys=file:ROOT/bundle.json"), "AuthType", "policy_alg: "),
    "spiffe with keys for certificates": (
        place(AUDIENCE, "AuthBearerIssuer spiffe://td profile=spiffe "
              "keys=file:ROOT/keys.json"), "AuthBearerIssuer",
        "use is not jwt-svid"),
    "profile of no such name": (
        place(AUDIENCE, ISSUER + " profile=spife"), "AuthBearerIssuer",
        'there is no profile "spife"; allowed is profile= with one of: '
        ".*kubernetes"),
    **({} if os.path.exists("/var/run/secrets/kubernetes.io") else {
        "profile kubernetes outside of a cluster": (
            place(AUDIENCE, ISSUER + " profile=kubernetes"),
            "AuthBearerIssuer", "token=file:/var/run/secrets/kubernetes.io/"
            "serviceaccount/token: file_read: .*No such file or directory")}),
    "issuer option twice": (place(AUDIENCE, ISSUER + " alg=ES256 alg=RS256"),
                            "AuthBearerIssuer", "alg= is given twice"),
    "issuer option empty": (place(AUDIENCE, ISSUER + " alg="),
                            "AuthBearerIssuer", "alg="),
    "keys http": (place(AUDIENCE, ISSUER + " keys=http://i.example/"),
                  "AuthBearerIssuer", "https"),
    "alb without signer": (
        place(AUDIENCE, ISSUER + " profile=aws-alb"), "AuthBearerIssuer",
        "profile=aws-alb without signer= would take tokens of all load "
        "balancers of that region; allowed is signer=<arn>,<arn> with the "
        "ARNs of load balancers: arn:aws:elasticloadbalancing:<region>:"
        "<account>:loadbalancer/app/<name>/<id>"),
    "alb of no balancer": (
        place(AUDIENCE, ISSUER + " profile=aws-alb signer=arn:aws:s3:::x"),
        "AuthBearerIssuer",
        '"arn:aws:s3:::x" is not a load balancer; allowed is signer='),
    "alb of a region that is an address": (
        place(AUDIENCE, ISSUER + " profile=aws-alb signer="
              + ARN.replace("eu-west-1", "evil.example/")),
        "AuthBearerIssuer", "is not a load balancer"),
    "alb of two regions": (
        place(AUDIENCE, ISSUER + f" profile=aws-alb signer={ARN},"
              + ARN.replace("eu-west-1", "eu-west-2")),
        "AuthBearerIssuer",
        'the load balancers of signer= are not all in one region of the '
        'partition "aws"; say where their keys are: '
        "keys=pem-per-kid:<https-url>/, or write an issuer line for each "
        "region in a place of its own"),
    "alb elsewhere": (
        place(AUDIENCE, ISSUER + " profile=aws-alb signer="
              + ARN.replace(":aws:", ":aws-cn:")),
        "AuthBearerIssuer", "say where their keys are"),
    "alb with an algorithm": (
        place(AUDIENCE, ISSUER + f" profile=aws-alb signer={ARN} alg=RS256"),
        "AuthBearerIssuer",
        "profile=aws-alb and this alg= exclude each other; load balancers "
        "sign with ES256: leave alg= out"),
    "alb with an audience claim": (
        place(AUDIENCE, ISSUER + f" profile=aws-alb signer={ARN} "
              "audience-claim=azp"), "AuthBearerIssuer",
        "profile=aws-alb and audience-claim= exclude each other; its audience "
        "is the client of the token's header: leave audience-claim= out"),
    "alb with a secret": (
        place(AUDIENCE, ISSUER + f" profile=aws-alb signer={ARN} "
              "secret=file:ROOT/secret"), "AuthBearerIssuer",
        "profile=aws-alb excludes secret= and metadata=; load balancers sign "
        "with keys of their own: leave these options out"),
    "alb of many tenants": (
        place(AUDIENCE, "AuthBearerIssuer https://i.example/{tid}/ tid=any "
              f"profile=aws-alb signer={ARN}"), "AuthBearerIssuer",
        "profile=aws-alb and an issuer of many tenants exclude each other; "
        "name the issuer of each load balancer, exactly as the token's header "
        'has it in "iss"'),
    "signer without profile": (
        place(AUDIENCE, ISSUER + f" signer={ARN}"), "AuthBearerIssuer",
        "signer= without profile=aws-alb; add profile=aws-alb, or leave "
        "signer= out"),
    "keys per kid http": (
        place(AUDIENCE, ISSUER + " keys=pem-per-kid:http://i.example/k/"),
        "AuthBearerIssuer", "https"),
    "keys per kid without slash": (
        place(AUDIENCE, ISSUER + " keys=pem-per-kid:https://i.example"),
        "AuthBearerIssuer",
        'keys=pem-per-kid:https://i.example does not end with "/"; allowed is '
        "keys=pem-per-kid:<https-url>/, which the token's key id .kid. "
        "follows"),
    "keys per kid with query": (
        place(AUDIENCE, ISSUER + " keys=pem-per-kid:https://i.example/?k=/"),
        "AuthBearerIssuer",
        'keys=pem-per-kid:https://i.example/.k=/ has a query or a fragment; '
        "allowed is"),
    "keys per kid of nothing": (
        place(AUDIENCE, ISSUER + " keys=pem-per-kid:"), "AuthBearerIssuer",
        'keys=pem-per-kid: does not end with "/"; allowed is'),
    "keys file as URL": (place(AUDIENCE, ISSUER + " keys=file:///etc/x"),
                         "AuthBearerIssuer",
                         "file_read: .*No such file or directory"),
    "keys and secret": (
        place(AUDIENCE, ISSUER + " keys=https://x/ secret=file:ROOT/secret"),
        "AuthBearerIssuer", "exclude"),
    "keys missing file": (place(AUDIENCE, ISSUER + " keys=file:ROOT/nowhere"),
                          "AuthBearerIssuer",
                          "No such file.*; .*/nowhere must be a JWK set"),
    "keys empty file": (place(AUDIENCE, ISSUER + " keys=file:ROOT/empty"),
                        "AuthBearerIssuer",
                        "file_size: .*(0 bytes).*/empty must be a JWK set"),
    "keys text": (place(AUDIENCE, ISSUER + " keys=file:ROOT/text"),
                  "AuthBearerIssuer", "JWK set.*PEM"),
    "keys folder": (place(AUDIENCE, ISSUER + " keys=file:ROOT"),
                    "AuthBearerIssuer", "not a regular file"),
    "keys of no use": (place(AUDIENCE, ISSUER + " keys=file:ROOT/nokeys.json"),
                       "AuthBearerIssuer",
                       "jwks_none: the JWK set has no key for signatures at "
                       "all [(]keys refused: 1, the first: jwk_use: key 0: use "
                       "is not sig[)]; .*/nokeys.json must be a JWK set, a PEM "
                       "public key or a certificate"),
    "keys weak": (place(AUDIENCE, ISSUER + " keys=file:ROOT/weak.json"),
                  "AuthBearerIssuer", "no usable key"),
    "keys secret": (place(AUDIENCE,
                          ISSUER + " keys=file:ROOT/secretset.json"),
                    "AuthBearerIssuer",
                    "jwk_oct_published: a public key set contains a shared "
                    "secret [(]key 0[)]; .*/secretset.json holds a shared "
                    "secret: write it, as bare bytes, to a file that only root "
                    "can read, and name that by secret=file:<path>"),
    "keys private JWK": (
        place(AUDIENCE, ISSUER + " keys=file:ROOT/private.json"),
        "AuthBearerIssuer",
        "jwk_private: a key is a private one, so whoever can read it can sign "
        "tokens [(]it has the member d[)]; give the public half only: the key "
        "in .*/private.json without its private members [(]d, p, q, dp, dq, "
        "qi[)]"),
    "keys private JWK in a set": (
        place(AUDIENCE, ISSUER + " keys=file:ROOT/pair.json"),
        "AuthBearerIssuer",
        "jwk_private: .* [(]key 1: it has the member d[)]; give the public half "
        "only: the key in .*/pair.json without its private members"),
    "keys that alg= does not fit": (
        place(AUDIENCE, ISSUER + " keys=file:ROOT/ec.crt alg=RS256"),
        "AuthBearerIssuer",
        "policy_alg: the place allows no algorithm that fits its issuer's keys "
        "[(]RS256 of alg= for the EC key in .*/ec.crt[)]; what is in that file "
        "can verify ES256: write one of these, or leave alg= out"),
    "keys large": (place(AUDIENCE, ISSUER + " keys=file:ROOT/large.json"),
                   "AuthBearerIssuer", "larger"),
    "keys private": (place(AUDIENCE, ISSUER + " keys=file:ROOT/private.pem"),
                     "AuthBearerIssuer", "PEM"),
    "keys for all to write": (
        place(AUDIENCE, ISSUER + " keys=file:ROOT/writable.json"),
        "AuthBearerIssuer", "file_writable: .*mode 666.*chmod o-w"),
    # how one issuer is reached
    "issuer's proxy": (
        place(AUDIENCE, ISSUER + " proxy=https://p.example"),
        "AuthBearerIssuer",
        '"https://p.example" is not a proxy; allowed is http://host:port, env, '
        "or none"),
    "issuer's timeout": (
        place(AUDIENCE, ISSUER + " timeout=2h"), "AuthBearerIssuer",
        '"2h" is not a valid value for timeout; allowed is 1 to 60 seconds; '
        "the number may end in s, m, h or d"),
    "issuer's refresh": (
        place(AUDIENCE, ISSUER + " refresh=1s"), "AuthBearerIssuer",
        '"1s" is not a valid value for refresh; allowed is 60 to '),
    "issuer's stale": (
        place(AUDIENCE, ISSUER + " stale=off"), "AuthBearerIssuer",
        '"off" is not a valid value for stale; allowed is 60 to '),
    "issuer's http": (
        place(AUDIENCE, ISSUER + " http=yes"), "AuthBearerIssuer",
        '"yes" is not a valid value for http; allowed is On or Off'),
    "issuer's ca is not there": (
        place(AUDIENCE, ISSUER + " ca=ROOT/nowhere"),
        'AuthBearerIssuer in <Location "/x"> at .*httpd.conf:',
        "file_read: .*/nowhere: No such file or directory.; ca= names a PEM "
        "file with CA certificates"),
    "issuer's ca is empty": (
        place(AUDIENCE, ISSUER + " ca=+"), "AuthBearerIssuer",
        "ca= has an unusable path; name a PEM file with CA certificates, which "
        "are trusted instead of the system's: ca=<file>, or beside them: "
        "ca=\\+<file>"),
    "address without a port": (
        place(AUDIENCE, ISSUER + " address=10.0.0.1"), "AuthBearerIssuer",
        'address="10.0.0.1" is not host:port; allowed is '
        "address=<host>:<port>, where to connect instead of to the host of the "
        "URL"),
    "address with http": (
        "AuthBearerFetch http=On\n" + place(
            AUDIENCE, "AuthBearerIssuer http://127.0.0.1 address=10.0.0.1:80"),
        "AuthBearerIssuer",
        "fetch_credentials: .*address= with plain http.; give the issuer, or "
        "keys=, an https URL"),
    "certificate with http": (
        "AuthBearerFetch http=On\n" + place(
            AUDIENCE, "AuthBearerIssuer http://127.0.0.1 cert=file:pair.pem "
            "key=file:pair.pem"), "AuthBearerIssuer",
        "fetch_credentials: .*cert= with plain http.; give the issuer"),
    "token with http through a proxy": (
        "AuthBearerFetch http=On proxy=http://p.example:1\n" + place(
            AUDIENCE, "AuthBearerIssuer http://127.0.0.1 token=file:token"),
        "AuthBearerIssuer", "fetch_credentials: .*token= and header= with "
        "plain http through a proxy.; give the issuer"),
    "token in the open": (
        place(AUDIENCE, ISSUER + " token=abc"), "AuthBearerIssuer",
        "token= does not name a file; allowed is token=file:<path>"),
    "header in the open": (
        place(AUDIENCE, ISSUER + ' "header=X: y"'), "AuthBearerIssuer",
        "header= does not name a file; allowed is header=file:<path>"),
    "cert without file": (
        place(AUDIENCE, ISSUER + " cert=pair.pem key=file:pair.pem"),
        "AuthBearerIssuer",
        "cert= does not name a file; allowed is cert=file:<path>"),
    "key for keys": (
        place(AUDIENCE, ISSUER + " key=https://x/keys"), "AuthBearerIssuer",
        "key= does not name a file; allowed is key=file:<path>, the private "
        "key to cert=; where the issuer's keys are is said by keys="),
    "cert without key": (
        place(AUDIENCE, ISSUER + " cert=file:pair.pem"), "AuthBearerIssuer",
        "cert= without key=; give both: cert=file:<certificate and chain> "
        "key=file:<private key>; they may be one file"),
    "key without cert": (
        place(AUDIENCE, ISSUER + " key=file:pair.pem"), "AuthBearerIssuer",
        "key= without cert=; give both: "),
    "token missing": (
        place(AUDIENCE, ISSUER + " token=file:nowhere"), "AuthBearerIssuer",
        "fetch_credentials: what identifies us to the key server cannot be "
        "used .token=file:.*/nowhere: file_read: .*No such file or "
        "directory.*; token=, header=, cert= and key= name files that httpd's "
        "children read at each fetch: keep them from others .chmod 640."),
    "token with its scheme": (
        place(AUDIENCE, ISSUER + " token=file:bearer"), "AuthBearerIssuer",
        "bearer: it is not one token alone, without the word Bearer before "
        "it"),
    "token for all to read": (
        place(AUDIENCE, ISSUER + " token=file:open"), "AuthBearerIssuer",
        "token=file:.*/open: file_open: .*mode 644"),
    "token of a pipe": (
        place(AUDIENCE, ISSUER + " token=file:fifo"), "AuthBearerIssuer",
        "token=file:.*/fifo: file_read: .*not a regular file"),
    "token's folder for all": (
        place(AUDIENCE, ISSUER + " token=file:loose/token"),
        "AuthBearerIssuer", "file_writable: .*loose/token, through its folder"
        ".; whoever can replace it can decide what is sent: chmod o-w .*loose"),
    "header of two lines": (
        place(AUDIENCE, ISSUER + " header=file:lines"), "AuthBearerIssuer",
        "header=file:.*/lines: it has a second line or a control character; "
        "one line of the form Name: value is allowed"),
    "header Host": (
        place(AUDIENCE, ISSUER + " header=file:host"), "AuthBearerIssuer",
        "header=file:.*/host: a header of that name is part of the request "
        "itself; name another one"),
    "header of no header": (
        place(AUDIENCE, ISSUER + " header=file:token"), "AuthBearerIssuer",
        "header=file:.*/token: it is not one line of the form Name: value"),
    "token and Authorization": (
        place(AUDIENCE, ISSUER + " token=file:token header=file:basic"),
        "AuthBearerIssuer", "header=file:.*/basic: token= sends Authorization "
        "already; remove one of the two"),
    "cert of no certificate": (
        place(AUDIENCE, ISSUER + " cert=file:text key=file:pair.pem"),
        "AuthBearerIssuer", "cert=file:.*/text: cert= has no certificate in "
        "PEM"),
    "key of no key": (
        place(AUDIENCE, ISSUER + " cert=file:cert.pem key=file:token"),
        "AuthBearerIssuer", "cert=file:.*/cert.pem: key= has no private key in "
        "PEM that opens without a passphrase"),
    "key of another certificate": (
        place(AUDIENCE, ISSUER + " cert=file:cert.pem key=file:private.pem"),
        "AuthBearerIssuer", "cert=file:.*/cert.pem: key= is not the key of "
        "the certificate in cert="),
    "fetching a secret": (
        place(AUDIENCE, ISSUER + " secret=file:secret token=file:token"),
        "AuthBearerIssuer", "token= has no effect with secret=; nothing is "
        "fetched for this issuer: remove it, or name where to fetch with "
        "keys=<https-url>"),
    "stale of a secret": (
        place(AUDIENCE, ISSUER + " secret=file:secret stale=1h"),
        "AuthBearerIssuer", "stale= has no effect with secret=; "),
    **{f"{option} of a key file": (
        place(AUDIENCE, ISSUER + f" keys=file:keys.json {option}={value}"),
        "AuthBearerIssuer", f"{option}= has no effect with keys=file:; nothing "
        "is fetched for this issuer: remove it, or name where to fetch with "
        "keys=<https-url>")
       for option, value in {
           "ca": "ca.pem", "proxy": "none", "timeout": "5s", "refresh": "1h",
           "http": "On", "address": "a:1", "token": "file:token",
           "header": "file:header"}.items()},
    "profile kubernetes with a file": (
        place(AUDIENCE, ISSUER + " profile=kubernetes keys=file:keys.json"),
        "AuthBearerIssuer", "profile=kubernetes fetches keys from the API "
        "server, and this line gives a file; remove profile=, or the file"),
    # secrets
    "secret in the open": (place(AUDIENCE, ISSUER + " secret=" + "x" * 40),
                           "AuthBearerIssuer", "secret=file:"),
    "secret missing": (place(AUDIENCE, ISSUER + " secret=file:ROOT/nowhere"),
                       "AuthBearerIssuer",
                       "file_read: .*nowhere: No such file or directory"),
    "secret of a pipe": (place(AUDIENCE, ISSUER + " secret=file:ROOT/fifo"),
                         "AuthBearerIssuer",
                         "file_read: .*fifo: not a regular file"),
    "secret short": (place(AUDIENCE, ISSUER + " secret=file:ROOT/short"),
                     "AuthBearerIssuer", "32 bytes"),
    "secret short for the algorithm": (
        place(AUDIENCE, ISSUER + " secret=file:ROOT/short512 alg=HS512"),
        "AuthBearerIssuer", "HS512"),
    "a folder for all": (
        place(AUDIENCE, ISSUER + " keys=file:ROOT/loose/keys.json"),
        "AuthBearerIssuer", "file_writable: .*loose/keys.json, through its folder.*"
        "chmod o-w .*/loose"),
    "a secret's folder for all": (
        place(AUDIENCE, ISSUER + " secret=file:ROOT/loose/secret"),
        "AuthBearerIssuer", "file_writable: .*chmod o-w .*/loose"),
    "secret for all to read": (
        place(AUDIENCE, ISSUER + " secret=file:ROOT/open"),
        "AuthBearerIssuer", "file_open: .*read or written by others"),
    "secret with RS256": (
        place(AUDIENCE, ISSUER + " secret=file:ROOT/secret alg=RS256"),
        "AuthBearerIssuer",
        "policy_alg: the place allows no algorithm that fits its issuer's keys "
        "[(]RS256 of alg= for a shared secret[)]; with secret=, alg= may name "
        "HS256, HS384 and HS512; the other algorithms need a public key: "
        "keys=file:<path>"),
    "alg of another curve's name": (
        place(AUDIENCE, ISSUER + " keys=file:ROOT/keys.json alg=Ed25519"),
        "AuthBearerIssuer", "policy_alg: .*[(]Ed25519 of alg= for the EC key "),
    "alg Ed25519 in lower case": (
        with_issuer("AuthBearerAlgorithms ed25519"), "AuthBearerAlgorithms",
        "\"ed25519\" is not a supported algorithm; allowed are: .*EdDSA Ed25519 "
        "Ed448 HS256"),
    "keys with HS256": (place(AUDIENCE, ISSUER + " alg=HS256"),
                        "AuthBearerIssuer|AuthType|AuthBearerAlgorithms",
                        "secret="),
    "place with HS256": (with_issuer("AuthBearerAlgorithms HS256"),
                         "AuthType|AuthBearerAlgorithms", "secret="),
    # audiences
    "audience empty": (place(ISSUER, "AuthBearerAudience"),
                       "AuthBearerAudience",
                       "no audience is named; allowed is .*\"any\""),
    "audience empty text": (place(ISSUER, 'AuthBearerAudience ""'),
                            "AuthBearerAudience", "a value is empty"),
    "audience empty last text": (place(ISSUER, 'AuthBearerAudience a ""'),
                                 "AuthBearerAudience", "a value is empty"),
    "audience empty text and more": (
        place(ISSUER, 'AuthBearerAudience "" a'), "AuthBearerAudience",
        "a value is empty .is a variable of the configuration not set"),
    "the 65th audience": (
        place(ISSUER, f"AuthBearerAudience {' '.join(f'a{i}' for i in range(64))} a0"),
        "AuthBearerAudience", "twice"),
    "audience any and more": (place(ISSUER, "AuthBearerAudience any urn:a"),
                              "AuthBearerAudience", "any"),
    "audience twice": (place(ISSUER, "AuthBearerAudience urn:a urn:a"),
                       "AuthBearerAudience", "twice"),
    # algorithms
    "alg none": (with_issuer("AuthBearerAlgorithms none"),
                 "AuthBearerAlgorithms", "none.*RS256"),
    "alg case": (with_issuer("AuthBearerAlgorithms rs256"),
                 "AuthBearerAlgorithms", "rs256.*RS256"),
    "alg ES256K": (with_issuer("AuthBearerAlgorithms ES256K"),
                   "AuthBearerAlgorithms", "ES256K"),
    "alg twice": (with_issuer("AuthBearerAlgorithms ES256 ES256"),
                  "AuthBearerAlgorithms", "twice"),
    "alg missing": (with_issuer("AuthBearerAlgorithms"),
                    "AuthBearerAlgorithms", "no algorithm is named; allowed is"),
    "alg of an issuer": (place(AUDIENCE, ISSUER + " alg=ES256,none"),
                         "AuthBearerIssuer", "none"),
    # checks
    "check empty": (with_issuer("AuthBearerCheck"), "AuthBearerCheck",
                    "no option is given; allowed is leeway= type="),
    "check word": (with_issuer("AuthBearerCheck strict"), "AuthBearerCheck",
                   "leeway="),
    "check option": (with_issuer("AuthBearerCheck exp=off"),
                     "AuthBearerCheck", "exp=.*leeway="),
    "leeway negative": (with_issuer("AuthBearerCheck leeway=-1"),
                        "AuthBearerCheck", "leeway.*allowed is"),
    "leeway huge": (with_issuer("AuthBearerCheck leeway=2d"),
                    "AuthBearerCheck", "leeway.*allowed is"),
    "leeway unit": (with_issuer("AuthBearerCheck leeway=5w"),
                    "AuthBearerCheck", "5w.*allowed is"),
    "leeway digits": (with_issuer("AuthBearerCheck leeway="
                                  "99999999999999999999"),
                      "AuthBearerCheck", "allowed is"),
    "type": (with_issuer("AuthBearerCheck type=id"), "AuthBearerCheck",
             "jwt.*at.jwt.*any"),
    "require empty": (with_issuer("AuthBearerCheck require=a,,b"),
                      "AuthBearerCheck", "empty"),
    # sources
    "source": (with_issuer("AuthBearerSource body"), "AuthBearerSource",
               "body.*header"),
    "source twice": (with_issuer("AuthBearerSource cookie:a header cookie:a"),
                     "AuthBearerSource", "a is given twice.*name each source once"),
    "source cookie without a name": (with_issuer("AuthBearerSource cookie"),
                                     "AuthBearerSource", "cookie:<name>"),
    "source name": (with_issuer('AuthBearerSource "cookie:a b"'),
                    "AuthBearerSource", '"cookie:a b" has an unusable name; '
                    "allowed are letters, digits"),
    "source empty name": (with_issuer("AuthBearerSource header:"),
                          "AuthBearerSource", '"header:" has an unusable name'),
    **{f"source {name}": (with_issuer(f"AuthBearerSource header:{name}"),
                          "AuthBearerSource", f"header:{name}.*something else.*"
                          "allowed is Authorization, or a header of your own")
       for name in ("Host", "Cookie", "cookie", "Connection", "Content-Length",
                    "Content_Length", "Transfer-Encoding", "If-Match", "Range",
                    "Forwarded")},
    "source words": (with_issuer("AuthBearerSource form"), "AuthBearerSource",
                     '"form" is not a source; allowed is header\\[:Name\\[:scheme\\]\\], '
                     "basic\\[:<user>\\], websocket, cookie:<name>, query\\[:name\\]"),
    **{f"source basic {name!r}": (
        with_issuer(f'AuthBearerSource "basic:{name}"'), "AuthBearerSource",
        '"basic:.*" has no usable user name; allowed is basic \\(the name that clients '
        "send is the token's user\\), basic:<user> \\(this name, which has no colon\\) "
        "and basic:\\* \\(any name\\)")
       for name in ("", "a:b", "a:", ":", "a\tb")},
    "source websocket with a name": (
        with_issuer("AuthBearerSource websocket:token"), "AuthBearerSource",
        '"websocket:token" has a name; write websocket alone: its token is always in '
        "the subprotocol base64url.bearer.authorization.<token in base64url>"),
    **{f"source {first} {then}": (
        with_issuer(f"AuthBearerSource {first} {then}"), "AuthBearerSource",
        f"{name} is given twice; name each source once")
       for first, then, name in (("basic", "basic", "basic"),
                                 ("basic:a", "basic:b", "basic"),
                                 ("basic:*", "basic", "basic"),
                                 ("websocket", "websocket", "websocket"))},
    **{f"source basic and {first}": (
        with_issuer(f"AuthBearerSource {first} basic"), "AuthBearerSource",
        "Authorization is one header, and a token in it would be found twice; name "
        "each header once, with the one scheme that clients send")
       for first in ("header:Authorization:Basic", "header:authorization:basic")},
    # lines that would hold for all methods
    **{f"{line} in <{limit}>": (
        with_issuer(f"<{limit}>", line, f"</{limit.split()[0]}>"),
        line.split()[0], "all methods.*outside")
       for limit in ("Limit GET", "LimitExcept POST")
       for line in ("AuthBearerOptional On", "AuthBearerAudience any",
                    "AuthBearerCheck leeway=5s", "AuthBearerSource query",
                    "AuthBearerUser email", "AuthBearerForward Off",
                    "AuthType Bearer")},
    # lines that no group of Require lines decides upon
    **{f"{line} in <{group}>": (
        with_issuer(f"<{group}>", line, "Require valid-user", f"</{group}>"),
        line.split()[0], f"in <{group}> at .*whatever the Require lines say.*outside")
       for group in ("RequireAll", "RequireAny")
       for line in ("AuthBearerCheck leeway=5s", "AuthType Bearer")},
    # lines that hold for nobody but one provider
    **{f"{line} in <{alias}>": (
        f"<{alias}>\n{line}\n</{alias.split()[0]}>\n" + with_issuer(),
        line.split()[0], f"{alias.split()[0]}.*put it .*outside")
       for alias, line in (
           ("AuthzProviderAlias env a A", "AuthType Bearer"),
           ("AuthzProviderAlias env a A", "AuthType bearer"),
           ("AuthzProviderAlias env a A", "AuthBearerErrors json"),
           ("AuthzProviderAlias env a A", "AuthBearerOptional On"),
           ("AuthnProviderAlias file a", "AuthBearerErrors json"))},
    # users and claims
    "user path": (with_issuer("AuthBearerUser a..b"), "AuthBearerUser",
                  "claim path"),
    "user expr": (with_issuer('AuthBearerUser "expr=%{"'), "AuthBearerUser",
                  "syntax error.*; allowed is expr=<expression>"),
    # nobody's claim: one user for all tokens
    **{f"user expr={text}": (
        with_issuer(f'AuthBearerUser "expr={text}"'), "AuthBearerUser",
        r"AuthBearerUser: expr=.* has no claim in it, so that all tokens would be the "
        f"same user; {advice}$")
       for text, advice in (
           ("claim('sub')", r"write a claim as %\{claim:sub\}, and a function of it as "
            r"%\{tolower:%\{claim:sub\}\}"),
           ("tolower(sub)", r"write a claim as .*"),
           ("sub", r'write "expr=%\{claim:sub\}"'),
           ("realm.user", r'write "expr=%\{claim:realm.user\}"'))},
    "user expr and more": (with_issuer('AuthBearerUser "expr=x" sub'),
                           "AuthBearerUser", "expr="),
    "user expr that is empty": (
        with_issuer('AuthBearerUser "expr="'), "AuthBearerUser",
        "expr= is empty.*; allowed is expr=<expression>"),
    # nobody's claim: "" for each token
    **{f"user expr {path}": (
        with_issuer(f'AuthBearerUser "expr=u-{path}"'), "AuthBearerUser",
        r"is not a claim path \(.*\); allowed is name, name.name")
       for path in ("%{claim:sub.}", "%{claim:iss}#%{claim:sub..x}",
                    "%{tolower:%{claim:sub.}}", "%{claim:/a~2}",
                    f"%{{claim:{300 * 'a'}}}",
                    f"%{{claim:{'.'.join(100 * 'a')}}}")},
    **{f"require expr {text}": (
        with_issuer(f'Require expr "{text}"'), "require line",
        r"is not a claim path \(.*\); allowed is name, name.name")
       for text in ("claim('role.') != 'guest'", "claim('') != 'guest'",
                    "'%{claim:.role}' != 'guest'",
                    "! ('guest' in claims('roles..x'))")},
    "claim words": (with_issuer("AuthBearerClaim sub"), "AuthBearerClaim",
                    "AuthBearerClaim: wrong number of words; allowed is "
                    "<claim-path>.* env:<NAME>"),
    "claim target": (with_issuer("AuthBearerClaim sub cookie:x"),
                     "AuthBearerClaim", "env:<NAME>"),
    "claim form": (with_issuer("AuthBearerClaim sub env:SUB xml"),
                   "AuthBearerClaim", "json"),
    "claim path": (with_issuer("AuthBearerClaim /a~2 env:SUB"),
                   "AuthBearerClaim", "claim path"),
    "claim twice": (with_issuer("AuthBearerClaim a env:X",
                                "AuthBearerClaim b env:X"),
                    "AuthBearerClaim", "two claims"),
    "claim twice as header": (with_issuer("AuthBearerClaim a header:X-A",
                                          "AuthBearerClaim b header:x-a"),
                              "AuthBearerClaim", "two claims"),
    "claim twice to one variable of CGI": (
        with_issuer("AuthBearerClaim a header:X-A",
                    "AuthBearerClaim b header:X_A"),
        "AuthBearerClaim", "two claims|no target"),
    "claim twice to one variable of a back end": (
        with_issuer("AuthBearerClaim a header:X-A",
                    "AuthBearerClaim b header:X.A"),
        "AuthBearerClaim", "two claims"),
    "source that is removed as a claim's": (
        with_issuer("AuthBearerClaim a header:X-A",
                    "AuthBearerSource header:X.A"),
        "AuthBearerSource", "another name"),
    # errors, flags, fetch
    "errors": (with_issuer("AuthBearerErrors xml"), "AuthBearerErrors",
               "json"),
    "errors detail": (with_issuer("AuthBearerErrors json detail=yes"),
                      "AuthBearerErrors", "On or Off"),
    "errors unavailable": (with_issuer("AuthBearerErrors unavailable=500"),
                           "AuthBearerErrors", "503"),
    "optional": (with_issuer("AuthBearerOptional maybe"),
                 "AuthBearerOptional", "On or Off"),
    "forward": (with_issuer("AuthBearerForward maybe"), "AuthBearerForward",
                "On or Off"),
    "forward foreign": (with_issuer("AuthBearerForward On foreign=some"),
                        "AuthBearerForward", "foreign.*On or Off"),
    "origin": (with_issuer("AuthBearerCrossOrigin https://a.example/"),
               "AuthBearerCrossOrigin", "https://a.example/.* is not an origin"),
    "any origin beside another": (
        with_issuer("AuthBearerCrossOrigin https://a.example *"),
        "AuthBearerCrossOrigin", "\"\\*\" is not an origin"),
    "options without an origin": (
        with_issuer("AuthBearerCrossOrigin headers=X-A"),
        "AuthBearerCrossOrigin", "no origin is named; allowed is one or more "
        r"origins \(https://app.example.com\), \* or off"),
    "options of off": (
        with_issuer("AuthBearerCrossOrigin off headers=X-A"),
        "AuthBearerCrossOrigin",
        "off has no options; write off alone, or name origins"),
    "headers of other origins": (
        with_issuer("AuthBearerCrossOrigin https://a.example headers=X-A;X-B"),
        "AuthBearerCrossOrigin", 'headers= has "X-A;X-B", which is no list of '
        "names of headers; allowed is headers=<name>,<name>, or "
        "headers=requested for whatever a script asks for"),
    "all headers of other origins": (
        with_issuer("AuthBearerCrossOrigin https://a.example headers=*"),
        "AuthBearerCrossOrigin", r'headers= has "\*", which is no list'),
    "exposed headers": (
        with_issuer('AuthBearerCrossOrigin https://a.example expose="X A"'),
        "AuthBearerCrossOrigin", 'expose= has "X A", which is no list of '
        "names of headers; allowed is expose=<name>,<name>"),
    "credentials": (
        with_issuer("AuthBearerCrossOrigin https://a.example credentials=yes"),
        "AuthBearerCrossOrigin", '"yes" is not a valid value for credentials; '
        "allowed is On or Off"),
    "a second resource": (
        with_issuer("AuthBearerResource https://a.example scopes=a",
                    "AuthBearerResource https://a.example name=N"),
        "AuthBearerResource", "this section has one already; write one line "
        "with all options; a second resource has a section of its own"),
    "credentials for every origin": (
        with_issuer("AuthBearerCrossOrigin * credentials=On"),
        "AuthBearerCrossOrigin", r"credentials=On with \* would let every site "
        "act with the cookies of its visitors; name the origins that may"),
    "an option of other origins": (
        with_issuer("AuthBearerCrossOrigin https://a.example max-age=5"),
        "AuthBearerCrossOrigin", "there is no option max-age=; allowed is "
        "headers= expose= credentials="),
    "an origin after an option": (
        with_issuer("AuthBearerCrossOrigin https://a.example expose=X-A "
                    "https://b.example"),
        "AuthBearerCrossOrigin",
        '"https://b.example" is not <option>=<value>'),
    "cache entries": ("AuthBearerCache 2m", "AuthBearerCache",
                      "allowed is 1 to 1048576 entries, not bytes; the number"),
    "cache ttl": ("AuthBearerCache 1k ttl=2d", "AuthBearerCache",
                  "not a valid value for ttl; allowed is 1 to 86400 seconds"),
    "cache without entries": ("AuthBearerCache ttl=5m", "AuthBearerCache",
                              "\"ttl=5m\" is not a valid value for entries"),
    "cache in a virtual host": (
        "<VirtualHost 127.0.0.1:1>\nAuthBearerCache off\n</VirtualHost>",
        "AuthBearerCache", "VirtualHost"),
    "fetch option": ("AuthBearerFetch retries=3", "AuthBearerFetch",
                     "retries.*timeout="),
    "fetch timeout": ("AuthBearerFetch timeout=0", "AuthBearerFetch",
                      "timeout.*allowed is"),
    "fetch size": ("AuthBearerFetch max-size=1g", "AuthBearerFetch",
                   "max-size.*allowed is"),
    "fetch twice": ("AuthBearerFetch timeout=5s timeout=6s",
                    "AuthBearerFetch", "twice"),
    "fetch proxy": ("AuthBearerFetch proxy=socks://x", "AuthBearerFetch",
                    "proxy.*http://host:port, env, or none"),
    "fetch ca": ("AuthBearerFetch ca=ROOT/nowhere\n" + with_issuer(),
                 "AuthBearerFetch", "ca="),
    "fetch ca without a certificate": (
        "AuthBearerFetch ca=ROOT/text\n" + with_issuer(), "AuthBearerFetch",
        "ca="),
    "fetch in a place": (with_issuer("AuthBearerFetch timeout=5s"),
                         "AuthBearerFetch", "not allowed"),
    # Require
    "require regex": (with_issuer("Require claim a ~ ("), "Require claim",
                      "regular expression at offset 1: missing.*<regex>"),
    "require number": (with_issuer("Require claim a > x"), "Require claim",
                       "Require claim: x is not a number; .*<number>"),
    **{f"require glued {line}": (
        with_issuer(f"Require {line}"), "Require claim",
        r"(is not an operator here.* own: write .*is written <name>:<value>|"
        r"are words of their own .*is written /role.*); allowed is")
       for line in ("claim age <18", "not claim age <18", 'claim age ">=18"',
                    "not claim role =guest", "not claim role !=guest",
                    "not claim role ~^guest$", "not claim role=guest",
                    "not claim role<18", 'claim role=guest "%{req:X}"')},
    "require nothing": (with_issuer("Require claim"), "Require claim",
                        "no claim is named; allowed is <path>"),
    "require path": (with_issuer("Require claim a..b"), "Require claim",
                     "a step of the path is empty"),
    "require no scope": (with_issuer("Require scope"), "Require scope",
                         "no scope is named; name one or more"),
    # EMPTY is a variable of the environment, where Define makes none
    **{f"require {line}": (with_issuer(line), "Require",
                           "a word is empty|no (claim|scope) is named|"
                           "tenant: is not <name>:<value>")
       for line in ('Require claim tenant ""', 'Require claim tenant "${EMPTY}"',
                    "Require claim tenant ${EMPTY}", "Require claim ${EMPTY}",
                    'Require claim tenant a "${EMPTY}"',
                    'Require claim tenant "" a',
                    'Require not claim tenant "${EMPTY}"',
                    'Require claim tenant ~ "${EMPTY}"',
                    "Require claim tenant:${EMPTY}",
                    'Require claim tenant:a "${EMPTY}"',
                    'Require claim tenant "%{req:X}" "${EMPTY}"',
                    'Require bearer-claim tenant "${EMPTY}"',
                    'Require scope ""', "Require scope ${EMPTY}",
                    'Require scope read "${EMPTY}"',
                    "Require scope read ${EMPTY}",
                    'Require bearer-scope "${EMPTY}" read')},
    "require regex of the request": (
        with_issuer('Require claim a ~ "%{req:X}"'), "Require", "only stand"),
    "require path of the request": (
        with_issuer('Require claim "%{req:X}:y"'), "Require claim",
        "an expression .* may only stand for a value"),
    "require operator alone": (with_issuer("Require claim a >="),
                               "Require claim", ">= takes exactly one operand after it"),
}


#: name -> (configuration, number of the warning, words that must be said)
DOUBTFUL = {
    "Require for some methods": (
        with_issuer("<Limit GET POST>", "Require scope a", "</Limit>").replace(
            "Require valid-user\n", ""),
        'MAB0141: AuthType in <Location "/x"> at ROOT/httpd.conf:N is Bearer: all its '
        "Require lines are in <Limit> or <LimitExcept>, so that other methods need "
        "no token; write the lines outside, or also \"Require all denied\" for the "
        "other methods (<LimitExcept>)"),
    "lines without AuthType": (
        with_issuer() + f'\n<Location "/y">\n{AUDIENCE}\nRequire valid-user\n'
        "</Location>",
        'MAB0142: AuthBearerAudience in <Location "/y"> at ROOT/httpd.conf:N: it has '
        "no effect, since no section that could apply to the same requests has "
        '"AuthType Bearer"; write that line, too'),
    "scopes with a comma": (
        with_issuer("Require scope read,write"),
        'MAB0143: Require in <Location "/x"> at ROOT/httpd.conf:N: "read,write" is one '
        "value with a comma in it; if several are meant, write them with blanks between: "
        "read write"),
    "values with a comma": (
        with_issuer("Require claim role admin,staff"),
        'MAB0143: Require in <Location "/x"> at ROOT/httpd.conf:N: "admin,staff" is one '
        "value with a comma in it; if several are meant, write them with blanks between: "
        "admin staff"),
    "audiences with a comma": (
        place(ISSUER, "AuthBearerAudience urn:a,urn:b"),
        'MAB0143: AuthBearerAudience in <Location "/x"> at ROOT/httpd.conf:N: '
        '"urn:a,urn:b" is one value with a comma in it; if several are meant, write them '
        "with blanks between: urn:a urn:b"),
    **{f"{claim} as a claim": (
        with_issuer(line),
        f'MAB0144: Require in <Location "/x"> at ROOT/httpd.conf:N: the claim {claim} of '
        "most issuers is one text with all scopes, which equals read only if there is no "
        'other; write "Require scope read"')
       for claim, line in (("scope", "Require claim scope read"),
                           ("scp", "Require claim scp:read"))},
    "a pattern as a value": (
        with_issuer("Require claim email *@example.com"),
        'MAB0145: Require in <Location "/x"> at ROOT/httpd.conf:N: in the value '
        "*@example.com, a * stands for itself; for a pattern write a regular expression "
        "(Require claim email ~ ...), and for any value none (Require claim email)"),
    **{f"slashes between the steps of {line.split()[0]}": (
        with_issuer(line),
        f'MAB0146: {line.split()[0]} in <Location "/x"> at ROOT/httpd.conf:N: in '
        '"realm_access/roles", a slash is part of a claim\'s name; if steps are meant, '
        "write realm_access.roles, and if it is one claim, /realm_access~1roles")
       for line in ("Require claim realm_access/roles admin",
                    "AuthBearerUser realm_access/roles",
                    "AuthBearerClaim realm_access/roles env:ROLES")},
    **{f"a user that {text} chooses": (
        with_issuer(f'AuthBearerUser "expr={text}"'),
        'MAB0147: AuthBearerUser in <Location "/x"> at ROOT/httpd.conf:N: whoever '
        f"sends a request chooses {sent}, and so the user; make the user of claims "
        "alone: %{claim:sub}")
       for text, sent in (("%{HTTP:X-User}", "%{HTTP:X-User}"),
                          ("%{claim:iss}#%{req:X-User}", "%{req:X-User}"),
                          ("%{tolower:%{http:X}}", "%{http:X}"),
                          ("%{claim:sub}@%{HTTP_HOST}", "%{HTTP_HOST}"))},
    "a user of no claim": (
        with_issuer('AuthBearerUser "expr=%{env:FOO}x"'),
        'MAB0148: AuthBearerUser in <Location "/x"> at ROOT/httpd.conf:N: '
        "expr=%{env:FOO}x has no claim in it, so that the user does not come from the "
        "token; write a claim as %{claim:sub}"),
    "a function in a user": (
        with_issuer('AuthBearerUser "expr=tolower(%{claim:sub})"'),
        'MAB0149: AuthBearerUser in <Location "/x"> at ROOT/httpd.conf:N: in '
        'expr=tolower(%{claim:sub}), "tolower(" is text and no function; write a '
        "function as %{tolower:%{claim:sub}}"),
    **{f"the origin {origin}": (
        with_issuer(f"AuthBearerCrossOrigin {origin} https://b.test"),
        'MAB0151: AuthBearerCrossOrigin in <Location "/x"> at ROOT/httpd.conf:N: no '
        f"browser sends the origin {origin}; write {right}, and others after a blank")
       for origin, right in (("https://a.test,", "https://a.test"),
                             ("https://a.test:443", "https://a.test"),
                             ("http://a.test:80", "http://a.test"))},
    "an issuer's metadata as its name": (
        place("AuthBearerIssuer https://login.test/a/.well-known/openid-configuration "
              "keys=https://login.test/keys", AUDIENCE),
        'MAB0150: AuthBearerIssuer in <Location "/x"> at ROOT/httpd.conf:N: '
        "https://login.test/a/.well-known/openid-configuration is the address of an "
        "issuer's metadata, which is below its name; write the name: "
        "https://login.test/a"),
    # which counts for all methods, and the last one counts
    "AuthType Basic where tokens count": (
        with_issuer("<Limit DELETE>", "AuthType Basic", "Require valid-user",
                    "</Limit>"),
        'MAB0142: AuthBearerIssuer in <Location "/x"> at ROOT/httpd.conf:N: it has '
        "no effect, since no section that could apply to the same requests has "
        '"AuthType Bearer"; write that line, too'),
    "lines of the server without AuthType": (
        AUDIENCE, "MAB0142: AuthBearerAudience at ROOT/httpd.conf:N: it has no "
        "effect, since no section that could apply to the same requests has "
        '"AuthType Bearer"; write that line, too'),
}


CLAIM_FORMS = ("; allowed is <path> [<value>...], <path> ~ <regex>, "
               "<path> >=|>|<=|< <number>, <name>:<value> or <name>~<regex>")
CURLY = ", which mean nothing here; write straight ones (\" or '), or none"
COMMA = " has a comma at its end; only blanks separate the values: a b c"
PATH_FORMS = "; allowed is name, name.name, or a JSON Pointer that begins with /"

#: what people write -> (configuration, all that is said of it)
WRITTEN = {
    "an operator without a blank": (
        with_issuer("Require claim level >=3"),
        "Require claim: >=3 is not an operator here, which is a word of its own: write "
        "level >= 3; a value that begins so is written <name>:<value>" + CLAIM_FORMS),
    "an equals sign": (
        with_issuer("Require claim role =admin"),
        "Require claim: =admin is not an operator here, which is a word of its own: "
        "write role admin; a value that begins so is written <name>:<value>"
        + CLAIM_FORMS),
    "quotes after an equals sign": (
        with_issuer('Require claim role="admin"'),
        'Require claim: role="admin": path and operator are words of their own (age < '
        '18, role guest); a claim of that name is written /role="admin"' + CLAIM_FORMS),
    "a URL as a claim": (
        with_issuer("Require claim https://example.com/roles admin"),
        "Require claim: a claim that is named by a URL is written "
        "/https:~1~1example.com~1roles" + CLAIM_FORMS),
    "a URL as a claim, alone": (
        with_issuer("Require not claim https://example.com/banned"),
        "Require claim: a claim that is named by a URL is written "
        "/https:~1~1example.com~1banned" + CLAIM_FORMS),
    "a claim with a colon": (
        with_issuer("Require claim cognito:groups admins"),
        "Require claim: after cognito:groups, admins is not <name>:<value> or "
        "<name>~<regex>; a claim that is called cognito:groups is written "
        "/cognito:groups admins" + CLAIM_FORMS),
    "JSONPath": (
        with_issuer("Require claim $.realm_access.roles admin"),
        "Require claim: paths begin without $: write realm_access.roles" + CLAIM_FORMS),
    "JSONPath in brackets": (
        with_issuer("Require claim roles[*] admin"),
        "Require claim: what is in an array is a step of its own: write roles; a claim "
        "of that name is written /roles[*]" + CLAIM_FORMS),
    "an array without an index": (
        with_issuer("Require not claim roles[] banned"),
        "Require claim: what is in an array is a step of its own: write roles; a claim "
        "of that name is written /roles[]" + CLAIM_FORMS),
    "all of an array": (
        with_issuer("Require not claim roles.* banned"),
        "Require claim: what is in an array is a step of its own: write roles; a claim "
        "of that name is written /roles.*" + CLAIM_FORMS),
    "a claim as in an expression": (
        with_issuer("Require not claim %{claim:role} banned"),
        "Require claim: a path is written without %{ }: write role; a claim of that "
        "name is written /%{claim:role}" + CLAIM_FORMS),
    "a user as in an expression": (
        with_issuer("AuthBearerUser %{claim:sub}"),
        'AuthBearerUser: "%{claim:sub}" is not a claim path (a path is written without '
        "%{ }: write sub; a claim of that name is written /%{claim:sub})" + PATH_FORMS),
    **{f"{sign} between claim and value": (
        with_issuer(f"Require not claim role {sign} banned"),
        f"Require claim: {sign} is not an operator here: a value stands right after the "
        "path; write role banned" + CLAIM_FORMS) for sign in ("=", "==")},
    "!= between claim and value": (
        with_issuer("Require not claim role != banned"),
        "Require claim: != is not an operator here: for the claim to be banned, write "
        "Require claim role banned, and for anything else Require not claim role "
        "banned" + CLAIM_FORMS),
    "a URL as an exported claim": (
        with_issuer("AuthBearerClaim https://example.com/roles env:ROLES"),
        'AuthBearerClaim: "https://example.com/roles" is not a claim path (dots separate '
        "steps, so a claim of that name is written /https:~1~1example.com~1roles)"
        + PATH_FORMS),
    "a URL as a claim of an expression": (
        with_issuer("Require expr \"claim('https://example.com/roles') == 'a'\""),
        'Cannot parse expression in require line: "https://example.com/roles" is not a '
        "claim path (dots separate steps, so a claim of that name is written "
        "/https:~1~1example.com~1roles)" + PATH_FORMS),
    "users with a comma": (
        with_issuer("AuthBearerUser email,sub"),
        'AuthBearerUser: "email,sub" is not a claim path (it is one path with a comma in '
        "it: give each path a word of its own, without commas; a claim of that name is "
        "written /email,sub)" + PATH_FORMS),
    "a claim path in an expression": (
        with_issuer('AuthBearerUser "expr=%{claim:sub.}"'),
        'AuthBearerUser: "sub." is not a claim path (a step of the path is empty)'
        + PATH_FORMS),
    "scopes with a comma and a blank": (
        with_issuer("Require scope read, write"),
        'Require: "read,"' + COMMA),
    "values with a comma and a blank": (
        with_issuer("Require claim role admin, staff"),
        'Require: "admin,"' + COMMA),
    "audiences with a comma and a blank": (
        place(ISSUER, "AuthBearerAudience urn:a, urn:b"),
        'AuthBearerAudience: "urn:a,"' + COMMA),
    "required claims with a blank": (
        with_issuer("AuthBearerCheck require=client_id, jti"),
        'AuthBearerCheck: "client_id," has an empty value beside a comma (is a '
        "variable of the configuration not set?); write the list without blanks: a,b,c"),
    "a number beyond 64 bits": (
        with_issuer("Require claim a >= 18446744073709551616"),
        "Require claim: 18446744073709551616 is beyond 64 bits, which a whole number may "
        "have; write 18446744073709551616.0 to compare with the nearest double"
        + CLAIM_FORMS),
    **{f"a cache of {number}": (
        f"AuthBearerCache {number}",
        f'AuthBearerCache: "{number}" is not a valid value for entries; allowed is 1 to '
        "1048576 entries, not bytes; the number may end in k or m; for no cache: off")
       for number in ("0", "10MB", "64MB")},
    "a size of bytes": (
        "AuthBearerFetch max-size=1g",
        'AuthBearerFetch: "1g" is not a valid value for max-size; allowed is 1024 to '
        "16777216 bytes; the number may end in k or m"),
    "a path of keys": (
        place(AUDIENCE, ISSUER + " keys=/etc/apache2/keys.json"),
        "AuthBearerIssuer: keys=/etc/apache2/keys.json is not a URL; a file is named by "
        "keys=file:/etc/apache2/keys.json"),
    "a path of a secret": (
        place(AUDIENCE, ISSUER + " secret=/etc/apache2/secret"),
        "AuthBearerIssuer: secret= does not name a file; allowed is secret=file:<path>, "
        "with file: in front of the path"),
    # typographic quotes
    "quotes around an audience": (
        place(ISSUER, "AuthBearerAudience “urn:a”"),
        "AuthBearerAudience: the quotes in urn:a are typographic ones" + CURLY),
    "quotes around an option": (
        place(AUDIENCE, ISSUER + " keys=“https://issuer.example/keys”"),
        "AuthBearerIssuer: the quotes in keys=https://issuer.example/keys are "
        "typographic ones" + CURLY),
    "quotes around a type": (
        with_issuer().replace("Type Bearer", "Type ‘Bearer’"),
        "AuthType: the quotes in Bearer are typographic ones" + CURLY),
    "quotes around a path": (
        with_issuer().replace('"/x"', "“/x”"),
        "AuthType: the quotes in <Location /x> are typographic ones" + CURLY),
    "quotes around a scope": (
        with_issuer("Require scope “read”"),
        "Require: the quotes in read are typographic ones" + CURLY),
    "quotes around a value": (
        with_issuer("Require claim name „Anna“"),
        "Require: the quotes in Anna are typographic ones" + CURLY),
}


def shown(said):
    """What httpd says, with the bytes of other letters that it shows as numbers."""
    return re.sub(r"(\\x[0-9a-f]{2})+", lambda hit: bytes.fromhex(
        hit[0].replace("\\x", "")).decode(), said)


@pytest.mark.parametrize("option", ["keys", "secret"])
def test_a_path_is_shown_as_it_is(server, option):
    status, said = check(server, place(
        AUDIENCE, f'{ISSUER} {option}="file:/nowhere/schl\u00fcssel (1)"'))
    assert status != 0
    assert "\\\\" not in said, "a number of a number"
    assert "/nowhere/schl\u00fcssel (1)" in shown(said), said


@pytest.mark.parametrize("name", WRITTEN)
def test_a_mistake_is_answered_with_what_to_write(server, name):
    text, words = WRITTEN[name]
    status, said = check(server, text)
    assert status != 0, f"it is accepted: {said}"
    assert any(line.endswith(words) for line in shown(said).splitlines()), said


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_may_be_a_mistake_is_told(server, name):
    text, words = DOUBTFUL[name]
    status, said = check(server, text)
    assert status == 0, said
    told = re.findall(r"auth_bearer:warn\].*?(MAB\d{4}: .*)", said)
    assert [re.sub(r"httpd.conf:\d+", "httpd.conf:N", line).replace(
        str(server.root), "ROOT") for line in told] == [words], said


def test_a_resource_is_not_described_in_part(server):
    server.configure(Conf(with_issuer(
        'AuthBearerResource https://a.example name="N"')))
    assert server.check_syntax()[0] == 0
    conf = server.root / "httpd.conf"
    conf.write_bytes(conf.read_bytes().replace(b'"N"', b'"M\xfcnchen"'))
    status, said = server.check_syntax()
    assert status != 0
    assert re.search("AuthBearerResource https://a.example: .*UTF-8", said)



@pytest.mark.parametrize("name", BAD)
def test_a_mistake_stops_the_start(server, name):
    text, directive, words = BAD[name]
    assert words, "an empty wording holds for any message"
    status, said = check(server, text)
    assert status != 0, f"it is accepted: {said}"
    # one line, or httpd's two: where it is, then what it is
    assert re.search(directive, said), said
    assert re.search(words, said, re.DOTALL), said
    assert re.search(r"httpd\.conf:?|line \d+", said), said
    assert "Segmentation" not in said and "Assertion" not in said


@pytest.mark.parametrize("name", [
    "HTTP_X", "HTTP_PROXY", "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH",
    "REMOTE_USER", "REMOTE_ADDR", "AUTH_TYPE", "QUERY_STRING", "PATH_INFO",
    "SCRIPT_NAME", "SERVER_NAME", "CONTENT_LENGTH", "DOCUMENT_ROOT",
    "BASH_ENV", "PERL5OPT", "PYTHONPATH", "lower", "1X", "A-B", "A B", "",
    "A=B", "IFS", "HTTPS", "GCONV_PATH",
    # families
    "LUA_INIT", "LUA_INIT_5_4", "LUA_PATH", "PERLLIB", "PERL5DB", "PERL_UNICODE",
    "_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_RLD_LIST",
    "OPENSSL_CONF", "OPENSSL_MODULES", "SSL_CERT_FILE", "SSLKEYLOGFILE",
    "RUBYOPT", "GEM_PATH", "BUNDLE_GEMFILE", "NODE_OPTIONS", "NPM_CONFIG",
    "PYTHONSTARTUP", "PIP_INDEX_URL", "PHPRC", "PHP_INI_SCAN_DIR", "PHP_VALUE",
    "BASHOPTS", "BASH_FUNC_X", "SHELLOPTS", "PS4", "PATH", "PATH_TRANSLATED",
    "GIT_SSH_COMMAND", "GIT_DIR", "SVN_SSH", "HGRCPATH", "SSH_ASKPASS",
    "DYLD_INSERT_LIBRARIES", "LD_AUDIT", "GLIBC_TUNABLES", "LOCPATH", "TZDIR",
    "UWSGI_FILE", "UWSGI_MODULE", "AJP_REMOTE_PORT", "FCGI_ROLE", "SCGI",
    "JK_REMOTE_USER", "WSGI_APPLICATION", "PROXY_NAME", "ALL_PROXY",
    "HTTPS_PROXY", "NO_PROXY", "CURL_HOME", "REQUESTS_CA_BUNDLE",
    "REQUEST_URI", "REDIRECT_STATUS", "ORIG_PATH_INFO", "GATEWAY_INTERFACE",
    "DOTNET_STARTUP_HOOKS", "CORECLR_PROFILER", "COR_ENABLE_PROFILING",
    "ERL_FLAGS", "TCLLIBPATH", "R_PROFILE", "GODEBUG", "SPRING_CONFIG_NAME",
    "PGSERVICEFILE", "MYSQL_HOME", "AWS_PROFILE", "KRB5_CONFIG", "TMPDIR",
    "APACHE_CONFDIR", "HOME", "USER", "EDITOR", "LANG", "LC_ALL"])
def test_variables_that_are_no_target(server, name):
    status, said = check(server,
                         with_issuer(f'AuthBearerClaim sub "env:{name}"'))
    assert status != 0 and "AuthBearerClaim" in said, said
    assert "allowed" in said


@pytest.mark.parametrize("name", [
    "SUB", "EMAIL", "MAIL", "ROLE", "ROLES", "GROUP", "NAME", "TENANT", "X",
    "CLAIMS", "USER_EMAIL", "OIDC_EMAIL", "OIDC_CLAIM_SUB", "CLAIM_SUB",
    "TOKEN_SCOPE", "JWT_SUB", "BEARER_SUB", "SCOPE", "LDAS", "PERSON", "A1"])
def test_variables_that_are_a_target(server, name):
    status, said = check(server,
                         with_issuer(f'AuthBearerClaim sub "env:{name}"'))
    assert status == 0, said


def test_as_many_claims_as_may_be_exported(server):
    lines = [f"AuthBearerClaim c{n} env:CLAIM_{n}" for n in range(257)]
    status, said = check(server, with_issuer(*lines[:256]))
    assert status == 0, said
    status, said = check(server, with_issuer(*lines))
    assert status != 0 and "more than 256 claims" in said, said


@pytest.mark.parametrize("line, between", [
    ("AuthBearerCheck require=", ","), ("AuthBearerUser ", " ")])
def test_as_many_words_as_a_list_may_have(server, line, between):
    words = [f"w{n}" for n in range(1025)]
    for text, good in ((words[:1024], True), (words, False)):
        status, said = check(server, place(
            ISSUER, AUDIENCE, line + between.join(text)))
        assert (status == 0) == good, said
        assert good or "at most 1024" in said


@pytest.mark.parametrize("name", [
    "Host", "Authorization", "authorization", "Cookie", "Connection", "TE",
    "Transfer-Encoding", "Content-Length", "Content-Type", "Upgrade",
    "X-Forwarded-For", "A B", "A:B", "", "Proxy-Authorization",
    "Content_Length", "Proxy", "Content.Length", "Transfer~Encoding",
    "X.Forwarded_For", "If.Match", "Sec!Fetch",
    # conditions, WebDAV, browsers, caches, frameworks
    "If", "If-Match", "if_none_match", "Range", "Destination", "Depth",
    "Overwrite", "Lock-Token", "Timeout", "Set-Cookie", "Origin", "Referer",
    "Sec-WebSocket-Key", "Accept-Encoding", "Access-Control-Request-Method",
    "Cache-Control", "Via", "Forwarded", "X-Original-URL", "X-Rewrite-URL",
    "X-HTTP-Method-Override", "x_http_method_override", "X-HTTP-Method",
    "X-Method-Override"])
def test_headers_that_are_no_target(server, name):
    status, said = check(server,
                         with_issuer(f'AuthBearerClaim sub "header:{name}"'))
    assert status != 0 and "AuthBearerClaim" in said, said
    assert "allowed" in said


@pytest.mark.parametrize("source, target, same", [
    ("X-Tok", "X-Tok", True), ("X-Tok", "X_Tok", True), ("x_tok", "X-TOK", True),
    ("X-Tok", "X-To", False), ("X-Tok", "X-Token", False)])
@pytest.mark.parametrize("apart", [False, True])
def test_no_claim_goes_where_a_token_comes_from(server, source, target, same,
                                                apart):
    """What a client sends under a claim's header is removed, everywhere."""
    lines = [f"AuthBearerSource header:{source}",
             f"AuthBearerClaim sub header:{target}"]
    text = "\n".join(with_issuer(line).replace("/x", path) for line, path
                     in zip(lines, ("/x", "/y"))) if apart \
        else with_issuer(*lines)
    status, said = check(server, text)
    assert (status != 0) == same, said
    assert not same or re.search(
        rf"AuthBearerSource in .* at .*:\d+: header:{source}: AuthBearerClaim .*header {target}"
        ".*another name", said), said


@pytest.mark.parametrize("name", [
    "X-User", "X-If", "Iff", "X-Destination", "User-Id", "X-Content-Owner",
    "Depths", "X-Sec-User"])
def test_headers_that_are_a_target(server, name):
    status, said = check(server,
                         with_issuer(f'AuthBearerClaim sub "header:{name}"'))
    assert status == 0, said


@pytest.mark.parametrize("lines", [
    ["AuthType Bearer", "Require valid-user"], ["AuthType Basic"], ["AuthType Digest"],
    ["AuthType Basic", "Require expr true"], ["AuthType None"]])
def test_a_type_needs_the_module_that_reads_it(server, lines):
    """Ours reads AuthType, too: without it, httpd would not know the word."""
    server.configure(Conf(f"{ISSUER}\n{AUDIENCE}\n" + '<Location "/x">\n'
                          + "\n".join(lines) + "\n</Location>"))
    conf = server.root / "httpd.conf"
    text = conf.read_text()
    assert "mod_authn_core" in text or "authn_core" in env.static_modules()
    assert server.check_syntax()[0] == 0
    conf.write_text("\n".join(line for line in text.splitlines()
                              if "mod_authn_core" not in line))
    status, said = server.check_syntax()
    assert status != 0, said
    assert re.search(r"AuthType.*httpd\.conf:\d+.*LoadModule authn_core_module",
                     said), said


@pytest.mark.skipif(os.getuid() != 0, reason="root and its children differ")
@pytest.mark.parametrize("name, readable", [
    ("keys.json", True), ("root.json", False), ("group.json", True),
    ("locked/keys.json", False)])
def test_a_key_file_must_be_readable_for_children(server, name, readable):
    """They read it again when it changes, and root only once."""
    shutil.chown(server.root / "group.json", "root", "www-data")
    status, said = check(server, place(AUDIENCE, f"{ISSUER} keys=file:ROOT/"
                                       + name))
    assert (status == 0) == readable, said
    if not readable:
        assert re.search(r"AuthBearerIssuer.*httpd\.conf:\d+.*file_read: .*"
                         rf"{name}: as www-data, the user of httpd.s children: Permission "
                         rf"denied.*chgrp www-data .*{name}", said), said


@pytest.mark.skipif(os.getuid() != 0, reason="only root can change the root")
def test_a_key_file_must_be_where_children_are(server):
    text = place(AUDIENCE, f"{ISSUER} keys=file:ROOT/keys.json")
    status, said = check(server, "ChrootDir ROOT/htdocs\n" + text)
    assert status != 0, said
    assert re.search(r"No such file or directory.*ChrootDir .*/htdocs: put a "
                     "copy there", said), said
    inside = server.root / "htdocs" / str(server.root)[1:] / "keys.json"
    inside.parent.mkdir(parents=True)
    shutil.copy(server.root / "keys.json", inside)
    status, said = check(server, "ChrootDir ROOT/htdocs\n" + text)
    assert status == 0, said


def test_a_key_file_that_a_group_may_write_is_told(server):
    for name, told in (("keys.json", False), ("team.json", True)):
        status, said = check(server, place(
            AUDIENCE, f"{ISSUER} keys=file:ROOT/{name}"))
        assert status == 0, said
        assert ("MAB0120" in said) == told, said
        assert ("chmod g-w" in said) == told, said


@pytest.mark.parametrize("name, text, directive, option", [
    ("an audience inside", ISSUER + " audience=urn:own\n" + place(AUDIENCE),
     "AuthBearerAudience", "audience="),
    ("algorithms inside", ISSUER + " alg=RS256\n" + AUDIENCE + "\n"
     + place("AuthBearerAlgorithms ES256"), "AuthBearerAlgorithms", "alg="),
    ("an audience beside", place(ISSUER + " audience=urn:own", AUDIENCE),
     "AuthBearerAudience", "audience="),
    ("an audience for the other issuer",
     place(ISSUER + " audience=urn:own", "AuthBearerIssuer https://b.example",
           AUDIENCE), None, None),
    ("an audience inside, for the other issuer, too",
     ISSUER + " audience=urn:own\nAuthBearerIssuer https://b.example\n"
     + place(AUDIENCE), "AuthBearerAudience", "audience="),
    ("no list of its own", ISSUER + "\n" + place(AUDIENCE, "AuthBearerAlgorithms "
                                                 "ES256"), None, None),
    ("outside only", ISSUER + " alg=RS256\nAuthBearerAlgorithms ES256\n"
     + place(ISSUER, AUDIENCE), None, None),
])
def test_a_list_that_an_issuer_s_own_replaces_is_told(server, name, text, directive,
                                                      option):
    status, said = check(server, text)
    assert status == 0, said
    lines = (server.root / "httpd.conf").read_text().splitlines()
    found = re.findall("MAB0112: .*", said)
    if not directive:
        assert not found, said
        return
    at = [i for i, line in enumerate(lines, 1) if line.startswith(directive)]
    issuer = [i for i, line in enumerate(lines, 1) if line.startswith(ISSUER)]
    assert len(found) == 1 and re.match(
        rf"MAB0112: {directive} at \S+:{at[0]} does not count for tokens of "
        rf"https://issuer.example: AuthBearerIssuer (in|at) .*:{issuer[0]} has {option} "
        f"of its own, which wins; write the values there, or take {option} away there",
        found[0]), said


def test_the_place_is_named(server):
    _, said = check(server, place(ISSUER))
    line = [i for i, text in enumerate(
        (server.root / "httpd.conf").read_text().splitlines(), 1)
        if text == "AuthType Bearer"][0]
    assert f"httpd.conf:{line}" in said, said
    assert "/x" in said


def test_all_mistakes_of_places_are_told_at_once(server):
    _, said = check(server, '<Location "/x">\nAuthType Bearer\n'
                    + AUDIENCE + '\nRequire valid-user\n</Location>\n'
                    '<Location "/y">\nAuthType Bearer\n' + AUDIENCE
                    + '\nRequire valid-user\n</Location>')
    assert "/x" in said and "/y" in said, said


def test_no_network_is_needed_to_start(server):
    status, said = check(server, place(
        AUDIENCE, "AuthBearerIssuer https://no.such.host.invalid"))
    assert status == 0, said


def test_a_place_that_finds_no_issuer_is_closed(serve_once):
    """Sections that only meet in a request are judged there, closed."""
    server = serve_once(Conf(AUDIENCE).place("a").location(
        "/p/b", ISSUER))
    server.errorlog.allow("MAB0201|MAB0142")
    server.errorlog.expect("policy_issuer")
    for token in (None, "x", "a.b.c"):
        assert server.get("/p/a", token).status in (401, 500)
    answer = server.get("/p/a", mint.Mint(
        "https://issuer.example", key("P-256", "ec1"), "urn:a").token())
    assert answer.status == 500
    assert answer.json()["code"] == "internal_error"


@pytest.mark.parametrize("line", [
    "AuthBearerAlgorithms ES256", "AuthBearerCrossOrigin https://a.example",
    "AuthBearerForward On", "AuthBearerOptional On",
    "AuthBearerResource https://a.example/x", "AuthBearerSource query:t"])
def test_a_list_of_overrides_does_not_open_htaccess_files(serve_once, line):
    """What such files say would stay in the child after their request."""
    name = line.split()[0]
    server = serve_once(Conf().section(
        "Directory", "ROOT/htdocs", f"AllowOverrideList {name} AuthBearerCheck"),
        start=False)
    server.fill()
    server.write("htdocs/a/.htaccess", line + "\n")
    server.write("htdocs/b/.htaccess", "AuthBearerCheck leeway=1s\n")
    for folder in "ab":
        server.write(f"htdocs/{folder}/ok.txt", "ok\n")
    server.errorlog.allow_always(f"{name} is not allowed in .htaccess")
    server.start()
    assert server.get("/a/ok.txt").status == 500
    assert server.get("/b/ok.txt").status == 200
    assert re.search(rf"\.htaccess: .*{name} is not allowed in \.htaccess files; "
                     "put it into", server.errorlog.text())
