#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""layers - includes point upwards only, and foreign libraries stay fenced.

layers.txt is the order. The class of mistake this exists for: one convenient
include that ties the library to httpd, or two units into a knot.
"""

import os
import re

import lint

ORDER = "tests/lint/layers.txt"

LIBC = set(
    "assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h "
    "math.h setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h "
    "stdio.h stdlib.h stdnoreturn.h string.h strings.h time.h unistd.h fcntl.h poll.h grp.h pwd.h "
    "pthread.h sys/mman.h sys/socket.h sys/stat.h sys/time.h sys/types.h sys/wait.h "
    "netinet/in.h netinet/tcp.h arpa/inet.h".split())

# name of a library, and how its headers are called
FOREIGN = (
    ("apr", re.compile(r"(apr|apu)(_\w+)?\.h$")),
    ("httpd", re.compile(r"(httpd|scoreboard|mpm_common|unixd|http_\w+|ap_\w+|util_\w+|mod_\w+)\.h$")),
    ("jansson", re.compile(r"jansson\.h$")),
    ("cjose", re.compile(r"cjose/\w+\.h$")),
    ("openssl", re.compile(r"openssl/\w+\.h$")),
    ("pcre2", re.compile(r"pcre2\.h$")),
)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)"|(\S+))', re.M)


def read_order(top):
    """[(unit, {library or library.c})] from layers.txt."""
    order = []
    for line in lint.read(top, ORDER).splitlines():
        words = line.split("#")[0].split()
        if words:
            order.append((words[0], set(words[1:])))
    return order


def unit_of(path):
    """bearer/base/error.h, .c, .def and .h.in are all of unit bearer/base/error."""
    return re.sub(r"\.(h\.in|h|c|def)$", "", path)


def check_foreign(path, name, allowed):
    """Why a file may not include <name>, or None."""
    if name in LIBC:
        return None
    for library, pattern in FOREIGN:
        if pattern.match(name):
            if library == "apr" or library in allowed:
                return None
            if library + ".c" in allowed:
                return None if path.endswith(".c") else f"{library} only in the .c file"
            return f"{library} is fenced off from this unit"
    return "a header that layers.py does not know"


def check_ours(unit, name, rank):
    """Why a unit may not include "name", or None."""
    other = unit_of(name)
    if other not in rank:
        return "not in layers.txt"
    if rank[other] > rank[unit]:
        return "points down"
    return None


def check_file(top, path, order, rank):
    unit = unit_of(path)
    if unit not in rank:
        return [f"{path}: not in layers.txt"]
    allowed = order[rank[unit]][1]
    text = lint.read(top, path)
    findings = []
    first = None
    for hit in INCLUDE.finditer(text):
        foreign, ours, computed = hit.groups()
        first = first or ours or foreign or computed
        if computed:
            why = "a computed include"
        elif foreign:
            why = check_foreign(path, foreign, allowed)
        else:
            why = check_ours(unit, ours, rank)
        if why:
            line = lint.line_of(text, hit.start())
            findings.append(f"{path}:{line}: {foreign or ours or computed}: {why}")
    own = unit + ".h"
    if path.endswith(".c") and os.path.exists(os.path.join(top, own)) and first != own:
        findings.append(f"{path}: its own header does not come first")
    return findings


def scattered(order):
    """Wings whose units do not stand together."""
    wings = [os.path.dirname(unit) for unit, _ in order]
    return [f"{ORDER}: {wing} begins twice" for number, wing in enumerate(wings)
            if wing in wings[:number] and wings[number - 1] != wing]


def check(top):
    order = read_order(top)
    rank = {unit: number for number, (unit, _) in enumerate(order)}
    findings = []
    if len(rank) != len(order):
        findings.append(f"{ORDER}: a unit is there twice")
    paths = [path for folder in ("bearer", "httpd")
             for path in lint.files(top, folder, (".h", ".c", ".def", ".h.in"))]
    if os.path.exists(os.path.join(top, "mod_auth_bearer.c")):
        paths.append("mod_auth_bearer.c")
    for path in paths:
        findings += check_file(top, path, order, rank)
    findings += scattered(order)
    missing = set(rank) - {unit_of(path) for path in paths}
    findings += [f"{ORDER}: {unit} has no file" for unit in sorted(missing)]
    return findings, f"{len(order)} units, {len(paths)} files"


def tree(order, **named):
    made = {ORDER: order}
    for path, text in named.items():
        folder, name, ending = path.split("_")
        made[f"{folder}/{name}.{ending}"] = text
    return made


CASES = (
    ("upwards is allowed",
     tree("bearer/a\nbearer/b\n", bearer_a_h="#include <apr.h>\n",
          bearer_b_h='#include "bearer/a.h"\n',
          bearer_b_c='#include "bearer/b.h"\n#include <stdio.h>\n'), None),
    ("downwards is not",
     tree("bearer/a\nbearer/b\n", bearer_a_h='#include "bearer/b.h"\n', bearer_b_h=""),
     "bearer/a.h:1: bearer/b.h: points down"),
    ("an unknown header of ours",
     tree("bearer/a\n", bearer_a_h='\n#include "util.h"\n'), "a.h:2: util.h: not in layers.txt"),
    ("an unknown header of others",
     tree("bearer/a\n", bearer_a_h="#include <curl/curl.h>\n"), "does not know"),
    ("a unit that is not listed",
     tree("bearer/a\n", bearer_a_h="", bearer_b_h=""), "bearer/b.h: not in layers.txt"),
    ("a listed unit that is not there",
     tree("bearer/a\nbearer/b\n", bearer_a_h=""), "bearer/b has no file"),
    ("httpd in the library",
     tree("bearer/a\n", bearer_a_h="#include <httpd.h>\n"), "httpd is fenced off"),
    ("httpd's other headers in the library",
     tree("bearer/a\n", bearer_a_c="#  include <http_log.h>\n"), "httpd is fenced off"),
    ("httpd in the glue",
     tree("httpd/a httpd\n", httpd_a_h="#include <httpd.h>\n#include <mod_watchdog.h>\n"), None),
    ("jansson outside its fence",
     tree("bearer/a\n", bearer_a_c="#include <jansson.h>\n"), "jansson is fenced off"),
    ("cjose in a .c file that may",
     tree("bearer/a cjose.c\n", bearer_a_c="#include <cjose/jwk.h>\n"), None),
    ("cjose in its header",
     tree("bearer/a cjose.c\n", bearer_a_h="#include <cjose/jwk.h>\n"), "only in the .c file"),
    ("own header not first",
     tree("bearer/a\n", bearer_a_h="",
          bearer_a_c='#include <stdio.h>\n#include "bearer/a.h"\n'), "does not come first"),
    ("a wing in two pieces",
     {ORDER: "bearer/w/a\nbearer/v/a\nbearer/w/b\n",
      **dict.fromkeys(("bearer/w/a.h", "bearer/v/a.h", "bearer/w/b.h"), "")},
     "bearer/w begins twice"),
    ("a computed include",
     tree("bearer/a\n", bearer_a_c="#include FILE_NAME\n"), "computed"),
)

if __name__ == "__main__":
    lint.main("layers", check, CASES)
