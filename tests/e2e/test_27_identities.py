# SPDX-License-Identifier: Apache-2.0
"""Issuers as people have them: names that are no URLs, tenants in the name, and
another claim than aud. Each thing that is accepted stands beside its hostile twin."""
import json
import re

import pytest

from testenv import mint
from testenv.mint import DROP, Mint, key

A = "0b1d4c5e-1111-4222-8333-94aaaaaaaaaa"
B = "7c2e5d6f-2222-4333-9444-a5bbbbbbbbbb"
OWN = "9188040d-6c67-4c5b-b112-36a304b66dad"
STRANGE = ("accounts.google.com", "kubernetes/serviceaccount",
           "robot@project.iam.gserviceaccount.com", "urn:example:issuer")
USER = '"expr=%{claim:iss}#%{claim:sub}"'
SEE = ('Header set Seen-User "expr=%{REMOTE_USER}"',
       'Header set Seen-Iss "expr=%{note:bearer-iss}"')


@pytest.fixture(scope="module")
def entra(make_issuer):
    """Many tenants below one origin, with one set of keys for all of them."""
    made = make_issuer("/organizations/v2.0")
    template = f"{made.origin}/{{tenantid}}/v2.0"
    made.metadata["issuer"] = template
    made.keys = [key("P-256", "all").public(),
                 key("P-256", "each").public(issuer=template),
                 key("P-256", "msa").public(issuer=f"{made.origin}/{OWN}/v2.0"),
                 key("P-256", "odd").public(issuer=7)]
    return made


@pytest.fixture(scope="module")
def site(serve, base, tokens, entra):
    own = key("P-256", "own")
    conf = base()
    conf.lines = [line for line in conf.lines
                  if not line.startswith("AuthBearerIssuer")]
    for name, issuer in (("strange", STRANGE),):
        conf.place(name, *(f"AuthBearerIssuer {one} keys=file:ROOT/own.json"
                           for one in issuer))
    template = f"{entra.origin}/{{tid}}/v2.0"
    metadata = f"metadata={entra.url}"
    conf.place("tenants", f"AuthBearerIssuer {template} tid={A},{B} {metadata}",
               f"AuthBearerUser {USER}", *SEE)
    conf.place("one", f"AuthBearerIssuer {template} tid={A} {metadata}")
    conf.place("every", f"AuthBearerIssuer {template} tid=any {metadata}")
    conf.place("both", f"AuthBearerIssuer {template} tid=any {metadata}",
               f"AuthBearerIssuer {entra.origin}/{B}/v2.0 keys=file:ROOT/own.json",
               "AuthBearerUser sub")
    conf.place("client", f"AuthBearerIssuer urn:own keys=file:ROOT/own.json "
               "audience-claim=client_id audience=app-1,app-2")
    conf.place("azp", f"AuthBearerIssuer urn:own keys=file:ROOT/own.json "
               "audience-claim=azp")
    conf.place("spiffe", "AuthBearerIssuer spiffe://td.example profile=spiffe "
               "keys=file:ROOT/bundle.json", *SEE)
    conf.place("beside", "AuthBearerIssuer spiffe://td.example profile=spiffe "
               "keys=file:ROOT/bundle.json",
               "AuthBearerIssuer urn:own keys=file:ROOT/own.json",
               "AuthBearerUser sub")
    conf.section("Directory", "ROOT/htdocs", "AllowOverride AuthConfig")
    conf.location("/status", "SetHandler bearer-status", "Require local")
    server = serve(conf, start=False)
    server.write("own.json", json.dumps({"keys": [own.public()]}))
    server.write("bundle.json", json.dumps({
        "spiffe_sequence": 7, "spiffe_refresh_hint": 300, "keys": [
            {**key("P-256", "x509").public(use="x509-svid"), "x5c": ["MIIB"]},
            key("P-256", "jwt").public(use="jwt-svid")]}))
    server.write("htdocs/inner/.htaccess",
                 "AuthType Bearer\nAuthBearerIssuer kubernetes/serviceaccount\n"
                 "Require valid-user\n")
    server.write("htdocs/inner/index.html", "inside\n")
    server.fill()
    server.start()
    server.errorlog.allow_always("AH01630|AH01631|AH01629|MAB01(09|10|11)")
    return server.warm("/p/every", tenant(entra, A).token(tid=A))


def tenant(entra, tid, kid="all"):
    return Mint(f"{entra.origin}/{tid}/v2.0", key("P-256", kid), mint.AUDIENCE)


def own(iss):
    return Mint(iss, key("P-256", "own"), mint.AUDIENCE)


# --- trust domains ----------------------------------------------------------------

WEB = "spiffe://td.example/ns/web"


def svid(kid="jwt", iss=DROP, sub=WEB, typ="JWT", **more):
    return Mint("", key("P-256", kid), mint.AUDIENCE).token(
        header={"typ": typ}, iss=iss, sub=sub, iat=DROP, **more)


@pytest.mark.parametrize("typ", [DROP, "JWT", "JOSE", "jose"], ids=str)
def test_a_svid_needs_no_issuer(site, typ):
    answer = site.accepted("/p/spiffe", svid(typ=typ))
    assert answer.header("Seen-User") == WEB
    assert answer.header("Seen-Iss") == "spiffe://td.example"
    site.accepted("/p/spiffe", svid(typ=typ, iss="https://spire.example"))


def test_what_is_no_svid_of_this_trust_domain(site):
    for typ in ("at+jwt", "logout+jwt", "dpop+jwt"):
        site.refused("/p/spiffe", svid(typ=typ), "typ_wrong")
    for sub in ("spiffe://td.example", "spiffe://td.example/", "spiffe://other/ns/web",
                "spiffe://td.example.evil/ns/web", "spiffe://td.example@evil/ns/web",
                "spiffe://td.example//ns", "spiffe://td.example/../ns",
                "spiffe://TD.example/ns", "alice", [WEB], {"a": WEB}, 7, DROP):
        site.refused("/p/spiffe", svid(sub=sub), "iss_missing")
        site.refused("/p/spiffe", svid(sub=sub, iss="spiffe://td.example"),
                     "iss_unknown")
    site.refused("/p/spiffe", svid(iss=7), "iss_missing")
    site.refused("/p/spiffe", svid(aud=DROP), "aud_missing")
    site.refused("/p/spiffe", svid(aud="other"), "aud_wrong")
    site.refused("/p/spiffe", svid(exp=DROP), "exp_missing")


def test_keys_for_certificates_sign_no_tokens(site):
    """X.509-SVID keys of the same bundle, by their kid, by another's, without one."""
    for header in ({}, {"kid": "jwt"}, {"kid": DROP}):
        token = Mint("", key("P-256", "x509"), mint.AUDIENCE).token(
            header={"typ": "JWT", **header}, iss=DROP, sub=WEB)
        site.refused("/p/spiffe", token, "key_unknown", "sig_wrong")


def test_a_trust_domain_beside_an_issuer(site):
    """Each by its own keys: a token's iss is looked at first."""
    site.accepted("/p/beside", svid())
    mine = own("urn:own")
    site.accepted("/p/beside", mine.token())
    site.accepted("/p/beside", mine.token(sub=WEB))
    site.refused("/p/beside", svid(iss="urn:own"), "key_unknown")
    # what only one of them may be
    site.refused("/p/beside", mine.token(header={"typ": "JOSE"}), "typ_wrong")
    site.refused("/p/beside", svid(typ="at+jwt"), "typ_wrong")
    # a place without a trust domain takes no SVID
    for place in ("strange", "every", "client"):
        site.refused(f"/p/{place}", svid(), "iss_missing")
        site.refused(f"/p/{place}", svid(typ="JOSE"), "iss_missing", "typ_wrong")


def test_a_svid_that_is_remembered(site):
    token = svid(jti="remembered")
    for _ in range(3):
        site.accepted("/p/spiffe", token)
        site.refused("/p/strange", token, "iss_missing")


# --- names that are no URLs -----------------------------------------------------

@pytest.mark.parametrize("name", STRANGE)
def test_any_text_may_be_an_issuer(site, name):
    site.accepted("/p/strange", own(name).token(), "alice")
    for other in (name + "/", name.upper(), name[:-1], " " + name,
                  "https://" + name):
        site.refused("/p/strange", own(other).token(), "iss_unknown")
    # its own key, and nobody else's
    site.refused("/p/strange", Mint(name, key("P-256", "all"),
                                    mint.AUDIENCE).token(), "key_unknown")


def test_a_htaccess_file_names_it(site):
    site.accepted("/inner/index.html", own("kubernetes/serviceaccount").token())
    site.refused("/inner/index.html", own("accounts.google.com").token(),
                 "iss_unknown")


def test_status_and_metrics_name_it(site):
    page = site.get("/status").body.decode()
    metrics = site.get("/status?openmetrics").body.decode()
    for name in STRANGE:
        assert name in page
        assert f'issuer="{name}"' in metrics
    assert "{tid}/v2.0" in page and '{tid}/v2.0"' in metrics


# --- another claim than aud -------------------------------------------------------

def test_the_client_may_be_the_audience(site):
    one = own("urn:own")
    site.accepted("/p/client", one.token(aud=DROP, client_id="app-1"))
    site.accepted("/p/client", one.token(client_id="app-2"))
    site.refused("/p/client", one.token(client_id="app-3"), "aud_wrong")
    site.refused("/p/client", one.token(client_id="app-3", aud="app-1"), "aud_wrong")
    site.refused("/p/client", one.token(aud="app-1"), "aud_missing")
    site.refused("/p/client", one.token(client_id=None), "aud_missing")
    for odd in (["app-1"], 1, True, {"app-1": "app-1"}):
        site.refused("/p/client", one.token(client_id=odd), "aud_invalid")
    # the place's list, where the line has none
    site.accepted("/p/azp", one.token(aud="other", azp=mint.AUDIENCE))
    site.refused("/p/azp", one.token(azp="other"), "aud_wrong")
    # the same token, remembered by one place, says nothing at another
    token = one.token(client_id="app-1", jti="remembered")
    for _ in range(3):
        site.accepted("/p/client", token)
        site.refused("/p/azp", token, "aud_missing")


def test_the_log_says_which_claim(site):
    mark = site.errorlog.size()
    site.refused("/p/client", own("urn:own").token(client_id="app-9"), "aud_wrong")
    assert ("aud_wrong: the token is meant for another audience (wanted app-1, app-2; "
            "the token's client_id is app-9)") in site.errorlog.text(mark)


# --- tenants ------------------------------------------------------------------------

def test_tenants_of_one_template(site, entra):
    for tid in (A, B):
        answer = site.accepted("/p/tenants", tenant(entra, tid).token(tid=tid))
        assert answer.header("Seen-User") == f"{entra.origin}/{tid}/v2.0#alice"
        assert answer.header("Seen-Iss") == f"{entra.origin}/{tid}/v2.0"
        site.accepted("/p/every", tenant(entra, tid).token(tid=tid))
    site.accepted("/p/one", tenant(entra, A).token(tid=A))
    site.refused("/p/one", tenant(entra, B).token(tid=B), "iss_unknown")
    site.refused("/p/tenants", tenant(entra, OWN).token(tid=OWN), "iss_unknown")
    site.accepted("/p/every", tenant(entra, OWN).token(tid=OWN))


def test_a_tenant_that_is_remembered_is_compared_again(site, entra):
    token = tenant(entra, B).token(tid=B, jti="remembered")
    for _ in range(3):
        site.accepted("/p/tenants", token)
        site.refused("/p/one", token, "iss_unknown")


@pytest.mark.parametrize("iss, tid", [
    (A, B), (A, DROP), (A, None), (A, [A]), (A, {"tid": A}), (A, A + "/"),
    ("{tid}", "{tid}"), ("{tid}", A), ("{tid}", DROP), ("{tenantid}", "{tenantid}"),
    ("", ""), (A + "/v2.0/x", A + "/v2.0/x"), ("..", ".."), ("a%2fb", "a%2fb"),
    ("x@evil", "x@evil"), ("1", 1), ("\u00e4", "\u00e4"), (A.upper(), A)])
@pytest.mark.parametrize("place", ["tenants", "every"])
def test_no_tenant_forges_another(site, entra, place, iss, tid):
    site.refused(f"/p/{place}", tenant(entra, iss).token(tid=tid), "iss_unknown")


def test_another_issuer_around_a_tenant(site, entra):
    for iss in (f"https://evil.example/{A}/v2.0", f"{entra.origin}/{A}/v2.0/",
                f"{entra.origin}/{A}/v2", f"{entra.origin}//{A}/v2.0",
                f"{entra.origin}/{A}/v2.0?", entra.url):
        site.refused("/p/every", Mint(iss, key("P-256", "all"),
                                      mint.AUDIENCE).token(tid=A), "iss_unknown")


@pytest.mark.parametrize("kid, tid, want", [
    ("all", A, None), ("each", A, None), ("msa", OWN, None),
    ("msa", A, "key_unfit"), ("odd", A, "key_unfit")])
def test_a_key_may_be_one_tenants(site, entra, kid, tid, want):
    token = tenant(entra, tid, kid).token(tid=tid)
    if want:
        site.refused("/p/every", token, want)
    else:
        site.accepted("/p/every", token)


def test_a_line_of_its_own_wins_over_a_template(site, entra):
    mine = Mint(f"{entra.origin}/{B}/v2.0", key("P-256", "own"), mint.AUDIENCE)
    site.accepted("/p/both", mine.token(tid=B))
    site.accepted("/p/both", mine.token())
    # not by the keys of the template, although its tid= is any
    site.refused("/p/both", tenant(entra, B).token(tid=B), "key_unknown")
    site.accepted("/p/both", tenant(entra, A).token(tid=A))


def test_the_metadata_of_another_template_are_refused(serve_once, base, make_issuer):
    one = make_issuer("/common/v2.0", [key("P-256", "all")])
    conf = base().place("t", f"AuthBearerIssuer {one.origin}/{{tid}}/v2.0 tid=any "
                        f"metadata={one.url}/.well-known/openid-configuration")
    server = serve_once(conf, start=False)
    server.errorlog.allow_always("MAB0201|MAB01(09|10|11)")
    for issuer in (f"{one.origin}/{{realm}}/v2.0", f"{one.origin}/{A}/v2.0",
                   "https://evil.example/{tenantid}/v2.0"):
        one.metadata["issuer"] = issuer
        server.start()
        token = Mint(f"{one.origin}/{A}/v2.0", key("P-256", "all"),
                     mint.AUDIENCE).token(tid=A)
        answer = server.get("/p/t", token)
        assert answer.status == 503, answer
        assert re.search("MAB0201.*discovery_issuer", server.errorlog.text())
        server.stop()


def test_a_start_tells_what_is_wide(site):
    said = site.errorlog.text()
    assert re.search(r"MAB0110: AuthBearerIssuer in <Location ./p/every.> at \S+: "
                     "tid=any: everybody who can make a tenant of this issuer can send "
                     "tokens; demand what only your tenants. tokens have", said)
    assert re.search(r"MAB0111: \S+ in <Location ./p/every.> at \S+ is Bearer: users of several "
                     r"tenants of \S+/{tid}/v2.0 are told apart by", said)
    assert not re.search("MAB0111.*/p/(tenants|one|both)", said)
