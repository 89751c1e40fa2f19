#!/usr/bin/env bash
# Installs a build and moves the prefix to the place where the consumers use it: install.sh BUILD PREFIX
set -euo pipefail
build=$1 prefix=$2
staging=$prefix.before-the-move
rm -rf "$staging" "$prefix"
cmake --install "$build" --prefix "$staging" >/dev/null
mv "$staging" "$prefix"
if grep -rlF -e "$staging" -e "$build" "$prefix" --include='*.cmake' --include='*.pc' --include='*.h'; then
    echo "The files above name the directory of the build or of the first prefix." >&2
    exit 1
fi
