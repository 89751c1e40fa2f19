#!/usr/bin/env bash
# Builds the library without each part that can be left out, and without all of them; tests it in C, installs it, and looks at what it needs:
# run.sh ROOT SCRATCH
set -euo pipefail
root=$(readlink -f "$1") scratch=$2
mkdir -p "$scratch"

# What goes with an option: a library that nothing installed may need any more, or a file that is not installed.
declare -A gone=([MAGIC]=libmagic [SERVE]=libmicrohttpd [TOOLS]=bin/filestore)

fail() {
    echo "options: $*" >&2
    exit 1
}

quietly() { "$@" >"$scratch/log" 2>&1 || { tail -n 40 "$scratch/log" >&2; fail "$*"; }; }

installed_programs() { find "$1" -type f \( -name '*.so.*' -o -path '*/bin/*' \); }

check_gone() {
    local prefix=$1 what=$2 program
    [ ! -e "$prefix/$what" ] || fail "$what is installed"
    for program in $(installed_programs "$prefix"); do
        ! ldd "$program" | grep -F "$what" >/dev/null || fail "$program needs $what"
    done
}

# without OPTION...
without() {
    local name build prefix option targets=(filestore filestore_c filestore_static filestore_c_static filestore_capi_test filestore_capi_version_test filestore_capi_barrier_test) off=()
    name=$(IFS=_; echo "$*")
    build=$scratch/$name prefix=$scratch/$name-prefix
    for option in "$@"; do
        off+=(-D "FILESTORE_WITH_$option=OFF")
    done
    [[ " $* " == *" TOOLS "* ]] || targets+=(filestore_tool filestore_texts)
    rm -rf "$prefix"
    quietly cmake -G Ninja -S "$root" -B "$build" -D CMAKE_BUILD_TYPE=Debug -D FILESTORE_UNITY_BUILD=ON -D FILESTORE_WARNINGS_AS_ERRORS=ON "${off[@]}"
    quietly cmake --build "$build" --parallel 2 --target "${targets[@]}"
    quietly ctest --test-dir "$build" --label-regex '^capi$' --no-tests=error --output-on-failure
    quietly cmake --install "$build" --prefix "$prefix"
    [ -n "$(installed_programs "$prefix")" ] || fail "nothing is installed without $name"
    for option in "$@"; do
        check_gone "$prefix" "${gone[$option]}"
    done
    rm -rf "$prefix"
    echo "options: built, tested and installed without $*"
}

for option in "${!gone[@]}"; do
    without "$option"
done
without "${!gone[@]}"
