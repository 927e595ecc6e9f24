# SPDX-License-Identifier: Apache-2.0
"""./configure says what to install when something is missing."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from testenv import env

TOP = Path(__file__).resolve().parents[2]
PACKAGES = {"apr-1": "libapr1-dev", "apr-util-1": "libaprutil1-dev",
            "openssl": "libssl-dev", "jansson": "libjansson-dev",
            "cjose": "libcjose-dev", "libpcre2-8": "libpcre2-dev"}


def configure(folder, *arguments, **variables):
    done = subprocess.run(
        [TOP / "configure", *arguments], cwd=folder, text=True,
        env={**os.environ, **variables}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def descriptions():
    """The folder of the machine's pkg-config files."""
    asked = subprocess.run(["pkg-config", "--variable=pc_path", "pkg-config"],
                           text=True, capture_output=True)
    folders = [Path(f) for f in asked.stdout.strip().split(":") if f]
    return [file for f in folders if f.is_dir() for file in f.glob("*.pc")]


@pytest.mark.parametrize("missing", PACKAGES)
def test_a_missing_library_is_named(tmp_path, descriptions, missing):
    if not (TOP / "configure").exists():
        pytest.skip("no configure here: autoreconf has not run")
    for file in descriptions:
        if file.stem != missing:
            shutil.copy(file, tmp_path)
    status, said = configure(tmp_path, PKG_CONFIG_LIBDIR=str(tmp_path),
                             PKG_CONFIG_PATH="")
    assert status != 0
    assert f"apt-get install {PACKAGES[missing]}" in said.splitlines()[-1]


def test_a_missing_apxs_is_named(tmp_path):
    if not (TOP / "configure").exists():
        pytest.skip("no configure here: autoreconf has not run")
    status, said = configure(tmp_path, "--with-apxs=/nowhere/apxs")
    assert status != 0
    assert "apache2-dev" in said and "--with-apxs=PATH" in said


def test_the_module_exports_one_symbol():
    listed = subprocess.run(["nm", "-D", "--defined-only", env.module()],
                            text=True, capture_output=True, check=True)
    names = [line.split()[-1] for line in listed.stdout.splitlines()]
    # coverage and sanitizer builds bring symbols of their runtimes
    ours = [name for name in names
            if not name.startswith(("__asan", "__ubsan", "__gcov", "__sancov",
                                    "_init", "_fini", "mangle_path"))]
    assert ours == ["auth_bearer_module"]
