#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# headers - each header compiles alone, with warnings as errors: those of
# bearer/ with APR's include path only, those of httpd/ with httpd's as well.
#
#   headers.sh [--self-test]
#   CC        the compiler (cc)
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
: "${CC:=cc}"
APXS=${APXS:-$(command -v apxs || command -v apxs2 || echo apxs)}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# which apr-1-config: the one that httpd was built with
apr=$("$APXS" -q APR_CONFIG 2>/dev/null); [ -x "$apr" ] || apr=apr-1-config
apu=$("$APXS" -q APU_CONFIG 2>/dev/null); [ -x "$apu" ] || apu=apu-1-config
aprflags="$("$apr" --includes --cppflags) $("$apu" --includes)"

# alone TREE HEADER FLAGS...: compiles a file of one line, which includes it
# twice, so that a missing guard is seen too
alone() {
    tree=$1 header=$2
    shift 2
    printf '#include "%s"\n#include "%s"\nint lint_headers_unit;\n' \
        "$header" "$header" >"$tmp/one.c"
    # flags are words
    # shellcheck disable=SC2086
    $CC -std=c11 -fsyntax-only -Wall -Wextra -Werror -Wno-unused-parameter \
        -I"$tree" $aprflags "$@" "$tmp/one.c" >"$tmp/said" 2>&1
}

# check TREE: prints the headers that do not stand alone, and why
check() {
    for path in "$1"/bearer/*/*.h; do
        [ -f "$path" ] || continue
        echo x >>"$tmp/seen"
        alone "$1" "${path#"$1"/}" ||
            { echo "    ${path#"$1"/}:"; sed 's/^/        /' "$tmp/said"; }
    done
    for path in "$1"/httpd/*.h "$1"/httpd/*/*.h; do
        [ -f "$path" ] || continue
        echo x >>"$tmp/seen"
        # httpd's own headers are old C: not ours to judge
        alone "$1" "${path#"$1"/}" -isystem "$("$APXS" -q INCLUDEDIR)" ||
            { echo "    ${path#"$1"/}:"; sed 's/^/        /' "$tmp/said"; }
    done
}

if [ "${1-}" = --self-test ]; then
    mkdir -p "$tmp/tree/bearer/w" "$tmp/tree/httpd/w"
    cat >"$tmp/tree/bearer/w/good.h" <<'C'
#ifndef GOOD_H
#define GOOD_H
#include <apr_pools.h>
apr_pool_t *lint_good(void);
#endif
C
    echo 'apr_pool_t *lint_alone(void);' >"$tmp/tree/bearer/w/alone.h"
    printf '#include <httpd.h>\n' >"$tmp/tree/bearer/w/httpd.h"
    printf 'typedef struct lint_t { int a; } lint_t;\n' >"$tmp/tree/bearer/w/guard.h"
    printf '#ifndef G_H\n#define G_H\n#include <httpd.h>\nint lint_g(request_rec *r);\n#endif\n' \
        >"$tmp/tree/httpd/w/good.h"
    found=$(check "$tmp/tree" | sed -n 's/^    \([a-z].*\):$/\1/p' | tr '\n' ' ')
    if [ "$found" = "bearer/w/alone.h bearer/w/guard.h bearer/w/httpd.h " ]; then
        echo "ok headers --self-test: 3 bad headers found, 2 good ones passed"
        exit 0
    fi
    echo "FAIL headers --self-test: found '$found'"
    exit 1
fi

: >"$tmp/seen"
found=$(check "$top")
if [ -n "$found" ]; then
    echo "FAIL headers: $(echo "$found" | grep -c '^    [a-z]') to mend"
    echo "$found"
    exit 1
fi
echo "ok headers: $(wc -l <"$tmp/seen") headers compile alone"
