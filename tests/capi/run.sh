#!/usr/bin/env bash
# Runs a program of the C tests in a new directory: run.sh PROGRAM [ARGUMENT...]
set -euo pipefail
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
"$1" "$directory" "${@:2}"
