# SPDX-License-Identifier: Apache-2.0
"""A browser without a screen, whose pages tell their own server what they got."""
import os
import queue
import shutil
import subprocess
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

QUIET = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync
--disable-dev-shm-usage --disable-extensions --mute-audio""".split()


class Browser:
    """One Chromium with a profile of its own."""

    def __init__(self, folder, address):
        self.log = folder / "chromium.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [CHROMIUM, *QUIET, f"--user-data-dir={folder}/profile",
                 address], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], "HOME": str(folder)})

    def wait(self, pages, seconds=60):
        """What a page told."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return pages.told.get(timeout=0.5)
            except queue.Empty:
                if self.process.poll() is not None \
                        or time.monotonic() > deadline:
                    raise

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
