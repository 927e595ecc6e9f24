#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# install.sh issuer|clients|mcp FOLDER
#
# Makes FOLDER able to run our scripts: copies them there and links the
# packages that package-lock.json pins. npm installs those once per lock file
# below ${XDG_CACHE_HOME:-~/.cache}, never into the source tree.
#
# Exit status: 77 when node, npm or the registry is not there, 1 when
# something is wrong with us.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
set_name=${1:-}
folder=${2:-}

skip() {
    echo "$*" >&2
    exit 77
}

node=$(command -v node) || skip "there is no node"
command -v npm >/dev/null || skip "there is no npm"
major=$("$node" -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 18 ] || skip "node $major is older than 18"

case $set_name in
issuer)
    scripts=$here
    pins=$here
    # oidc-provider 9 calls URL.parse, which Debian's node 18 does not have
    if [ "$("$node" -p 'typeof URL.parse')" != function ]; then
        pins=$here/node18
    fi
    ;;
clients)
    scripts=$here/clients
    pins=$scripts
    ;;
mcp)
    scripts=$here/mcp
    pins=$scripts
    ;;
*)
    echo "usage: $0 issuer|clients|mcp FOLDER" >&2
    exit 1
    ;;
esac

# what npm says when it cannot reach its registry
absent='ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH'
absent="$absent|ENOTCACHED|EIDLETIMEOUT|E40[137]|E5[0-9][0-9]|ERR_SOCKET"
# or when something between us and it is not trusted here
absent="$absent|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|CERT_"

cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}
sum=$(sha256sum <"$pins/package-lock.json" | cut -c 1-12)
installed=$cache/mab-oidc-$set_name-$sum

if [ ! -d "$installed" ]; then
    mkdir -p "$cache" || skip "there is no folder for a cache"
    making=$(mktemp -d "$installed.XXXXXX")
    trap 'rm -rf "$making"' EXIT
    cp "$pins/package.json" "$pins/package-lock.json" "$making"
    if ! npm ci --prefix "$making" --ignore-scripts --no-audit --no-fund \
        --prefer-offline --fetch-retries=1 --fetch-retry-mintimeout=1000 \
        --fetch-timeout=20000 >"$making/npm.log" 2>&1; then
        cat "$making/npm.log" >&2
        if grep -Eq "code ($absent)" "$making/npm.log"; then
            skip "the npm registry is not there"
        fi
        exit 1
    fi
    # whole or not at all; another run may have been quicker
    mv -T "$making" "$installed" 2>/dev/null || [ -d "$installed" ]
fi

mkdir -p "$folder"
cp "$scripts"/*.mjs "$folder"
ln -sfn "$installed/node_modules" "$folder/node_modules"
