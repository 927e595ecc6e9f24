# SPDX-License-Identifier: Apache-2.0
"""Logs: one line per refusal, the checks in order, and what ties them."""
import itertools
import re
import time

import pytest

from testenv import env, mint
from testenv.mint import DROP, key

TOP = env.HERE.parents[2]
CHECKS = re.findall(r'^    \{"([a-z ]+)",', (TOP / "bearer/judge/stage.c").read_text(),
                    re.M)


@pytest.fixture(scope="module")
def site(serve, base, tokens):
    server = serve(
        base(r'ErrorLogFormat "[%t] [%-m:%l] [pid %P:tid %T] [id %-L] %F: '
             r'[client %a] %M"',
             'LogFormat "%q %>s %{bearer-code}n %{bearer-reason}n %{bearer-iss}n '
             '%L" manual',
             "CustomLog manual.log manual")
        .place("std")
        .place("scope", require="Require scope read")
        .place("quiet", "LogLevel auth_bearer:info")
        .place("client", "LogLevel auth_bearer:info",
               "<If \"%{REMOTE_ADDR} == '127.0.0.1'\">",
               "LogLevel auth_bearer:debug", "</If>")
        .place("silent", "LogLevel auth_bearer:warn")
        .place("paged", "ErrorDocument 401 /p/page?page")
        .location("/p/page", "Require all granted"))
    server.errorlog.allow_always("AH01630|AH01631|AH01629")
    return server.warm("/p/std", tokens.token())


def ask(site, target, token=None, **more):
    """The answer, and what this request wrote to the error log."""
    mark = site.errorlog.size()
    answer = site.get(target, token, **more)
    lines = [line for line in site.errorlog.text(mark).splitlines()
             if "[auth_bearer:" in line]
    return answer, lines


def ask_remembered(site, target, token):
    """Asks until a child answers that has seen the token: children of prefork
    each remember their own."""
    for _ in range(100):
        answer, lines = ask(site, target, token)
        if any("is remembered" in line for line in lines):
            return answer, lines
    raise AssertionError("no child remembers")


def refusal(lines):
    """The one line at info; its parts after the message."""
    # the fetcher's lines have no client
    loud = [line for line in lines
            if "[auth_bearer:info]" in line and "[client " in line]
    assert len(loud) == 1, lines
    return loud[0].split("[client ", 1)[1].split("] ", 1)[1]


def place_of(site, name):
    """How the log names a place: its section, and the line of AuthType."""
    path = site.root / "httpd.conf"
    lines = path.read_text().splitlines()
    at = lines.index(f'<Location "/p/{name}">')
    number = lines.index("AuthType Bearer", at) + 1
    return f'in <Location "/p/{name}"> at {path}:{number}'


# --- refusals ---------------------------------------------------------------

def test_a_refusal_names_issuer_key_and_place(site, tokens, issuer):
    _, lines = ask(site, "/p/std", tokens.token(exp=1))
    said = refusal(lines)
    assert re.match(r"expired: the token has expired \(exp \d+ s ago\); ",
                    said)
    assert said.endswith(f'; issuer "{issuer.url}"; kid "ec1"; '
                         + place_of(site, "std")), said


def test_what_is_not_known_is_left_out(site, tokens, issuer):
    place = place_of(site, "std")
    _, lines = ask(site, "/p/std")
    assert refusal(lines) == f"token_missing: no bearer token was sent; {place}"
    _, lines = ask(site, "/p/std", "x.y")
    assert "; issuer" not in refusal(lines) and "; kid" not in refusal(lines)
    _, lines = ask(site, "/p/std", tokens.token(iss="https://other.example"))
    said = refusal(lines)
    assert said.startswith(
        "iss_unknown: the token's issuer is not one that is trusted here "
        f"(trusted here: {issuer.url}; the token's iss is https://other.example); "), said
    assert said.endswith(f'; kid "ec1"; {place}') and "; issuer" not in said
    _, lines = ask(site, "/p/std", tokens.token(header={"kid": DROP}, exp=1))
    assert "; issuer" in refusal(lines) and "; kid" not in refusal(lines)


@pytest.mark.parametrize("again", [False, True])
def test_a_denial_too_also_when_the_token_is_remembered(site, tokens, issuer,
                                                        again):
    token = tokens.token(jti=f"denied {again}")
    answer, lines = (ask_remembered if again else ask)(site, "/p/scope", token)
    assert answer.status == 403
    assert refusal(lines) == (
        "insufficient_scope: the token is good, but a Require line says no; "
        f'issuer "{issuer.url}"; kid "ec1"; ' + place_of(site, "scope"))


@pytest.mark.parametrize("make, said", [
    (lambda t: t.token(aud="https://elsewhere"),
     "aud_wrong: the token is meant for another audience "
     f"(wanted {mint.AUDIENCE}; the token's aud is https://elsewhere)"),
    (lambda t: t.token(aud=["a", "b"]),
     "aud_wrong: the token is meant for another audience "
     f"(wanted {mint.AUDIENCE}; the token's aud is a, b)"),
    (lambda t: t.token(aud="a\n[auth_bearer:info] b" + "x" * 400),
     "aud_wrong: the token is meant for another audience "
     f"(wanted {mint.AUDIENCE}; the token's aud is a\\x0a[auth_bearer:info] b"
     + "x" * 74 + "...)"),
    (lambda t: t.token(aud=DROP),
     "aud_missing: the token has no audience (aud is absent)"),
    (lambda t: t.token(aud=[7]),
     "aud_invalid: the token's audience is neither a string nor an array of "
     "strings (a member of aud is a number)"),
    (lambda t: t.token(sub=7),
     "subject_missing: the token names no usable subject (sub is a number)"),
    (lambda t: t.token(sub=DROP),
     "subject_missing: the token names no usable subject (sub is absent)"),
    (lambda t: t.token() + ".x.y",
     "jws_encrypted: the token is encrypted (five parts), which is not supported "
     "(Auth0 issues such a token to a client that asks for no audience: ask for "
     "an audience)"),
    (lambda t: t.token(key("P-256", "stranger"), {"kid": "ec1", "nonce": "n"}),
     "sig_wrong: the signature does not match (kid ec1, alg ES256; a nonce in the "
     "header: only Microsoft Graph can verify its tokens, ask for one for this "
     "service)"),
    (lambda t: t.token(exp=int(time.time()) * 1000),
     "exp_far: the token's expiry time is more than ten years away: is it in "
     "milliseconds instead of seconds? (exp in "),
    (lambda t: t.token(iat=int(time.time()) * 1000),
     "iat_future: the token was issued in the future (iat in "),
], ids=lambda v: v.split(":")[0] if isinstance(v, str) else "")
def test_a_refusal_says_what_to_change(site, tokens, make, said):
    answer, lines = ask(site, "/p/std", make(tokens))
    assert answer.status == 401
    found = refusal(lines).replace("\\\\x", "\\x")
    assert found.startswith(said), found
    # the particulars are for the log, not for the client
    particulars = said.split(" (")[-1]
    assert particulars not in str(answer.json())


def test_a_hostile_kid_makes_no_second_line(site, tokens):
    evil = 'a"; issuer "https://evil.example\n[client 1.2.3.4] b\\'
    _, lines = ask(site, "/p/std", tokens.forge(header=tokens.header(kid=evil)))
    said = refusal(lines)
    assert '; kid "a\\\\x22; issuer \\\\x22https://evil.example\\\\x0a' in said \
        or '; kid "a\\x22; issuer \\x22https://evil.example\\x0a' in said, said


def test_a_place_in_htaccess_is_named_by_its_file(serve_once, base, tokens):
    site = serve_once(base().section("Directory", "/",
                                     "AllowOverride AuthConfig"), start=False)
    path = site.write("htdocs/own/.htaccess",
                      "# one line before\nAuthType Bearer\n"
                      "Require valid-user\n")
    site.start()
    _, lines = ask(site, "/own/")
    assert refusal(lines).endswith(f"; in {path}:2"), lines


# --- the checks in their order ----------------------------------------------

def checks(lines):
    """[(name, passed or FAILED, what)] of the debug lines."""
    found = []
    for line in lines:
        hit = re.search(r"\] check ([a-z ]+) (passed|FAILED): (.*)$", line)
        if hit:
            assert "[auth_bearer:debug]" in line
            found.append(hit.groups())
    return found


def test_a_good_token_passes_all_checks_in_order(site, tokens, issuer):
    _, lines = ask(site, "/p/std", tokens.token(jti="all checks"))
    found = checks(lines)
    assert [name for name, _, _ in found] == CHECKS
    assert {word for _, word, _ in found} == {"passed"}
    told = {name: what for name, _, what in found}
    assert told["algorithm"].endswith("(ES256)")
    assert told["key id"].endswith("(ec1)")
    assert told["type"].endswith("(at+jwt)")
    assert told["issuer"].endswith(f"({issuer.url})")


@pytest.mark.parametrize("slug, check, make", [
    ("token_missing", "token", lambda t: None),
    ("jws_parts", "form", lambda t: "x.y"),
    ("typ_wrong", "type", lambda t: t.token(header={"typ": "dpop+jwt"})),
    ("iss_unknown", "issuer", lambda t: t.token(iss="https://x.example")),
    ("sig_wrong", "signature", lambda t: t.token(key("P-256", "stranger"),
                                                 {"kid": "ec1"})),
    ("expired", "expiry", lambda t: t.token(exp=1)),
    ("aud_wrong", "audience", lambda t: t.token(aud="elsewhere")),
    ("subject_missing", "subject", lambda t: t.token(sub=DROP))])
def test_the_last_check_is_the_one_that_failed(site, tokens, slug, check,
                                               make):
    _, lines = ask(site, "/p/std", make(tokens))
    found = checks(lines)
    assert [name for name, _, _ in found] \
        == CHECKS[:CHECKS.index(check) + 1]
    assert [word for _, word, _ in found] \
        == ["passed"] * (len(found) - 1) + ["FAILED"]
    assert found[-1][2].endswith(f"({slug})")
    assert refusal(lines).startswith(slug + ": ")


def test_a_remembered_token_is_judged_by_what_depends_on_now(site, tokens):
    _, lines = ask_remembered(site, "/p/std", tokens.token(jti="again"))
    assert sum("is remembered" in line for line in lines) == 1
    assert [name for name, _, _ in checks(lines)] \
        == CHECKS[CHECKS.index("expiry"):]


def test_no_claim_is_shown(site, tokens):
    secret = "a-name-nobody-may-read"
    for more in ({}, {"exp": 1}, {"aud": "elsewhere"}):
        claims = {"sub": secret, "scope": secret, "email": secret,
                  "jti": secret, **more}
        for place in ("std", "scope"):
            _, lines = ask(site, "/p/" + place, tokens.token(**claims))
            assert lines and not [li for li in lines if secret in li]


def test_other_levels_have_less(site, tokens):
    _, lines = ask(site, "/p/quiet", tokens.token(exp=1))
    assert len(lines) == 1 and refusal(lines).startswith("expired: ")
    _, lines = ask(site, "/p/quiet", tokens.token())
    assert lines == []
    _, lines = ask(site, "/p/silent", tokens.token(exp=1))
    assert lines == []


def test_one_client_can_have_more(site, tokens):
    _, lines = ask(site, "/p/client", tokens.token(exp=1))
    assert checks(lines)[-1][1] == "FAILED"


# --- the access log ---------------------------------------------------------

numbers = itertools.count()


def ask_for_access(site, target, token=None):
    """The line in the access log, which httpd writes after the answer, and
    those in the error log."""
    query = f"?{next(numbers)}"
    _, lines = ask(site, target + query, token)
    return find_access(site, query), lines


def find_access(site, query):
    deadline = time.monotonic() + 5
    while True:
        for line in (site.root / "manual.log").read_text().splitlines():
            if line.startswith(query + " "):
                return line[len(query) + 1:]
        assert time.monotonic() < deadline, "no line in the access log"
        time.sleep(0.02)


def test_notes_tell_the_access_log(site, tokens, issuer):
    line, _ = ask_for_access(site, "/p/std", tokens.token(exp=1))
    assert line.startswith(f"401 invalid_token expired {issuer.url} ")
    line, _ = ask_for_access(site, "/p/std")
    assert line.startswith(
        "401 auth.authorization_header_missing token_missing - ")
    line, _ = ask_for_access(site, "/p/scope", tokens.token())
    assert line.startswith(
        f"403 insufficient_scope insufficient_scope {issuer.url} ")
    line, _ = ask_for_access(site, "/p/std", tokens.token())
    assert line.startswith(f"200 - - {issuer.url} ")


def test_notes_tell_the_access_log_behind_an_error_page(site, tokens, issuer):
    answer = site.get("/p/paged", tokens.token(exp=1))
    assert answer.status == 401 and b"invalid_token" not in answer.body
    # httpd logs the query of the page
    assert find_access(site, "?page").startswith(
        f"401 invalid_token expired {issuer.url} ")


def test_both_logs_have_the_same_request_id(site, tokens):
    line, lines = ask_for_access(site, "/p/std", tokens.token(exp=1))
    ids = {re.search(r"\[id (\S+)\]", one)[1] for one in lines}
    assert ids == {line.split()[-1]}
