# SPDX-License-Identifier: Apache-2.0
"""The manual: every configuration in it is one that httpd takes, and the quick
starts do what they say with tokens that look like their issuer's.

A block is ```apache in README.md or docs/*.md. Words after "apache" are other
modules that it needs (```apache auth_openidc); without them it is skipped."""
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from testenv import env, mint
from testenv.conf import Conf
from testenv.errorlog import SENTENCES
from testenv.mint import DROP, Mint, key

TOP = env.HERE.parents[2]
# the cookbook has a test of its own, which also runs what it says
PAGES = [TOP / "README.md", *sorted(page for page in (TOP / "docs").glob("*.md")
                                    if page.name != "cookbook.md")]
FENCE = re.compile(r"^```apache([^\n]*)\n(.*?)^```$", re.M | re.S)
ANY_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
#: a block that is no section of its own is read in here
AROUND = ["AuthType Bearer", "AuthBearerIssuer https://login.example.com",
          "AuthBearerAudience https://api.example.com"]


def blocks():
    for page in PAGES:
        text = page.read_text()
        for hit in FENCE.finditer(text):
            line = text.count("\n", 0, hit.start()) + 1
            yield pytest.param(hit[2], hit[1].split(),
                               id=f"{page.name}:{line}")


def section(page, title):
    """The text below one heading."""
    text = (TOP / "docs" / page).read_text()
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text,
                     re.M | re.S)[1]


# --- httpd -t ---------------------------------------------------------------

class Folder:
    """Where the files are that the manual's configurations name."""

    def __init__(self, root, authority):
        self.root = root
        self.signer = key("RSA", "manual")
        self.authority = authority
        root.chmod(0o755)

    def contents(self, path):
        if path.endswith(".json"):
            return json.dumps({"keys": [self.signer.public()]})
        if os.path.basename(path).startswith("client."):
            return self.authority.pair.read_text()
        if "ca" in os.path.basename(path):
            return self.authority.ca.read_text()
        # the manual's line has alg=ES256
        if path.endswith("/ci.pem"):
            return key("P-256", "manual").pem()
        if path.endswith((".pem", ".crt")):
            return self.signer.pem()
        return "s" * 64

    def make(self, path):
        """Makes what is at this path of the manual; where it is."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if "." in place.name:
            place.write_text(self.contents(path))
            # children read key files again, root alone reads secrets
            place.chmod(0o644 if path.endswith((".pem", ".crt", ".json")) else 0o600)
            # what says who we are is read by children, and by nobody else
            if place.name.startswith("client.") or place.suffix == ".token":
                place.chmod(0o640)
                if os.getuid() == 0:
                    shutil.chown(place, group="www-data")
        else:
            place.mkdir(exist_ok=True)
            place.chmod(0o700)
            if os.getuid() == 0:
                shutil.chown(place, "www-data", "www-data")
        return str(place)

    def translate(self, text):
        text = re.sub(r"(?m)^\s*LoadModule auth_bearer_module .*\n", "", text)
        # what a pod gets from its cluster
        text = text.replace("profile=kubernetes", "profile=kubernetes "
                            "ca=/etc/pod/ca.pem token=file:/etc/pod/pod.token")
        text = text.replace("${APACHE_LOG_DIR}", str(self.root))
        return re.sub(r"(?<=[ :=+])/(?:etc|var/lib|srv)/[\w./-]+",
                      lambda hit: self.make(hit[0]), text)


@pytest.fixture(scope="module")
def folder(authority):
    root = Path(tempfile.mkdtemp(prefix="mab-manual-"))
    root.chmod(0o755)
    yield Folder(root, authority)
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def syntax():
    """Asks httpd whether it takes a configuration; the MPM is no matter."""
    server = env.Httpd(env.mpms()[0])

    def check(*lines):
        server.configure(Conf(*lines))
        return server.check_syntax()

    yield check
    server.close()


#: what some configurations need beside the harness's modules, and all may have
BESIDE = "auth_basic authn_file socache_shmcb ssl http2 dav dav_fs include"


def loads(modules):
    folder_of = env.query("LIBEXECDIR")
    for name in modules:
        if not os.path.exists(f"{folder_of}/mod_{name}.so"):
            pytest.skip(f"no mod_{name} here")
    beside = [name for name in BESIDE.split()
              if os.path.exists(f"{folder_of}/mod_{name}.so")]
    return [f"LoadModule {name}_module {folder_of}/mod_{name}.so"
            for name in [*beside, *modules] if name not in
            env.static_modules()]


@pytest.mark.parametrize("text, modules", blocks())
def test_httpd_takes_every_block(syntax, folder, text, modules):
    lines = [*loads(modules), folder.translate(text)]
    status, said = syntax(*lines)
    if status and not re.search(r"^\s*<(Location|Directory|Files|VirtualHost)",
                                text, re.M):
        lines = [lines.pop()]
        status, said = syntax(*loads(modules), '<Location "/x">', *AROUND,
                              *lines, "</Location>")
    assert status == 0, said


#: what people copy, or find installed; "#" begins an alternative or an example
SAMPLES = ("docs/auth_bearer.conf", "debian/auth_bearer.conf",
           "packaging/auth_bearer.conf")


def samples():
    """Each sample as it is, each with all its examples, and each alternative
    alone."""
    for name in SAMPLES:
        if not (TOP / name).exists():  # releases have no debian/
            continue
        text = (TOP / name).read_text()
        yield pytest.param(text, id=name)
        opened = re.compile(r"^( *)#(?=[ <]*(?:AuthType|AuthBearer|Require|"
                            r"</?Location))", re.M)
        yield pytest.param(opened.sub(r"\1", text), id=f"{name} opened")
        for hit in re.finditer(r"^ *#(?=AuthBearer\w)", text, re.M):
            line = text.count("\n", 0, hit.start()) + 1
            yield pytest.param(
                text[:hit.end() - 1] + text[hit.end():], id=f"{name}:{line}")


@pytest.mark.parametrize("text", samples())
def test_httpd_takes_the_samples(syntax, folder, text):
    status, said = syntax(folder.translate(text))
    assert status == 0, said


def test_the_manual_has_blocks():
    found = [param.id for param in blocks()]
    for page in ("README.md", "issuers.md", "migration.md",
                 "troubleshooting.md", "mod_auth_bearer.md"):
        assert any(name.startswith(page) for name in found), page


# --- quick starts -----------------------------------------------------------

#: what the real issuer's access tokens look like, as far as it can matter:
#: title -> (signer, header, claims, claims of a token that is not enough)
USER = "8e2f7c1a-user"
LOOKS = {
    "Logto": ("P-384", {"typ": "at+jwt"},
              {"jti": "j", "scope": "read:orders write:orders",
               "client_id": "app"}, {"scope": "read:other"}),
    "Keycloak": ("RSA", {"typ": "JWT"},
                 {"jti": "j", "typ": "Bearer", "azp": "web", "acr": "1",
                  "aud": ["my-api", "account"], "preferred_username": USER,
                  "realm_access": {"roles": ["offline_access", "operator"]},
                  "resource_access": {"account": {"roles": ["view-profile"]}},
                  "scope": "openid email profile", "email_verified": True},
                 {"realm_access": {"roles": ["operators"]}}),
    "Entra ID": ("RSA", {"typ": "JWT"},
                 {"aio": "x", "azp": "client", "azpacr": "1", "oid": USER,
                  "roles": ["Orders.Read"], "scp": "orders.read",
                  "tid": "tenant", "ver": "2.0", "nbf": 1},
                 {"roles": ["Orders.Write"], "scp": "orders.write"}),
    "Auth0": ("RSA", {"typ": "JWT"},
              {"azp": "client", "scope": "openid profile",
               "aud": ["https://api.example.com",
                       "https://tenant.eu.auth0.com/userinfo"],
               "permissions": ["read:orders"]}, {"permissions": []}),
    "Okta": ("RSA", {"typ": DROP},
             {"ver": 1, "jti": "AT.j", "cid": "client", "uid": "00u",
              "scp": ["openid", "orders.read"], "auth_time": 1,
              "groups": ["Everyone"]}, {"scp": ["openid"]}),
    "Google": ("RSA", {"typ": "JWT"},
               {"azp": "client", "email": USER, "email_verified": True,
                "hd": "example.com", "at_hash": "x"}, {"hd": DROP}),
    "Amazon Cognito": ("RSA", {"typ": DROP},
                       {"aud": DROP, "client_id": "1example23456789",
                        "token_use": "access", "username": USER,
                        "scope": "aws.cognito.signin.user.admin",
                        "cognito:groups": ["staff", "admins"],
                        "event_id": "e", "auth_time": 1},
                       {"cognito:groups": ["staff"]}),
    "authentik": ("RSA", {"typ": "JWT"},
                  {"acr": "goauthentik.io/providers/oauth2/default",
                   "azp": "client", "groups": ["users", "admins"],
                   "preferred_username": USER}, {"groups": ["users"]}),
    "Zitadel": ("RSA", {"typ": "JWT"},
                {"aud": ["312345678901234567", "323456789012345678"],
                 "client_id": "client", "jti": "V1-at_1", "nbf": 1,
                 "urn:zitadel:iam:org:project:roles":
                     {"admin": {"31": "example.zitadel.cloud"}}},
                {"urn:zitadel:iam:org:project:roles":
                    {"reader": {"31": "example.zitadel.cloud"}}}),
    "LemonLDAP::NG": ("RSA", {"typ": "at+JWT", "x5t": "x"},
                      {"aud": ["my-app", "my-api"], "client_id": "my-app",
                       "jti": "j", "sid": "s", "sub": "dwho",
                       "scope": "openid orders.read"},
                      {"scope": "openid profile"}),
    "Authelia": ("RSA", {"typ": "at+jwt"},
                 {"aud": ["https://api.example.com"], "client_id": "app",
                  "jti": "j", "nbf": 1, "scp": ["orders.read"],
                  "sub": "5c1f3f6e-3a4e-4b0c-8f0a-0c9d6e7f8a9b"},
                 {"scp": ["openid", "groups"]}),
    "Ory": ("RSA", {"typ": "JWT"},
            {"aud": ["https://api.example.com"], "client_id": "app",
             "ext": {"roles": ["clerk"]}, "jti": "j", "nbf": 1,
             "scp": ["openid", "orders.read"]}, {"ext": {}}),
    "Firebase": ("RSA", {"typ": "JWT"},
                 {"aud": "my-project", "auth_time": 1, "user_id": "u1",
                  "sub": "u1", "email": "alice@example.com", "plan": "pro",
                  "email_verified": True,
                  "firebase": {"identities": {"email": ["alice@example.com"]},
                               "sign_in_provider": "password"}},
                 {"plan": DROP, "email": DROP, "email_verified": DROP,
                  "firebase": {"identities": {},
                               "sign_in_provider": "anonymous"}}),
    "GitHub Actions": ("RSA", {"typ": "JWT"},
                       {"sub": "repo:octo-org@123456/shop@456789:"
                               "ref:refs/heads/main", "jti": "j", "nbf": 1,
                        "ref": "refs/heads/main", "ref_type": "branch",
                        "repository": "octo-org/shop",
                        "repository_id": "456789",
                        "repository_owner": "octo-org",
                        "repository_owner_id": "123456",
                        "repository_visibility": "private",
                        "job_workflow_ref": "octo-org/shop/.github/workflows/"
                                            "deploy.yml@refs/heads/main",
                        "event_name": "push", "actor": "octocat",
                        "run_id": "1", "runner_environment": "github-hosted"},
                       {"ref": "refs/pull/7/merge",
                        "event_name": "pull_request"}),
    "GitLab CI": ("RSA", {"typ": "JWT"},
                  {"sub": "project_path:shop/web:ref_type:branch:ref:main",
                   "namespace_id": "7", "namespace_path": "shop",
                   "project_id": "42", "project_path": "shop/web",
                   "user_login": "alice", "pipeline_source": "push",
                   "ref": "main", "ref_type": "branch",
                   "ref_path": "refs/heads/main", "ref_protected": "true",
                   "runner_id": 1, "jti": "j", "nbf": 1},
                  {"ref_protected": "false"}),
    "Kubernetes, managed": ("RSA", {"typ": DROP},
                            {"aud": ["https://api.example.com"],
                             "sub": "system:serviceaccount:shop:orders",
                             "jti": "j", "nbf": 1, "kubernetes.io": {
                                 "namespace": "shop",
                                 "pod": {"name": "orders-1", "uid": "p"},
                                 "serviceaccount": {"name": "orders",
                                                    "uid": "s"}}},
                            {"sub": "system:serviceaccount:shop:default"}),
    "AWS roles": ("P-384", {"typ": "JWT"},
                  {"aud": "https://api.example.com", "jti": "j",
                   "sub": "arn:aws:iam::123456789012:role/orders",
                   "https://sts.amazonaws.com/": {
                       "aws_account": "123456789012",
                       "source_region": "eu-central-1",
                       "principal_tags": {"stage": "production"}}},
                  {"https://sts.amazonaws.com/": {
                      "aws_account": "123456789012",
                      "request_tags": {"stage": "production"}}}),
    "AWS load balancer, verification": ("RSA", {"typ": "at+jwt"},
                                        {"client_id": "app", "jti": "j",
                                         "scope": "orders.read"},
                                        {"scope": "orders"}),
}

#: claims that come near to those which are wanted, of somebody else
TWINS = {
    "Amazon Cognito": [{"token_use": "id"}],
    "LemonLDAP::NG": [{"scope": "orders.reader"}],
    "Authelia": [{"scp": ["orders.read.all"]}],
    "Ory": [{"scp": ["openid"]}, {"ext": DROP, "roles": ["clerk"]},
            {"ext": {"roles": "clerks"}}],
    "Firebase": [{"email_verified": False}, {"plan": "free"}],
    "GitHub Actions": [
        # the name of ours, taken by somebody after we gave it up
        {"repository_id": "456790", "sub": "repo:octo-org/shop:"
                                           "ref:refs/heads/main"},
        {"repository_owner_id": "123457"},
        {"repository_id": DROP}, {"ref": "refs/heads/main2"},
        {"ref": "refs/tags/main", "ref_type": "tag"}],
    "GitLab CI": [{"project_id": "43"}, {"project_id": DROP},
                  {"ref_type": "tag"}, {"ref": "main2"}],
    "Kubernetes, managed": [
        {"sub": "system:serviceaccount:shop2:orders"},
        {"sub": "system:serviceaccount:shop:orders2"},
        {"sub": "system:node:orders"}],
    "AWS roles": [{"sub": "arn:aws:iam::210987654321:role/orders"},
                  {"sub": "arn:aws:iam::123456789012:role/orders2"},
                  {"sub": "arn:aws:iam::123456789012:user/orders"}],
}


class Start:
    """One quick start with an issuer of ours in its place."""

    def __init__(self, title, number, make_issuer):
        kind, self.header, self.claims, self.poor = LOOKS[title]
        text = FENCE.search(section("issuers.md", title))[2]
        iss = re.search(r"AuthBearerIssuer (\S+)", text)[1]
        signer = key(kind, "1example=" if "Cognito" in title else "qs" + kind)
        # Logto's and Entra's key sets do not say what a key is for
        plain = title in ("Logto", "Entra ID")
        issuer = make_issuer(f"/{number}", [signer.public(
            **({"alg": DROP} if plain else {"alg": signer.alg}))])
        self.iss = issuer.url + ("/" if iss.endswith("/") else "")
        issuer.metadata["issuer"] = self.iss
        self.audience = re.search(
            r"AuthBearerAudience (\S+)| audience=(\S+)", text)[1]
        self.audience_claim = re.search(r"audience-claim=(\S+)|$", text)[1] \
            or "aud"
        self.path = f"/qs{number}/"
        self.text = re.sub(r'"/(api|deploy)/"', f'"{self.path}"',
                           text.replace(iss, self.iss))
        assert self.text.count(self.path) == 1
        assert self.text.count(self.iss) == 1
        self.signer = signer
        self.stranger = key(kind, "stranger")
        self.mint = Mint(self.iss, signer, self.audience)

    def token(self, **over):
        return self.mint.token(header=self.header,
                               **{**self.claims, **over})

    def forged(self):
        """By somebody else's key, under the name of the issuer's."""
        return self.mint.token(
            self.stranger, header={**self.header, "kid": self.signer.kid,
                                   "alg": self.signer.alg}, **self.claims)

    def poor_token(self):
        return self.token(**self.poor)


@pytest.fixture(scope="module")
def starts(make_issuer):
    return {title: Start(title, number, make_issuer)
            for number, title in enumerate(LOOKS)}


@pytest.fixture(scope="module")
def site(serve, starts, authority):
    server = serve(Conf(f"AuthBearerFetch ca={authority.ca}",
                        *(one.text for one in starts.values())), start=False)
    for one in starts.values():
        server.write(f"htdocs{one.path}ok.txt", "ok\n")
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    server.start()
    for one in starts.values():
        server.warm(one.path + "ok.txt", one.token())
    return server



#: the form of each issuer's iss, which no test could tell from its page
ISSUERS = {
    "Logto": r"https://[\w-]+\.logto\.app/oidc",
    "Keycloak": r"https://[\w.-]+/realms/\w+",
    "Entra ID": r"https://login\.microsoftonline\.com/[0-9-]{36}/v2\.0",
    "Auth0": r"https://[\w-]+(\.\w\w)?\.auth0\.com/",
    "Okta": r"https://[\w-]+\.okta\.com/oauth2/\w+",
    "Google": r"https://accounts\.google\.com",
    "Amazon Cognito":
        r"https://cognito-idp\.([\w-]+)\.amazonaws\.com/\1_\w+",
    "authentik": r"https://[\w.-]+/application/o/[\w-]+/",
    "Zitadel": r"https://[\w-]+\.zitadel\.cloud",
    "LemonLDAP::NG": r"https://[\w.-]+",
    "Authelia": r"https://[\w.-]+",
    "Ory": r"https://[\w-]+\.projects\.oryapis\.com",
    "Firebase": r"https://securetoken\.google\.com/[\w-]+",
    "GitHub Actions": r"https://token\.actions\.githubusercontent\.com",
    "GitLab CI": r"https://gitlab\.[\w.-]+",
    "Kubernetes, managed":
        r"https://oidc\.eks\.[\w-]+\.amazonaws\.com/id/[0-9A-Z]+",
    "AWS roles": r"https://[0-9a-f-]{36}\.tokens\.sts\.global\.api\.aws",
    "AWS load balancer, verification": r"https://[\w.-]+",
}


@pytest.mark.parametrize("title", LOOKS)
def test_an_issuer_is_written_as_its_tokens_have_it(title):
    written = re.search(r"AuthBearerIssuer (\S+)",
                        section("issuers.md", title))[1]
    assert re.fullmatch(ISSUERS[title], written), written


@pytest.mark.parametrize("title", LOOKS)
def test_a_quick_start_works(site, starts, title):
    one = starts[title]
    page = one.path + "ok.txt"
    user = USER if USER in one.claims.values() \
        else one.claims.get("sub", "alice")
    site.accepted(page, one.token(), user)
    assert site.get(page, one.poor_token()).status == 403
    assert site.get(page).status == 401
    site.refused(page, one.token(
        **{one.audience_claim: "https://elsewhere.example"}), "aud_wrong")
    site.refused(page, one.forged(), "sig_wrong")
    other = one.iss.rstrip("/") if one.iss.endswith("/") else one.iss + "/"
    site.refused(page, one.token(iss=other), "iss_unknown")


@pytest.mark.parametrize("title", TWINS)
def test_somebody_who_looks_alike_is_kept_out(site, starts, title):
    one = starts[title]
    for twin in TWINS[title]:
        answer = site.get(one.path + "ok.txt", one.token(**twin))
        assert answer.status == 403, twin


def test_a_cognito_id_token_is_kept_out(site, starts):
    one = starts["Amazon Cognito"]
    site.refused(one.path + "ok.txt", one.token(
        aud="1example23456789", client_id=DROP, token_use="id"), "aud_missing")


def test_a_logto_id_token_is_kept_out(site, starts):
    one = starts["Logto"]
    token = one.mint.token(header={"typ": "JWT"}, **one.claims)
    site.refused(one.path + "ok.txt", token, "typ_wrong")


@pytest.mark.parametrize("title", ["LemonLDAP::NG", "Authelia"])
def test_an_id_token_of_these_is_kept_out(site, starts, title):
    one = starts[title]
    token = one.mint.token(header={"typ": "JWT"}, **one.claims)
    site.refused(one.path + "ok.txt", token, "typ_wrong")


def test_entras_scopes_or_roles(site, starts):
    one = starts["Entra ID"]
    page = one.path + "ok.txt"
    assert site.get(page, one.token(roles=DROP)).status == 200
    assert site.get(page, one.token(scp=DROP)).status == 200
    assert site.get(page, one.token(scp=DROP, roles=DROP)).status == 403


def test_googles_access_tokens_are_refused(site, starts):
    site.refused(starts["Google"].path + "ok.txt",
                 "ya29.a0AfH6SMBx-not-a-jwt_0123456789", "jws_parts")


def test_only_what_the_load_balancer_verifies(site, starts):
    one = starts["AWS load balancer, verification"]
    token = one.mint.token(key("P-256", "stranger"), **one.claims)
    site.refused(one.path + "ok.txt", token, "alg_forbidden")


@pytest.mark.parametrize("title, token", [
    ("Authelia", "authelia_at_ZGVmYXVsdHM.c2lnbmF0dXJl"),
    ("Ory", "ory_at_ZGVmYXVsdHM.c2lnbmF0dXJl")])
def test_opaque_tokens_of_these_are_refused(site, starts, title, token):
    site.refused(starts[title].path + "ok.txt", token, "jws_parts")


def test_okta_org_tokens_are_refused(site, starts):
    one = starts["Okta"]
    token = one.mint.token(header={"typ": "application/okta-internal-at+jwt"},
                           **one.claims)
    site.refused(one.path + "ok.txt", token, "typ_wrong")


# --- migration --------------------------------------------------------------

def test_the_decorators_codes(site, starts):
    """The table says what is sent and which code is the answer."""
    text = section("migration.md", "From Logto's `require_auth` decorator")
    rows = re.findall(r"^\| `?([^|`]+)`? \| [^|]*\| (\d+) \| `([^`|]+)` \|",
                      text, re.M)
    assert len(rows) >= 6
    page = starts["Logto"].path + "ok.txt"
    tokens = {"<good token>": starts["Logto"].token(),
              "<expired token>": starts["Logto"].token(exp=1),
              "<token without the scope>": starts["Logto"].poor_token(),
              "<token without sub>": starts["Logto"].token(sub=DROP)}
    for sent, status, code in rows:
        for name, token in tokens.items():
            sent = sent.replace(name, mint.note(token))
        assert "<" not in sent, sent
        headers = [tuple(sent.split(": ", 1))] if ":" in sent else []
        answer = site.get(page, headers=headers)
        assert (answer.status, answer.json()["code"]) \
            == (int(status), code), sent


# --- troubleshooting --------------------------------------------------------

def answering():
    """The slugs that answer requests, with their status."""
    rows = re.findall(r'^BEARER_REASON\(\w+, "(\w+)",.* (\d+), [A-Z]+, "',
                      (TOP / "bearer/base/error.def").read_text(), re.M)
    return {slug for slug, status in rows if status != "0"}


def test_every_reason_of_an_answer_is_explained():
    text = (TOP / "docs/troubleshooting.md").read_text()
    first = {slug for cell in re.findall(r"^\| ([^|]+) \|", text, re.M)
             for slug in re.findall(r"`(\w+)`", cell)}
    assert answering() <= first, sorted(answering() - first)
    for code in ("invalid_token", "insufficient_scope", "keys_unavailable",
                 "internal_error", "auth.authorization_header_missing",
                 "auth.authorization_token_invalid_format",
                 "auth.authorization_token_type_not_supported"):
        assert f"`{code}`" in text, code


def test_log_lines_of_the_manual_are_like_real_ones():
    """Refusals have the catalogue's words, checks those of their table."""
    text = (TOP / "docs/troubleshooting.md").read_text()
    shown = [line for word, block in ANY_FENCE.findall(text) if not word
             for line in block.splitlines()]
    stages = dict(re.findall(r'^    \{"([a-z ]+)",\s*"([^"]+)"',
                             (TOP / "bearer/judge/stage.c").read_text(), re.M))
    checks = [re.search(r"\] check ([a-z ]+) (passed|FAILED): (.*)", line)
              for line in shown if "] check " in line]
    assert [hit[1] for hit in checks] == list(stages)[:len(checks)]
    for hit in checks:
        assert hit[3].startswith(stages[hit[1]]), hit[0]
    refusals = [line for line in shown if "[auth_bearer:info]" in line]
    assert len(refusals) >= 5
    for line in refusals:
        said = line.split("[client ", 1)[1].split("] ", 1)[1]
        slug, rest = said.split(": ", 1)
        assert rest.startswith(SENTENCES[slug]), line
        assert re.search(r'; in <Location "[^"]+"> at /\S+:\d+$', line), line
        assert re.search(r'; kid "|token_missing|jws_parts',
                                        line), line


def test_links_lead_somewhere():
    for page in PAGES:
        text = ANY_FENCE.sub("", page.read_text())
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page}: {target}"
        for file, anchor in re.findall(r"\]\(([^):\s]*)#([^)]+)\)", text):
            other = (page.parent / file if file else page).read_text()
            heads = [re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
                     for head in re.findall(r"^#+ (.+)$", other, re.M)]
            assert anchor in heads, f"{page.name}: {file}#{anchor}"
