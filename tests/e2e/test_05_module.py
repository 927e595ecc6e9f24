# SPDX-License-Identifier: Apache-2.0
"""How the module was compiled: what a distribution's hardening-check looks for."""
import os
import re
import subprocess

import pytest

from testenv import env


@pytest.fixture(scope="module", autouse=True)
def hardened():
    if not os.environ.get("MAB_HARDENED"):
        pytest.skip("built with sanitizers or gcov")


def readelf(*options):
    return subprocess.run(["readelf", "--wide", *options, str(env.module())],
                          check=True, text=True, capture_output=True).stdout


def test_the_table_of_functions_is_read_only():
    # full RELRO
    assert "GNU_RELRO" in readelf("--program-headers")
    assert re.search(r"BIND_NOW|FLAGS_1.*NOW", readelf("--dynamic"))


def test_the_stack_is_not_executable_and_has_canaries():
    stack = re.search(r"GNU_STACK.*", readelf("--program-headers"))[0]
    assert " RW " in stack and "RWE" not in stack
    assert "__stack_chk_fail" in readelf("--dyn-syms")


def test_buffers_are_checked():
    # _FORTIFY_SOURCE leaves a trace in the file only where the compiler could
    # not see that it fits, so the flags are looked at
    makefile = os.path.join(os.environ["abs_top_builddir"], "Makefile")
    with open(makefile, encoding="utf-8") as file:
        flags = re.search(r"^MAB_CFLAGS = (.*)$", file.read(), re.M)[1]
    assert "-D_FORTIFY_SOURCE=2" in flags


def test_no_text_relocations_and_one_symbol():
    assert "TEXTREL" not in readelf("--dynamic")
    ours = [line.split()[-1] for line in readelf("--dyn-syms").splitlines()
            if re.search(r"GLOBAL|WEAK", line) and " UND " not in line]
    assert ours == ["auth_bearer_module"]
