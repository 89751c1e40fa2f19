#!/usr/bin/env bash
# Builds the library without each part that can be left out, and without all of them; tests it in C, installs it, and looks at what it exports and needs:
# run.sh ROOT SCRATCH [OPTION...], where an OPTION is one to leave out, or ALL; without any it is each of them, and all
set -euo pipefail
root=$(readlink -f "$1") scratch=$2
shift 2
mkdir -p "$scratch"

# What one build has compiled is not compiled by the next one again.
CCACHE_BASEDIR=$(readlink -f "$scratch")
export CCACHE_BASEDIR CCACHE_NOHASHDIR=1

# What goes with an option: libraries that nothing installed may need any more, or a file that is not installed.
declare -A gone=([MAGIC]=libmagic [SERVE]=libmicrohttpd [TOOLS]=bin/filestore [S3]=libpugixml [SQLITE]=libsqlite3 [YAML]=libyaml-cpp)
# Of what is left without S3 and SQLite nothing sends a request.
without_http=libcurl

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
        ! grep -aF "$what.so" "$program" >/dev/null || fail "$program names $what"
    done
    ! grep -h '^Libs.private:' "$prefix"/lib*/pkgconfig/*.pc "$prefix"/lib/*/pkgconfig/*.pc 2>/dev/null | grep -F -e "-l${what#lib} " >/dev/null ||
        fail "a .pc file names $what"
}

# A program in C with the static library, which needs no more than its .pc file says.
use_static_library() {
    local packages
    packages=$(dirname "$(find "$1" -name filestore_c.pc)")
    rm -rf "$scratch/use"
    mkdir "$scratch/use"
    (
        export PKG_CONFIG_PATH=$packages
        cd "$scratch/use"
        gcc -std=c99 "$root/tests/consumer/c/main.c" -o hello $(pkg-config --cflags filestore_c) "$packages/../libfilestore_c.a" \
            $(pkg-config --static --libs-only-l --libs-only-other filestore_c | sed 's/-lfilestore_c//')
        ./hello
    )
}

# without OPTION...
without() {
    local name build prefix option targets=(filestore filestore_c filestore_static filestore_c_static filestore_man filestore_capi_parts_test filestore_capi_version_test filestore_capi_barrier_test) off=()
    name=$(IFS=_; echo "$*")
    build=$scratch/$name prefix=$scratch/$name-prefix
    for option in "$@"; do
        off+=(-D "FILESTORE_WITH_$option=OFF")
    done
    [[ " $* " =~ " S3 "|" SQLITE "|" YAML " ]] || targets+=(filestore_capi_test)
    [[ " $* " == *" TOOLS "* ]] || targets+=(filestore_tool filestore_texts)
    rm -rf "$prefix"
    quietly cmake -G Ninja -S "$root" -B "$build" -D CMAKE_BUILD_TYPE=Debug -D FILESTORE_UNITY_BUILD=ON -D FILESTORE_WARNINGS_AS_ERRORS=ON "${off[@]}"
    quietly cmake --build "$build" --parallel 2 --target "${targets[@]}"
    quietly ctest --test-dir "$build" --label-regex '^capi$' --no-tests=error --output-on-failure
    # The ABI is the same in every build.
    quietly ctest --test-dir "$build" --tests-regex '^check\.(symbols|abi)$' --no-tests=error --output-on-failure
    quietly cmake --install "$build" --prefix "$prefix"
    [ -n "$(installed_programs "$prefix")" ] || fail "nothing is installed without $name"
    for option in "$@"; do
        check_gone "$prefix" "${gone[$option]}"
    done
    if [[ " $* " == *" S3 "* && " $* " == *" SQLITE "* ]]; then
        check_gone "$prefix" "$without_http"
    fi
    quietly use_static_library "$prefix"
    rm -rf "$prefix"
    echo "options: built, tested and installed without $*"
}

[ $# -gt 0 ] || set -- "${!gone[@]}" ALL
for option in "$@"; do
    if [ "$option" = ALL ]; then
        without "${!gone[@]}"
    else
        without "$option"
    fi
done
