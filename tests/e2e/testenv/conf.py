# SPDX-License-Identifier: Apache-2.0
"""Builds an httpd configuration."""


class Conf:
    """Lines and sections; every method returns the object.

    Paths below /p/ all serve one small file, so that a test needs a place
    only, and no file."""

    def __init__(self, *lines):
        self.lines = []
        self.add(*lines)

    def add(self, *lines):
        for text in lines:
            self.lines += [line.strip() for line in text.splitlines()
                           if line.strip()]
        return self

    def section(self, kind, argument, *lines):
        self.add(f"<{kind} {argument}>")
        self.add(*lines)
        return self.add(f"</{kind}>")

    def location(self, path, *lines):
        return self.section("Location", f'"{path}"', *lines)

    def place(self, name, *lines, require="Require valid-user"):
        """A protected place /p/<name>; more lines first, then Require."""
        return self.location(f"/p/{name}", "AuthType Bearer", *lines, require)

    def places(self, issuers):
        """A place of its own for each issuer, by name."""
        for name, issuer in issuers.items():
            self.place(name, f"AuthBearerIssuer {issuer.url}")
        return self

    def text(self):
        return "\n".join(self.lines) + "\n"
