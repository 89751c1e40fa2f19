#!/usr/bin/env bash
# Runs the tests of examples/python, and its README's examples, on an installed library: run.sh PREFIX
set -euo pipefail
prefix=$1 here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name pkgconfig -type d)")
export LD_LIBRARY_PATH TMPDIR=${FILESTORE_TEST_MEMORY:-${TMPDIR:-/tmp}}
exec "$here/../servers/python" -m pytest -p no:cacheprovider --quiet -rs "$here"
