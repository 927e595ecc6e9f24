# SPDX-License-Identifier: Apache-2.0
"""What a client, or a claim, can put into the headers and the environment of
what runs inside: nothing under the names of AuthBearerClaim, and no control
character; other text arrives as it is."""
import json
import socket

import pytest

from testenv import mint
from testenv.behind import BackEnd

NAMES = ["X-Sub", "x-sub", "X-SUB", "X_Sub", "x_sub", "X_sUB"]


@pytest.fixture(scope="module")
def backend():
    server = BackEnd()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def site(serve, base, tokens, backend):
    conf = base("AuthBearerClaim sub header:X-Sub",
                "AuthBearerClaim text header:X-Text",
                "AuthBearerClaim text header:X-Text-64 base64url",
                "AuthBearerClaim text env:TEXT",
                "AuthBearerClaim * env:CLAIMS",
                "ScriptAliasMatch ^/c/ ROOT/cgi/env")
    conf.place("std")
    for root, more in (("/c", []), ("/b", [
            f"ProxyPass http://127.0.0.1:{backend.port}/"])):
        for name, lines in (
                ("std", ["AuthType Bearer", "Require valid-user"]),
                ("open", ["AuthType Bearer", "Require all granted"]),
                ("optional", ["AuthType Bearer", "AuthBearerOptional On",
                              "Require all granted"]),
                ("none", ["Require all granted"]),
                ("user", ["AuthType Bearer", "AuthBearerUser text",
                          "Require valid-user"])):
            conf.location(f"{root}/{name}/", *lines, *more)
    server = serve(conf, start=False)
    text = (server.root / "httpd.conf").read_text()
    server.write("httpd.conf", text.replace("ROOT", str(server.root)))
    server.errorlog.allow_always("AH01630|AH01631|AH01629|MAB010[56]")
    return server.start().warm("/p/std", tokens.token())


def behind(site, place, token=None, headers=()):
    """What the program sees as X-Sub, in any spelling, and all of it."""
    answer = site.get(place, token, headers=headers)
    assert answer.status == 200, answer
    if place.startswith("/c"):
        seen = answer.environment()
        subs = [v for k, v in seen.items()
                if k.upper().replace("-", "_") == "HTTP_X_SUB"]
        return subs, seen
    headers = json.loads(answer.body)["headers"]
    subs = [v for k, v in headers if k.replace("_", "-") == "x-sub"]
    return subs, dict(headers)


# --- what a client says -----------------------------------------------------

@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("root", ["/c", "/b"])
def test_forged_headers(site, tokens, root, name):
    forged = [(name, "root"), ("Other", "x"), (name, "admin"), (name, "")]
    subs, seen = behind(site, root + "/std/", tokens.token(), forged)
    assert subs == ["alice"]
    assert seen.get("other", seen.get("HTTP_OTHER")) == "x"
    # nobody was asked for a token here, or nobody had to have one
    for place in ("/open/", "/optional/", "/none/"):
        assert behind(site, root + place, None, forged)[0] == []
    for place in ("/open/", "/none/"):
        for token in ("a.b.c", tokens.token(exp=1)):
            assert behind(site, root + place, token, forged)[0] == []
    assert behind(site, root + "/none/", tokens.token(), forged)[0] == []


@pytest.mark.parametrize("root", ["/c", "/b"])
def test_all_spellings_at_once(site, tokens, root):
    forged = [(name, "root") for name in NAMES * 3]
    assert behind(site, root + "/std/", tokens.token(), forged)[0] == \
        ["alice"]
    assert behind(site, root + "/open/", None, forged)[0] == []


@pytest.mark.parametrize("value", ["X-Sub", "close, x-sub", "X_Sub, X-SUB",
                                   "keep-alive,X-Sub ,Te"])
def test_a_client_cannot_have_a_claim_removed(site, tokens, value):
    # mod_proxy takes away what Connection names
    subs, seen = behind(site, "/b/std/", tokens.token(),
                        [("Connection", value), ("Connection", "X-Text")])
    assert subs == ["alice"]
    _, seen = behind(site, "/b/std/", tokens.token(text="t"),
                     [("Connection", value), ("Connection", "X-Text")])
    assert seen["x-text"] == "t"


def test_other_hop_by_hop_headers_stay_so(site, tokens):
    _, seen = behind(site, "/b/std/", tokens.token(),
                     [("Connection", "X-Hop, X-Sub"), ("X-Hop", "1")])
    assert "x-hop" not in seen


@pytest.mark.parametrize("line", [b"X-Sub : root", b"X-Sub\t: root",
                                  b" X-Sub: root", b"X-Sub\x00: root",
                                  b"X-Other: a\r\n X-Sub: root",
                                  b"X-Other: a\rX-Sub: root",
                                  b"X-Other: a\nX-Sub: root"])
def test_lines_that_are_not_quite_headers(site, tokens, line):
    token = mint.note(tokens.token())
    with socket.create_connection(("127.0.0.1", site.port), 10) as sock:
        sock.sendall(b"GET /c/std/ HTTP/1.1\r\nHost: x\r\n"
                     b"Connection: close\r\n"
                     b"Authorization: Bearer " + token.encode() + b"\r\n"
                     + line + b"\r\n\r\n")
        answer = sock.makefile("rb").read()
    if answer.startswith(b"HTTP/1.1 200 "):
        assert b"HTTP_X_SUB=alice\0" in answer
        assert answer.count(b"HTTP_X_SUB=") == 1
    else:
        # 401: what looks folded became a part of Authorization
        assert answer[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 401 "), answer


# --- what a claim says ------------------------------------------------------

TEXTS = ["Zoë", "Ω≈ç", "名前", "\U0001f600", "a\u00a0b", "a\u0085\u009bb",
         "a\u2028b", "e\u0301", "%0d%0a", "a=b;c", "\"quoted\"", "a blank b"]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_text_arrives_as_it_is(site, tokens, text):
    token = tokens.token(text=text)
    _, seen = behind(site, "/c/std/", token)
    assert seen["TEXT"] == text
    assert seen["HTTP_X_TEXT"] == text
    assert json.loads(seen["CLAIMS"])["text"] == text
    _, seen = behind(site, "/b/std/", token)
    # http.server reads headers as Latin-1
    assert seen["x-text"].encode("latin-1").decode() == text
    assert mint.unb64(seen["x-text-64"]).decode() == text


@pytest.mark.parametrize("text", ["Zoë", "名前", "x\u0085x"], ids=ascii)
def test_a_user_that_is_not_ascii(site, tokens, text):
    _, seen = behind(site, "/c/user/", tokens.token(text=text))
    assert seen["REMOTE_USER"] == text


@pytest.mark.parametrize("character", [chr(c) for c in range(1, 32)]
                         + ["\x7f"], ids=ascii)
def test_no_control_character_arrives(site, tokens, character):
    text = f"a{character}X-Evil: 1"
    token = tokens.token(text=text)
    subs, seen = behind(site, "/c/std/", token)
    assert subs == ["alice"]
    assert "TEXT" not in seen and "HTTP_X_TEXT" not in seen
    assert json.loads(seen["CLAIMS"])["text"] == text
    subs, seen = behind(site, "/b/std/", token, [("X-Text", "forged")])
    assert subs == ["alice"]
    assert "x-text" not in seen and "x-evil" not in seen
    site.refused("/c/user/", token, "subject_missing")
