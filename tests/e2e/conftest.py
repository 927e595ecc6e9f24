# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests.

The tripwires are an autouse fixture, so that no test can forget them: a loud
line in the error log that the test did not announce fails it, and so does a
piece of any token in any log.
"""
import pytest

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from testenv import env, issuer as issuers, mint, world  # noqa: E402
from testenv.conf import Conf  # noqa: E402

SKIP = 77  # automake: skipped


def pytest_sessionstart(session):
    if not env.binary():
        pytest.exit("no httpd here (APACHE2, APXS)", returncode=SKIP)
    if not env.module():
        pytest.exit("the module is not built (MODULE)", returncode=SKIP)


@pytest.fixture(scope="session")
def authority():
    folder = tempfile.mkdtemp(prefix="mab-ca-")
    Path(folder).chmod(0o755)
    yield issuers.Authority(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def make_issuer(authority):
    """Makes issuers that end with the module of tests."""
    made = []

    def make(path="", keys=(), tls=True, **where):
        made.append(issuers.Issuer(authority if tls else None, path, keys,
                                   **where))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="module")
def issuer(make_issuer):
    """The usual issuer: a path in its name, one key of each kind."""
    return make_issuer("/oidc", mint.usual_keys())


@pytest.fixture(scope="module")
def tokens(issuer):
    """Tokens of the usual issuer, for the usual audience."""
    return mint.Mint(issuer.url, mint.key("P-256", "ec1"), mint.AUDIENCE)


@pytest.fixture(scope="module")
def base(issuer, authority):
    """Begins a configuration that trusts the usual issuer everywhere."""
    def begin(*lines):
        return Conf(f"AuthBearerFetch ca={authority.ca}",
                    f"AuthBearerIssuer {issuer.url}",
                    f"AuthBearerAudience {mint.AUDIENCE}", *lines)
    return begin


@pytest.fixture(scope="module", params=env.mpms())
def mpm(request):
    return request.param


def server_factory(mpm):
    made = []

    def make(conf, start=True, modules=(), first=False):
        missing = [name for name in modules if not env.has(name)]
        if missing:
            pytest.skip(f"no mod_{', mod_'.join(missing)} here")
        server = env.Httpd(mpm, conf, modules=modules, first=first)
        made.append(server)
        return server.start() if start else server

    def close():
        failures = []
        for server in reversed(made):
            try:
                server.close()
            except AssertionError as error:
                failures.append(str(error))
        assert not failures, "\n".join(failures)

    return make, close


@pytest.fixture(scope="module")
def serve(mpm):
    """Starts servers that live as long as the module of tests."""
    make, close = server_factory(mpm)
    yield make
    close()


@pytest.fixture
def serve_once(mpm):
    """Starts servers that live as long as one test."""
    make, close = server_factory(mpm)
    yield make
    close()


@pytest.fixture(scope="session")
def world_library(tmp_path_factory):
    library = world.build(tmp_path_factory.mktemp("world"))
    if not library:
        pytest.skip("needs a C compiler (CC)")
    return library


@pytest.fixture
def in_a_world(serve_once, world_library):
    """Makes a server that is not started, and its world."""
    def make(conf):
        server = serve_once(conf, start=False)
        return server, world.World(server, world_library)
    return make


@pytest.fixture(autouse=True)
def tripwires():
    for server in env.servers:
        server.errorlog.begin()
    yield
    problems = [p for server in env.servers for p in server.problems()]
    assert not problems, "\n".join(problems)
