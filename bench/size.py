"""How large the libraries are once stripped, what a program gains that uploads to S3 and links them statically, and how long they take to build, beside their limits and their peers.

    python3 bench/size.py build/release            # the sizes
    python3 bench/size.py build/release --check    # ... which fails where one is more than 5 % above what sizes.json has
    python3 bench/size.py build/release --record   # ... and writes sizes.json
    python3 bench/size.py build/release --peers    # ... beside what others have, out of their wheels, which pip loads
    python3 bench/size.py build/release --build-time  # ... and how long a new build takes, without ccache, by two compilers at a time

The build is one of the preset `release`. Programs are linked with --gc-sections, and with the shared libraries of others.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import zipfile

from record import Record

ROOT = pathlib.Path(__file__).resolve().parent.parent
HELLO = ROOT / "bench" / "hello"
RECORD = Record("sizes.json", "bytes", "size.py")
MIB = 1024 * 1024
LIMITS = {"libfilestore_c.so": 3 * MIB // 2, "upload.c, static": 2 * MIB, "upload.cpp, static": 2 * MIB}
BUILD_SECONDS = 120
COMPILERS = 2
PEERS = {"pyarrow": "libarrow.so, of which aws-sdk-cpp is a part", "opendal": "its one library, with every service"}


def output(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


def stripped_size(file, scratch):
    stripped = scratch / "stripped"
    output("strip", f"--output-file={stripped}", file)
    return stripped.stat().st_size


def link_words(build, package):
    """What a static library needs, by its own .pc file."""
    environment = os.environ | {"PKG_CONFIG_PATH": str(build)}
    words = output("pkg-config", "--static", "--libs-only-l", "--libs-only-other", package, env=environment).split()
    return [word for word in words if word != f"-l{package}"]


def program(build, scratch, source, package=None):
    """The size of a program, built as a user would."""
    target = scratch / "program"
    compiler = ["g++", "-std=c++20"] if source.suffix == ".cpp" else ["gcc", "-std=c99"]
    words = [*compiler, "-O2", "-Wl,--gc-sections", "-Wl,--as-needed", source, "-o", target]
    if package:
        folder = "capi" if package == "filestore_c" else "src"
        words += [f"-I{ROOT}/include", f"-I{ROOT}/capi/include", build / folder / f"lib{package}.a", *link_words(build, package)]
    output(*words)
    return stripped_size(target, scratch)


def sizes_of(build):
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        nothing = program(build, scratch, HELLO / "nothing.c")
        return {
            "libfilestore_c.so": stripped_size(build / "capi" / "libfilestore_c.so", scratch),
            "libfilestore.so": stripped_size(build / "src" / "libfilestore.so", scratch),
            "upload.c, static": program(build, scratch, HELLO / "upload.c", "filestore_c") - nothing,
            "upload.cpp, static": program(build, scratch, HELLO / "upload.cpp", "filestore") - nothing,
        }


def print_sizes(sizes, recorded):
    print(f"{'':28}{'bytes':>12}{'recorded':>12}{'limit':>12}")
    for name, size in sizes.items():
        limit = LIMITS.get(name)
        verdict = "" if limit is None else "  within it" if size <= limit else f"  {size / limit:.2f} x"
        print(f"{name:28}{size:12,}{recorded.get(name, 0):12,}{limit or '-':>12}{verdict}")


def print_peers():
    for package, what in PEERS.items():
        with tempfile.TemporaryDirectory() as name:
            scratch = pathlib.Path(name)
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            output(*pip, "--only-binary=:all:", "--dest", scratch, package)
            wheel = next(scratch.glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                inside = [entry for entry in archive.namelist() if ".so" in pathlib.Path(entry).name]
                largest = max(inside, key=lambda entry: archive.getinfo(entry).file_size)
                size = stripped_size(archive.extract(largest, scratch), scratch)
        version = wheel.name.split("-")[1]
        print(f"{pathlib.Path(largest).name:28}{size:12,}  {package} {version}: {what}")


def print_build_time():
    """Of the libraries and the command, by the options that a user has who sets none."""
    with tempfile.TemporaryDirectory() as name:
        options = ["-D", "CMAKE_BUILD_TYPE=Release", "-D", "FILESTORE_TESTS=OFF"]
        options += ["-D", "CMAKE_C_COMPILER_LAUNCHER=", "-D", "CMAKE_CXX_COMPILER_LAUNCHER="]
        output("cmake", "-G", "Ninja", "-S", ROOT, "-B", name, *options)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        output("cmake", "--build", name, "--parallel", str(COMPILERS))
        seconds = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"a new build: {seconds:.0f} s, limit {BUILD_SECONDS} s; {processor:.0f} s of processors, so {processor / COMPILERS:.0f} s where nothing else runs; "
          f"at most {after.ru_maxrss / 1024:.0f} MiB in a process")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    for option in ("check", "record", "peers", "build-time"):
        parser.add_argument(f"--{option}", action="store_true")
    options = parser.parse_args()
    sizes = sizes_of(options.build.resolve())
    print_sizes(sizes, RECORD.numbers)
    if options.peers:
        print_peers()
    if options.build_time:
        print_build_time()
    if options.record:
        RECORD.write(sizes)
    if options.check:
        RECORD.check(sizes)


if __name__ == "__main__":
    main()
