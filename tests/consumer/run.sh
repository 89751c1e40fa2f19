#!/usr/bin/env bash
# Builds and runs a project outside of this one: run.sh CASE ROOT PREFIX
# CASE is one of those at the end; PREFIX is where install.sh put the library.
set -euo pipefail

case=$1 root=$(readlink -f "$2") prefix=$(readlink -f "$3")
here=$root/tests/consumer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strict=(-Wall -Wextra -Wpedantic -Werror)
unset CMAKE_PREFIX_PATH PKG_CONFIG_PATH LD_LIBRARY_PATH
library_directory=$(dirname "$(find "$prefix" -name pkgconfig -type d)")

# Copies of the sources, so that nothing is found relative to this repository.
sources=$here
case $case in example_*) sources=$root/examples ;; esac
cp -r "$sources"/* "$work"
cd "$work"

run() {
    mkdir run
    (cd run && "$@" | tee output && grep -qx "hello [0-9.]*" output)
    [ -d run/storage/metadata ]
    rm -rf run
}

needs() { readelf --dynamic --wide "$1" | grep -F NEEDED | grep -F "[$2" >/dev/null; }

expect_shared() { needs "$1" "$2" || { echo "$1 does not need $2" >&2; exit 1; }; }

expect_static() { ! needs "$1" libfilestore || { echo "$1 needs a shared library of ours" >&2; exit 1; }; }

build() {
    cmake -S "$1" -B build -G Ninja -DCMAKE_BUILD_TYPE=Release "${@:2}" >log || { cat log; exit 1; }
    cmake --build build --parallel 2 >log || { cat log; exit 1; }
}

find_package() {
    local language=$1 kind=$2 target=$3
    build "$language" -DCMAKE_PREFIX_PATH="$prefix" -DCOMPONENT="$kind" -DTARGET="$target"
}

# pkg-config prefers a shared library; a static one is used where it is alone.
without_shared() {
    cp -r "$prefix" "$work/static-prefix"
    library_directory=$work/static-prefix/${library_directory#"$prefix/"}
    rm "$library_directory"/lib*.so*
}

flags() { PKG_CONFIG_PATH=$library_directory/pkgconfig pkg-config "$@"; }

compile_cpp() { g++ -std=c++20 "${strict[@]}" cpp/main.cpp -o consumer $(flags --cflags --libs "$@" filestore); }
compile_c() { gcc -std=c99 "${strict[@]}" c/main.c -o consumer $(flags --cflags --libs "$@" filestore_c); }

# What a project needs that builds us with itself.
copy_our_sources() {
    mkdir "$1"
    (cd "$root" && cp -r CMakeLists.txt LICENSE cmake include src capi "$1")
}

as_repository() {
    git -C "$1" init --quiet --initial-branch=main
    git -C "$1" add --all
    git -C "$1" -c user.name=test -c user.email=test@localhost commit --quiet --message=ours
}

# Without optimisation, and a folder at a time, the library is built in a tenth of the time. What was compiled for another one of these cases, and in another run, is not compiled again.
build_with_ours() {
    export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
    build subdirectory "$@" -DCMAKE_BUILD_TYPE=Debug -DFILESTORE_UNITY_BUILD=ON \
        -DCMAKE_C_COMPILER_LAUNCHER="$(command -v ccache)" -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache)"
}

run_with_ours() {
    expect_shared build/consumer_filestore libfilestore.so.
    expect_static build/consumer_filestore_static
    expect_shared build/consumer_filestore_c libfilestore_c.so.
    expect_static build/consumer_filestore_c_static
    for library in filestore filestore_static filestore_c filestore_c_static; do
        run "../build/consumer_$library"
    done
}

# The same sources by pkg-config, with every warning.
compile_examples() {
    case $1 in
        c) for source in c/*.c; do gcc -std=c99 "${strict[@]}" "$source" -o "${source%.c}" $(flags --cflags --libs filestore_c) -pthread; done ;;
        cpp)
            for source in cpp/{upload,pipe}.cpp; do g++ -std=c++20 "${strict[@]}" "$source" -o "${source%.cpp}" $(flags --cflags --libs filestore); done
            g++ -std=c++20 "${strict[@]}" cpp/{thumbnails,shrinker}.cpp -o cpp/thumbnails $(flags --cflags --libs filestore)
            ;;
    esac
}

case $case in
    find_package_cpp_shared)
        find_package cpp shared filestore::filestore
        expect_shared build/consumer libfilestore.so.
        run ../build/consumer
        ;;
    find_package_cpp_static)
        find_package cpp static filestore::filestore_static
        expect_static build/consumer
        run ../build/consumer
        ;;
    find_package_c_shared)
        find_package c shared filestore::filestore_c
        expect_shared build/consumer libfilestore_c.so.
        run ../build/consumer
        ;;
    find_package_c_static)
        find_package c static filestore::filestore_c_static
        expect_static build/consumer
        run ../build/consumer
        ;;
    pkg_config_cpp_shared)
        compile_cpp
        expect_shared consumer libfilestore.so.
        LD_LIBRARY_PATH=$library_directory run ../consumer
        ;;
    pkg_config_cpp_static)
        without_shared
        compile_cpp --static
        expect_static consumer
        run ../consumer
        ;;
    pkg_config_c_shared)
        compile_c
        expect_shared consumer libfilestore_c.so.
        LD_LIBRARY_PATH=$library_directory run ../consumer
        ;;
    pkg_config_c_static)
        without_shared
        compile_c --static
        expect_static consumer
        run ../consumer
        ;;
    add_subdirectory)
        copy_our_sources "$work/ours"
        build_with_ours -DFILESTORE_ROOT="$work/ours"
        run_with_ours
        ;;
    fetch_content)
        copy_our_sources "$work/repository"
        as_repository "$work/repository"
        build_with_ours -DFILESTORE_ROOT="$work/ours" -DFILESTORE_REPOSITORY="file://$work/repository"
        [ "$(git -C ours log --format=%s)" = ours ]
        run_with_ours
        ;;
    example_cpp | example_c)
        build "${case#example_}" -DCMAKE_PREFIX_PATH="$prefix"
        compile_examples "${case#example_}"
        export EXAMPLES=$work/build FILESTORE_TOOL=$prefix/bin/filestore
        "$root/tests/servers/python" -m pytest -p no:cacheprovider --quiet -rs "$here/test_$case.py"
        ;;
    *)
        echo "run.sh: there is no case $case" >&2
        exit 2
        ;;
esac
