# SPDX-License-Identifier: Apache-2.0
"""The tripwires trip: a harness that cannot fail proves nothing."""
import os
import signal
import time

import pytest

from testenv import env, mint
from testenv.conf import Conf
from testenv.errorlog import ErrorLog, SENTENCES, leaks

HEAD = "[Mon Jan 01 00:00:00.000000 2029] "
KEY = mint.key("P-256", "harness")
TOKEN = mint.Mint("https://issuer.example", KEY, "api").token()
FORM = SENTENCES["jws_parts"]


@pytest.fixture
def log(tmp_path):
    """An error log of our own, and how to write to it."""
    sample = ErrorLog(tmp_path / "error.log")

    def write(*lines):
        with open(sample.path, "a") as file:
            file.writelines(line + "\n" for line in lines)

    sample.write = write
    write(HEAD + "[core:notice] [pid 1] AH00094: Command line")
    sample.begin()
    return sample


def test_a_quiet_log_is_no_problem(log):
    log.write(HEAD + "[auth_bearer:info] [pid 1] jws_parts: " + FORM,
              HEAD + "[core:notice] [pid 1] something",
              HEAD + "[core:trace1] [pid 1] something")
    assert log.problems() == []


@pytest.mark.parametrize("level", ["warn", "error", "crit", "alert", "emerg"])
def test_an_unannounced_loud_line_trips(log, level):
    log.write(HEAD + f"[auth_bearer:{level}] [pid 1] MAB0101: fire")
    assert len(log.problems()) == 1
    assert log.problems() == [], "a line is a problem once"


def test_an_early_loud_line_trips_the_next_test(log):
    log.write(HEAD + "[core:error] [pid 1] between two tests")
    log.begin()
    assert len(log.problems()) == 1


def test_an_announced_line_is_no_problem(log):
    log.write(HEAD + "[auth_bearer:warn] [pid 1] MAB0101: fire")
    log.expect("MAB0101")
    assert log.problems() == []


def test_an_announcement_covers_its_own_line_only(log):
    log.write(HEAD + "[auth_bearer:warn] [pid 1] MAB0101: fire",
              HEAD + "[auth_bearer:warn] [pid 1] MAB0102: water")
    log.expect("MAB0101")
    assert len(log.problems()) == 1


def test_an_announced_line_that_never_comes_trips(log):
    log.expect("MAB0101")
    assert len(log.problems()) == 1


def test_an_allowed_line_may_stay_away(log):
    log.allow("MAB0101")
    log.allow_always("MAB0102")
    assert log.problems() == []


def test_announcements_end_with_the_test(log):
    log.allow("MAB0101")
    log.begin()
    log.write(HEAD + "[auth_bearer:warn] [pid 1] MAB0101: fire")
    assert len(log.problems()) == 1


@pytest.mark.parametrize("text", [
    "[core:notice] [pid 1] AH00052: child pid 7 exit signal Aborted (6)",
    "[x:info] AddressSanitizer: heap-use-after-free",
    "x.c:1:2: runtime error: signed integer overflow"])
def test_a_crash_trips_even_when_allowed(log, text):
    log.allow(".")
    log.write(HEAD + text)
    assert len(log.problems()) == 1


def test_a_line_without_a_level_trips(log):
    log.write("malloc(): corrupted top size")
    assert len(log.problems()) == 1


def test_refusals_are_read_from_the_log(log):
    log.write(HEAD + "[auth_bearer:info] [pid 1:tid 2] [client 127.0.0.1:3] "
              "jws_parts: " + FORM + " (2 parts)",
              HEAD + "[auth_bearer:info] [client 1:2] jws_parts: other words",
              HEAD + "[auth_bearer:info] [pid 1] jws_parts: " + FORM,
              HEAD + "[other:info] [client 1:2] jws_parts: " + FORM)
    log.write(HEAD + "[auth_bearer:warn] [pid 1:tid 2] [client 127.0.0.1:3] "
              "MAB0301: jws_parts: " + FORM)
    assert log.refusals() == ["jws_parts", "jws_parts"]


@pytest.mark.parametrize("part", [0, 1, 2])
def test_each_part_of_a_token_trips(part):
    piece = TOKEN.split(".")[part]
    assert leaks(f"x {piece} y")
    assert leaks(f"x {piece[:30]}"), "the beginning is enough"
    assert leaks(f"x {piece[-30:]}"), "the end is enough"


def test_other_text_does_not_trip():
    assert leaks(f'kid "{KEY.kid}" https://issuer.example/realms/a.b') == []
    mint.note("a.b.c")
    assert leaks("a.b.c and_a_long_word_that_is_no_token") == []


def test_a_real_server_trips_on_a_token_in_its_access_log():
    server = env.Httpd(env.mpms()[0], Conf(
        'CustomLog extra.log "%{Authorization}i"'), with_module=False)
    try:
        server.start()
        assert server.get("/ok.txt", TOKEN).status == 200
        # httpd writes it after the answer, and has lines of earlier requests
        deadline = time.monotonic() + 5
        while TOKEN not in (server.root / "extra.log").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert any("piece of a token" in p for p in server.problems())
    finally:
        server.failed = False  # as it should
        server.close()


def test_a_real_server_trips_on_a_loud_line_and_on_a_crash():
    server = env.Httpd(env.mpms()[0], Conf().location(
        "/denied", "Require all denied"), with_module=False)
    try:
        server.start()
        assert server.get("/denied").status == 403
        assert any("AH01630" in p for p in server.problems())
        # a signal that no sanitizer takes for its own report
        os.kill(min(server.workers()), signal.SIGSYS)
        server.errorlog.wait("AH0005[12]", 10)
        time.sleep(0.1)
        assert any("crash" in p for p in server.problems())
    finally:
        server.failed = False
        server.close()


def test_a_report_of_a_sanitizer_trips():
    server = env.Httpd(env.mpms()[0], Conf(), with_module=False)
    try:
        server.write("asan/report.123", "ERROR: AddressSanitizer: ...")
        assert any("sanitizer" in p for p in server.problems())
        assert server.problems() == []
    finally:
        server.failed = False
        server.close()


def test_a_cgi_program_runs(mpm):
    server = env.Httpd(mpm, Conf('SetEnv COLOUR "blue green"'),
                       with_module=False)
    try:
        server.start()
        seen = server.get("/cgi/env").environment()
        assert seen["COLOUR"] == "blue green"
        pid = server.process.pid
        server.graceful()
        assert server.process.pid == pid
        assert server.get("/cgi/env").status == 200
    finally:
        server.close()


@pytest.mark.parametrize("first", [False, True])
def test_further_modules_and_ours_before_or_after_them(mpm, first):
    server = env.Httpd(mpm, Conf("# ROOT :PORT"), first=first,
                       modules=["include", "auth_basic"])
    try:
        server.fill()
        text = (server.root / "httpd.conf").read_text()
        assert f"# {server.root} :{server.port}" in text
        loaded = [line.split()[1] for line in text.splitlines()
                  if line.startswith("LoadModule")]
        at = loaded.index("auth_bearer_module")
        assert at == (0 if first else len(loaded) - 1)
        assert loaded.index("include_module") \
            < loaded.index("auth_basic_module")
        server.start()
        assert server.get("/ok.txt").status == 200
    finally:
        server.close()
