#!/usr/bin/env bash
# Checks the crates of examples/rust: run.sh PART ROOT PREFIX BUILD. PART is one of those at the end; what cargo builds goes to BUILD.
set -euo pipefail

part=$1 root=$(readlink -f "$2") prefix=$3 build=$4
cd "$root/examples/rust"

# Another cargo may come first, or be told to use a registry.
export PATH=/usr/bin:/bin CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc CARGO_HOME=$build/home CARGO_TARGET_DIR=$build
if [ "$part" != bindings ] && [ "$part" != format ]; then
    library_directory=$(dirname "$(find "$prefix" -name pkgconfig -type d)")
    export PKG_CONFIG_PATH=$library_directory/pkgconfig LD_LIBRARY_PATH=$library_directory
fi
export TMPDIR=${FILESTORE_TEST_MEMORY:-${TMPDIR:-/tmp}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo() { /usr/bin/cargo "$1" --offline --quiet "${@:2}"; }

with_server() {
    (
        set -a
        . "$FILESTORE_TEST_SERVERS/versitygw.env"
        "$@"
    )
}

# expect CODE COMMAND...
expect() {
    local code=0
    "${@:2}" >"$work/output" 2>"$work/errors" || code=$?
    [ "$code" = "$1" ] || { cat "$work/output" "$work/errors"; echo "$2 ended with $code and not with $1" >&2; exit 1; }
}

run_programs() {
    cargo build --examples "$@"
    cd "$work"
    echo "one" >one
    expect 0 "$build/debug/examples/together" store one "$root/README.md"
    [ "$(grep -cE '^[0-9a-f-]{36}  ' output)" = 2 ]
    cmp one "store/$(sed -n 's/  one$//p' output)"
    expect 1 "$build/debug/examples/together" store one missing
    grep -q "  one$" output
    grep -q "^missing: .*(not_found)$" errors
    expect 1 "$build/debug/examples/together" one one
    expect 2 "$build/debug/examples/together" store
    expect 0 "$build/debug/examples/memory" hello "two words"
    [ "$(sort -k 2n output | cut -c 38-)" = "$(printf '5 hello\n9 two words')" ]
    expect 2 "$build/debug/examples/memory"
}

case $part in
    bindings) "$root/tests/servers/python" "$root/tests/rust/bindings.py" "$root" ;;
    format) /usr/bin/cargo fmt --check ;;
    clippy) cargo clippy --all-targets -- -D warnings ;;
    documentation)
        RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
        cargo test --doc
        ;;
    suite) with_server /usr/bin/cargo test --offline --lib --tests ;;
    programs) run_programs ;;
    static)
        build+=/static
        CARGO_TARGET_DIR=$build LD_LIBRARY_PATH= run_programs --features filestore/static
        ! readelf --dynamic --wide "$build/debug/examples/memory" | grep -F "[libfilestore" || exit 1
        ;;
    *)
        echo "run.sh: there is no part $part" >&2
        exit 2
        ;;
esac
