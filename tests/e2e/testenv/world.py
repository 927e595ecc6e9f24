# SPDX-License-Identifier: Apache-2.0
"""What one server believes of names and of time (world.c, preloaded)."""
import os
import shlex
import subprocess
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "world.c"


def build(folder):
    """The library, compiled into a folder; None: there is no compiler."""
    library = Path(folder) / "world.so"
    command = shlex.split(os.environ.get("CC") or "cc")
    try:
        subprocess.run([*command, "-std=gnu11", "-Wall", "-Wextra", "-shared",
                        "-fPIC", "-o", str(library), str(SOURCE), "-ldl"],
                       check=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        return None
    library.chmod(0o755)
    return library


class World:
    """The world of a server that is not started yet."""

    def __init__(self, server, library):
        self.folder = server.root / "world"
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.names = {}
        for name in ("hosts", "lookups", "ahead"):
            self.replace(name, "")
        (self.folder / "lookups").chmod(0o666)  # children append to it
        server.preload.append(str(library))
        server.environment["MAB_WORLD"] = str(self.folder)

    def replace(self, name, text):
        """Writes a file; nobody reads half of it."""
        path = self.folder / f"{name}.new"
        path.write_text(text)
        path.chmod(0o644)
        path.rename(self.folder / name)

    def name(self, name, *addresses):
        """What a name resolves to; without an address, nothing comes back."""
        self.names[name] = addresses
        self.replace("hosts", "".join(
            " ".join([name, *addresses]) + "\n"
            for name, addresses in self.names.items()))

    def ahead(self, seconds):
        """The clock by which the age of keys is counted goes ahead."""
        self.replace("ahead", str(seconds))

    def lookups(self, name):
        """The pids that looked a name up, one for each time."""
        lines = (self.folder / "lookups").read_text().splitlines()
        return [int(pid) for pid, known in map(str.split, lines)
                if known == name]

    def wait_for(self, name, count, seconds=15):
        deadline = time.monotonic() + seconds
        while len(self.lookups(name)) < count:
            assert time.monotonic() < deadline, f"{name} is not looked up"
            time.sleep(0.02)
