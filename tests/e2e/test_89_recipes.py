# SPDX-License-Identifier: Apache-2.0
"""The recipes of docs/issuers.md that are not of the shape "an issuer with
metadata, a token in Authorization". Each is run as it stands on the page: only
hosts and paths are replaced, by those of a fake that has the shapes of the real
one and our keys. A good token stands beside one that is not enough and beside
its hostile twins."""
import base64
import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from test_88_manual import FENCE, LOOKS, TOP, section
from testenv.apiserver import ApiServer
from testenv.conf import Conf
from testenv.issuer import Authority
from testenv.mint import DROP, Mint, key, note, octets, signature

PAGE = "issuers.md"
RECIPES = ["Entra ID, many tenants", "Firebase session cookies",
           "Kubernetes, own cluster", "SPIFFE", "Google service accounts",
           "AWS load balancer, login", "Google IAP", "Cloudflare Access"]
API = "https://api.example.com"
POD = "pod.s3cretOfThisPod-1"
EC, RSA = key("P-256", "recipe-ec"), key("RSA", "recipe-rsa")
STRANGER = {"ES256": key("P-256", "stranger"), "RS256": key("RSA", "stranger")}


def headings():
    return re.findall(r"^## (.+)$", (TOP / "docs" / PAGE).read_text(), re.M)


def test_every_recipe_is_run():
    assert sorted(headings()) == sorted([*LOOKS, *RECIPES])


def test_the_chooser_leads_to_every_recipe():
    """It is the first thing on the page."""
    text = (TOP / "docs" / PAGE).read_text()
    first = text.split("\n\n")[1]
    assert first.startswith("| what sends the token? | recipe |\n")
    assert len(first.splitlines()) < 20
    assert set(re.findall(r"\[([^\]]+)\]\(#", first)) \
        >= set(headings()) - {"Firebase session cookies"}
    assert "(#firebase-session-cookies)" in first


class Recipe:
    """A block of the page with our hosts in it."""

    def __init__(self, title, changes, number=0, carry=None):
        text = FENCE.findall(section(PAGE, title))[number][1]
        for old, new in changes.items():
            assert old in text, (title, old)
            text = text.replace(old, new)
        name = re.sub(r"\W+", "-", title.lower()) + str(number)
        self.text = re.sub(r'<Location "', f'<Location "/{name}', text)
        self.path = re.search(r'<Location "([^"]+)"', self.text)[1]
        self.page = self.path + "ok.txt"
        self.carry = carry or (lambda token: [
            ("Authorization", "Bearer " + note(token))])
        for url in re.findall(r"(?:keys|metadata)=\S*(https:\S+)", self.text):
            assert "127.0.0.1" in url or "profile=kubernetes" in self.text

    def ask(self, token):
        return self.site.get(self.page, headers=self.carry(token))

    def good(self, token, user):
        answer = self.ask(token)
        assert answer.status == 200, f"{answer} {self.site.said()}"
        assert answer.header("X-User") == user

    def forbidden(self, token):
        assert self.ask(token).status == 403

    def refused(self, token, slug, status=401):
        mark = self.site.errorlog.size()
        answer = self.ask(token)
        assert answer.status == status, answer
        assert self.site.errorlog.refusals(mark) == [slug], \
            self.site.errorlog.text(mark)


def header(name):
    return lambda token: [(name, note(token))]


def cookie(name):
    return lambda token: [("Cookie", f"a=b; {name}={note(token)}")]


def forged(mint, header=None, **claims):
    """By a stranger's key under the name of the issuer's."""
    return mint.token(STRANGER[mint.signer.alg],
                      {**(header or {}), "kid": mint.signer.kid}, **claims)


# --- the fakes ----------------------------------------------------------------

A = "0b1d4c5e-1111-4222-8333-94aaaaaaaaaa"
B = "7c2e5d6f-2222-4333-9444-a5bbbbbbbbbb"
OTHER = "9188040d-6c67-4c5b-b112-36a304b66dad"
ACCOUNT = "orders@my-project.iam.gserviceaccount.com"
ALB = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:" \
      "loadbalancer/app/web/50dc6c495c0c9188"
IDP = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
IAP_AUD = "/projects/123456789012/global/backendServices/9876543210987654321"
CF_AUD = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"


def documents(make):
    """One server for all that anybody may fetch."""
    one = make("/organizations/v2.0")
    template = f"{one.origin}/{{tenantid}}/v2.0"
    one.metadata["issuer"] = template
    one.keys = [RSA.public(alg=DROP, issuer=template)]
    for path, document in {
            "/identitytoolkit/v3/relyingparty/publicKeys":
                {"older": STRANGER["RS256"].certificate(),
                 RSA.kid: RSA.certificate()},
            "/bundle": {"spiffe_sequence": 7, "spiffe_refresh_hint": 300,
                        "keys": [EC.public(use="jwt-svid"),
                                 key("P-256", "x509").public(use="x509-svid")]},
            f"/robot/v1/metadata/x509/{ACCOUNT}":
                {RSA.kid: RSA.certificate()},
            "/iap/verify/public_key-jwk": {"keys": [EC.public(alg="ES256")]},
            "/cdn-cgi/access/certs":
                {"keys": [RSA.public(alg="RS256")],
                 "public_cert": {"kid": RSA.kid, "cert": RSA.certificate()},
                 "public_certs": [{"kid": RSA.kid,
                                   "cert": RSA.certificate()}]}}.items():
        one.behave(path, status=200, body=json.dumps(document))
    one.behave("/elb/" + EC.kid, status=200, body=EC.pem())
    return one


def of_documents(origin):
    """Everything but Kubernetes: name -> recipe."""
    google = {"https://www.googleapis.com": origin}
    return {
        "entra": Recipe("Entra ID, many tenants", {
            "https://login.microsoftonline.com": origin}),
        "session": Recipe("Firebase session cookies", google,
                          carry=cookie("session")),
        "spiffe": Recipe("SPIFFE", {"https://spire.example.org": origin}),
        "account": Recipe("Google service accounts", google),
        "alb": Recipe("AWS load balancer, login", {
            "profile=aws-alb":
                f"profile=aws-alb keys=pem-per-kid:{origin}/elb/"},
            carry=header("x-amzn-oidc-data")),
        "iap": Recipe("Google IAP", {"https://www.gstatic.com": origin},
                      carry=header("x-goog-iap-jwt-assertion")),
        "access": Recipe("Cloudflare Access", {
            "keys=https://myteam.cloudflareaccess.com": "keys=" + origin},
            carry=header("Cf-Access-Jwt-Assertion")),
    }


def of_cluster(cluster, root):
    ca, token = cluster.authority.ca, f"{root}/pod.token"
    return {
        "pod": Recipe("Kubernetes, own cluster", {
            "profile=kubernetes": f"profile=kubernetes ca={ca} "
            f"token=file:{token} address=127.0.0.1:{cluster.port}"}),
        "beside": Recipe("Kubernetes, own cluster", {
            "https://k8s.example.com:6443": cluster.origin,
            "/etc/apache2/cluster-ca.pem": str(ca),
            "/etc/apache2/cluster.token": token}, number=1),
    }


@pytest.fixture(scope="module")
def cluster(mpm, tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("cluster"), "cluster")
    made = ApiServer(authority, "/openid/v1", [RSA],
                     names=["kubernetes.default.svc"])
    made.want(Authorization=f"Bearer {POD}")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def recipes(serve, make_issuer, authority, cluster):
    site = serve(None, start=False)
    token = Path(site.write("pod.token", POD + "\n", 0o640))
    if os.getuid() == 0:
        shutil.chown(token, group="www-data")
    made = {**of_documents(documents(make_issuer).origin),
            **of_cluster(cluster, site.root)}
    site.configure(Conf(f"AuthBearerFetch ca={authority.ca}",
                        *(one.text for one in made.values())))
    for one in made.values():
        one.site = site
        site.write("htdocs" + one.page, "ok\n")
    site.write(f"htdocs{made['iap'].path}healthz/index.html", "well\n")
    site.errorlog.allow_always("AH01630|AH01631|AH01629")
    site.start()
    for name, token in WARM.items():
        site.warm(made[name].page, None, headers=made[name].carry(token()))
    return made


# --- Entra ID -----------------------------------------------------------------

def entra(recipes, tenant, signer=RSA, **over):
    origin = re.search(r"(https://[^/]+)/\{tid\}", recipes["entra"].text)[1]
    return Mint(f"{origin}/{tenant}/v2.0", signer,
                "66666666-7777-8888-9999-000000000000").token(
        header={"typ": "JWT", "kid": RSA.kid},
        **{"tid": tenant, "oid": "o1", "scp": "orders.read", "ver": "2.0",
           "azp": "client", "nbf": 1, **over})


def test_entra_of_many_tenants(recipes):
    one = recipes["entra"]
    for tid in (A, B):
        one.site.warm(one.page, entra(recipes, tid))
        one.good(entra(recipes, tid), f"{tid}#o1")
    one.forbidden(entra(recipes, A, scp="orders.write"))
    one.refused(entra(recipes, OTHER), "iss_unknown")
    one.refused(entra(recipes, A, tid=B), "iss_unknown")
    one.refused(entra(recipes, A, tid=DROP), "iss_unknown")
    one.refused(entra(recipes, A, aud="00000003-0000-0000-c000-000000000000"),
                "aud_wrong")
    one.refused(entra(recipes, A, STRANGER["RS256"]), "sig_wrong")


# --- Firebase -----------------------------------------------------------------

SESSION = Mint("https://session.firebase.google.com/my-project", RSA,
               "my-project")
LOGIN = {"sub": "u1", "user_id": "u1", "auth_time": 1, "plan": "pro",
         "firebase": {"sign_in_provider": "password", "identities": {}}}


def session(**over):
    return SESSION.token(header={"typ": "JWT"}, **{**LOGIN, **over})


def test_firebase_session_cookies(recipes):
    one = recipes["session"]
    one.good(session(), "u1")
    one.forbidden(session(plan="free"))
    # another project's, and an ID token of this one
    one.refused(session(iss=SESSION.issuer[:-7] + "another", aud="another"),
                "iss_unknown")
    one.refused(session(aud="another"), "aud_wrong")
    one.refused(session(iss="https://securetoken.google.com/my-project"),
                "iss_unknown")
    one.refused(forged(SESSION, {"typ": "JWT"}, **LOGIN), "sig_wrong")
    assert one.site.get(one.page, session()).status == 401


# --- Kubernetes ---------------------------------------------------------------

CLUSTER = Mint("https://kubernetes.default.svc.cluster.local", RSA, API)


def account(name="orders", namespace="shop", **over):
    return {"sub": f"system:serviceaccount:{namespace}:{name}", "aud": [API],
            "jti": "j", "nbf": 1, "kubernetes.io": {
                "namespace": namespace, "node": {"name": "n", "uid": "n"},
                "pod": {"name": name + "-1", "uid": "p"},
                "serviceaccount": {"name": name, "uid": "s"}}, **over}


def pod(*args, **over):
    return CLUSTER.token(header={"typ": DROP}, **account(*args, **over))


@pytest.mark.parametrize("place", ["pod", "beside"])
def test_kubernetes_own_cluster(recipes, cluster, place):
    one = recipes[place]
    one.good(pod(), "system:serviceaccount:shop:orders")
    one.forbidden(pod("default"))
    one.forbidden(pod("orders", "shop2"))
    # what every pod has, for the API server
    one.refused(pod(aud=[CLUSTER.issuer]), "aud_wrong")
    one.refused(pod(iss="https://kubernetes.default.svc"), "iss_unknown")
    one.refused(pod(iss="kubernetes/serviceaccount", exp=DROP), "iss_unknown")
    one.refused(pod(exp=DROP), "exp_missing")
    one.refused(forged(CLUSTER, {"typ": DROP}, **account()), "sig_wrong")
    assert cluster.seen("Authorization") == {f"Bearer {POD}"}
    assert {path for path, _ in cluster.requests} == {"/openid/v1/jwks"}


# --- SPIFFE -------------------------------------------------------------------

SVID = Mint(None, EC, API)
ORDERS = "spiffe://example.org/ns/shop/orders"


def svid(mint=SVID, kid=None, sub=ORDERS, **over):
    return mint.token(header={"typ": "JWT", "kid": kid or mint.signer.kid},
                      **{"iss": DROP, "sub": sub, "aud": [API], **over})


def test_spiffe(recipes):
    one = recipes["spiffe"]
    one.good(svid(), ORDERS)
    one.good(svid(iss="https://spire.example.org"), ORDERS)
    one.forbidden(svid(sub=ORDERS + "2"))
    one.forbidden(svid(sub="spiffe://example.org/ns/shop"))
    for sub in ("spiffe://example.net/ns/shop/orders",
                "spiffe://example.org.evil/ns/shop/orders"):
        one.refused(svid(sub=sub), "iss_missing")
    one.refused(svid(aud=["https://other.example.com"]), "aud_wrong")
    one.refused(svid(Mint(None, STRANGER["ES256"], API), EC.kid), "sig_wrong")
    # the key of a certificate of the same bundle
    one.refused(svid(Mint(None, key("P-256", "x509"), API)), "key_unknown")


# --- Google -------------------------------------------------------------------

ROBOT = Mint(ACCOUNT, RSA, API)


def robot(**over):
    return ROBOT.token(header={"typ": "JWT"}, **{"sub": ACCOUNT, **over})


def test_google_service_accounts(recipes):
    one = recipes["account"]
    one.good(robot(), ACCOUNT)
    # who has the key writes what it likes, and stays who it is
    one.good(robot(sub="admin@example.com", email="admin@example.com"),
             ACCOUNT)
    one.refused(robot(exp=int(time.time()) + 30 * 86400), "too_long")
    one.refused(robot(iat=DROP), "iat_missing")
    one.refused(robot(iss="other@my-project.iam.gserviceaccount.com"),
                "iss_unknown")
    one.refused(robot(aud="https://other.example.com"), "aud_wrong")
    one.refused(forged(ROBOT, {"typ": "JWT"}, sub=ACCOUNT), "sig_wrong")


IAP = Mint("https://cloud.google.com/iap", EC, IAP_AUD)
PERSON = {"sub": "accounts.google.com:118133858486581853996",
          "email": "alice@example.com", "hd": "example.com",
          "google": {"access_levels": ["accessPolicies/1/accessLevels/x"]}}


def iap(**over):
    return IAP.token(header={"typ": "JWT"}, **{**PERSON, **over})


def test_google_iap(recipes):
    one = recipes["iap"]
    one.good(iap(), "alice@example.com")
    one.forbidden(iap(hd="example.net"))
    one.forbidden(iap(hd=DROP, email="mallory@gmail.com"))
    # another service, of this project or of another customer
    for aud in (IAP_AUD[:-1], IAP_AUD.replace("123456789012", "1")):
        one.refused(iap(aud=aud), "aud_wrong")
    one.refused(iap(exp=int(time.time()) + 3600), "too_long")
    one.refused(iap(iss="https://accounts.google.com"), "iss_unknown")
    one.refused(forged(IAP, {"typ": "JWT"}, **PERSON), "sig_wrong")
    one.refused(Mint(IAP.issuer, RSA, IAP_AUD).token(**PERSON),
                "alg_forbidden")
    # not in the header that a client could send to any other place
    assert one.site.get(one.page, iap()).status == 401


def test_health_checks_of_iap_need_no_token(recipes):
    one = recipes["iap"]
    assert one.site.get(one.path + "healthz/").status == 200
    assert one.site.get(one.page).status == 401
    for other in ("healthz/../ok.txt", "healthz%2f../ok.txt", "healthzz"):
        assert one.site.get(one.path + other).status in (400, 401, 404)


# --- AWS ----------------------------------------------------------------------

def alb(signer=EC, kid=None, header=None, **claims):
    """As its load balancers write it: base64url with =."""
    head = {"typ": "JWT", "kid": kid or signer.kid, "alg": "ES256",
            "iss": IDP, "client": "1example23456789", "signer": ALB,
            "exp": int(time.time()) + 120, **(header or {})}
    body = {"sub": "s1", "email": "alice@example.com",
            "email_verified": "true", "username": "alice",
            "exp": head["exp"], "iss": head["iss"], **claims}

    def coded(data):
        return base64.urlsafe_b64encode(octets(data)).decode()

    text = coded(head) + "." + coded(body)
    return note(text + "." + coded(signature("ES256", signer, text.encode())))


def test_aws_load_balancer_that_logs_in(recipes):
    one = recipes["alb"]
    one.good(alb(), "alice@example.com")
    one.forbidden(alb(email="mallory@example.com.evil"))
    # another customer's load balancer has the same keys
    one.refused(alb(header={"signer": ALB.replace("123456789012", "2")}),
                "signer_wrong")
    one.refused(alb(header={"client": "another"}), "aud_wrong")
    one.refused(alb(header={"iss": IDP + "x"}), "iss_unknown")
    one.refused(alb(STRANGER["ES256"], EC.kid), "sig_wrong")
    one.refused(alb(header={"exp": int(time.time()) - 60}), "expired")
    assert one.site.get(one.page, headers=[
        ("x-amzn-oidc-identity", "s1")]).status == 401


# --- Cloudflare ---------------------------------------------------------------

ACCESS = Mint("https://myteam.cloudflareaccess.com", RSA, [CF_AUD])
VISITOR = {"sub": "7335d417-61da-459d-899c-0a01c76a2f94", "type": "app",
           "email": "alice@example.com", "country": "US", "nbf": 1,
           "identity_nonce": "6ei69kawdKzMIAPF"}


def access(**over):
    return ACCESS.token(header={"typ": "JWT"}, **{**VISITOR, **over})


def both(one, in_header, in_cookie):
    return one.site.get(one.page, headers=[
        *one.carry(in_header), *cookie("CF_Authorization")(in_cookie)])


def test_cloudflare_access(recipes):
    one = recipes["access"]
    one.good(access(), "alice@example.com")
    one.good(access(sub="", email=DROP, common_name="e367.access"),
             "e367.access")
    one.forbidden(access(type="org"))
    # another application of the team, another team
    one.refused(access(aud=[CF_AUD[::-1]]), "aud_wrong")
    one.refused(access(iss="https://other.cloudflareaccess.com"),
                "iss_unknown")
    one.refused(forged(ACCESS, {"typ": "JWT"}, **VISITOR), "sig_wrong")


def test_cloudflare_sends_it_twice(recipes):
    one = recipes["access"]
    token = access()
    assert both(one, token, token).status == 200
    other = access(email="mallory@example.com")
    for pair in ((token, other), (other, token)):
        assert both(one, *pair).status == 400
    assert one.site.get(one.page, headers=cookie("CF_Authorization")(
        token)).status == 200


#: the first token of each place, with which its keys are waited for
WARM = {"session": session, "pod": pod, "beside": pod, "spiffe": svid,
        "account": robot, "alb": alb, "iap": iap, "access": access}
