#!/usr/bin/env bash
# Installs the Debian packages of a build into a new Debian, uses them there, and removes them: run.sh BUILD. As root.
set -euo pipefail
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

in_root() { chroot "$root" env LC_ALL=C DEBIAN_FRONTEND=noninteractive HOME=/root "$@"; }

fail() {
    echo "packages: $*" >&2
    exit 1
}

quietly() { "$@" >"$root.log" 2>&1 || { cat "$root.log" >&2; rm "$root.log"; fail "$*"; }; }

# Whatever has our name, outside of where the test works.
ours() { find "$root" -xdev -path "$root/tmp" -prune -o -path "$root/proc" -prune -o -name '*filestore*' -print; }

quietly debootstrap --variant=minbase bookworm "$root"
cp "$build"/*.deb "$here/use.sh" "$here/../consumer/c/main.c" "$here/../consumer/cpp/main.cpp" "$root/tmp"
[ "$(find "$build" -maxdepth 1 -name '*.deb' | wc -l)" = 4 ] || fail "there are not four packages in $build"

packages=$(for file in "$build"/*.deb; do dpkg-deb --field "$file" Package; done)
# The command and the library for C need no compiler and no headers.
in_root sh -c 'apt-get install -y --no-install-recommends /tmp/filestore_*.deb /tmp/libfilestore-c*.deb' >"$root.log" 2>&1 ||
    { cat "$root.log" >&2; fail "the command and the library cannot be installed"; }
in_root test ! -e /usr/include/filestore.h || fail "the command brings headers"
in_root sh /tmp/use.sh command
in_root sh -c 'apt-get install -y --no-install-recommends /tmp/*.deb g++ pkg-config' >"$root.log" 2>&1 ||
    { cat "$root.log" >&2; fail "the packages cannot be installed"; }
in_root sh /tmp/use.sh development
quietly in_root apt-get purge -y $packages
rm -f "$root.log"
left=$(ours)
[ -z "$left" ] || fail "this stays after the removal: $left"
echo "packages: $(echo "$packages" | tr '\n' ' ')were installed, used and removed"
