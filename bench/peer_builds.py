"""Builds the peers and the sink below build/bench, and says how each is started."""

import os
import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "bench" / "peers"
PLACE = ROOT / "build" / "bench"
OURS = ROOT / "build" / "release" / "bench"
JOBS = "2"
# The crates of bench/peers/rust ask for it, and go.mod says which Go.
OLDEST_CARGO = (1, 91)


@dataclass(frozen=True)
class Peer:
    """`options` are added to the command line. `payload` says what becomes of the body of an upload over plain HTTP; only what is alike is compared."""

    name: str
    language: str
    command: tuple
    options: tuple = ()
    payload: str = "unsigned"
    # How many of the calls that the others make: a few are enough of what takes long.
    share: float = 1.0
    version: str = ""
    # The floor: its figures are what the others are divided by.
    is_floor: bool = False
    is_ours: bool = False
    # Operations, and ways to give and take bodies, that it has not.
    lacks: frozenset = frozenset()


def run(*words, **options):
    print("   ", " ".join(map(str, words)), file=sys.stderr, flush=True)
    subprocess.run([*map(str, words)], check=True, stdout=sys.stderr, **options)


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def build_ours():
    run("cmake", "--preset", "release", "-D", "FILESTORE_BENCH=ON", "-D", "FILESTORE_WARNINGS_AS_ERRORS=ON", "--log-level=WARNING", cwd=ROOT)
    targets = [f"filestore_bench_{name}" for name in ("sink", "filestore", "floor", "local")]
    run("cmake", "--build", "--preset", "release", "--parallel", JOBS, "--target", *targets, cwd=ROOT)


def build_rust():
    cargo = shutil.which("cargo")
    version = tuple(map(int, output(cargo, "--version").split()[1].split(".")[:2])) if cargo else ()
    if version < OLDEST_CARGO:
        sys.exit(f"the peers in Rust need cargo {'.'.join(map(str, OLDEST_CARGO))} or newer, newer than Debian's; leave them out by --peer")
    environment = os.environ | {"CARGO_TARGET_DIR": str(PLACE / "rust")}
    run("cargo", "build", "--release", "--quiet", "--jobs", JOBS, cwd=SOURCES / "rust", env=environment)


def build_go():
    if not shutil.which("go"):
        sys.exit("the peer in Go needs go, as new as bench/peers/go/go.mod says; leave it out by --peer")
    run("go", "build", "-p", JOBS, "-trimpath", "-ldflags=-s -w", "-o", PLACE / "peer-minio-go", ".", cwd=SOURCES / "go")


def python():
    return PLACE / "python" / "bin" / "python"


def build_python():
    if not python().exists():
        run("python3", "-m", "venv", PLACE / "python")
    run(python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", SOURCES / "python" / "requirements.txt")


def build_arrow():
    build_python()
    ask = "import pyarrow; print(pyarrow.get_include()); print(pyarrow.get_library_dirs()[0])"
    headers, libraries = output(python(), "-c", ask).splitlines()
    # The wheel has no names without a version to link by.
    found = [sorted(pathlib.Path(libraries).glob(f"{name}.so.*"))[0] for name in ("libarrow", "libarrow_s3") if list(pathlib.Path(libraries).glob(f"{name}.so.*"))]
    flags = ["-std=c++20", "-O3", "-DNDEBUG", f"-I{SOURCES / 'cpp'}", "-isystem", headers]
    run("c++", *flags, SOURCES / "cpp" / "arrow.cpp", "-o", PLACE / "peer-arrow", *found, f"-Wl,-rpath,{libraries}", "-pthread")


def rust(name):
    return (PLACE / "rust" / "release" / f"peer-{name}",)


NO_LISTS = frozenset({"list", "pipe"})
FLOOR = (OURS / "filestore_bench_floor",)
FILESTORE = (OURS / "filestore_bench_filestore",)
BOTO3 = (python(), SOURCES / "python" / "boto3_peer.py")

PEERS = [
    Peer("floor, threads", "C++", FLOOR, ("mode=threads",), is_floor=True, lacks=NO_LISTS),
    Peer("floor, one multi", "C++", FLOOR, ("mode=multi",), is_floor=True, lacks=NO_LISTS),
    Peer("filestore, blocking", "C++", FILESTORE, ("mode=blocking",), is_ours=True),
    Peer("filestore, async", "C++", FILESTORE, ("mode=async",), is_ours=True, lacks=frozenset({"list"})),
    Peer("filestore, own loop", "C++", FILESTORE, ("mode=loop",), is_ours=True, lacks=frozenset({"list"})),
    Peer("object_store", "Rust", rust("object-store"), version="0.14.2"),
    Peer("opendal", "Rust", rust("opendal"), version="0.59.5"),
    Peer("minio-go", "Go", (PLACE / "peer-minio-go",), version="7.4.1", share=0.5),
    Peer("arrow", "C++", (PLACE / "peer-arrow",), payload="crc", share=0.2, version="26.0.1"),
    Peer("filestore, crc", "C++", FILESTORE, ("mode=crc",), payload="crc", is_ours=True),
    Peer("floor, signed", "C++", FLOOR, ("mode=threads", "payload=signed"), payload="signed", is_floor=True, lacks=NO_LISTS | {"file"}),
    Peer("filestore, signed", "C++", FILESTORE, ("mode=blocking", "payload=signed"), payload="signed", is_ours=True),
    Peer("object_store, signed", "Rust", rust("object-store"), ("payload=signed",), payload="signed", version="0.14.2"),
    Peer("aws-sdk-s3", "Rust", rust("aws-sdk"), payload="signed", share=0.5, version="1.157.0"),
    Peer("minio-go, signed", "Go", (PLACE / "peer-minio-go",), ("payload=signed",), payload="signed", version="7.4.1", share=0.5),
    # Over awscrt it takes no endpoint with a port, by these versions.
    Peer("boto3", "Python", BOTO3, payload="signed", share=0.1, version="1.44.5"),
]

BUILDS = {"ours": build_ours, "Rust": build_rust, "Go": build_go, "Python": build_python, "arrow": build_arrow}


def build_for(peers):
    """What these peers need."""
    PLACE.mkdir(parents=True, exist_ok=True)
    wanted = {"ours"} | {peer.language for peer in peers if peer.language in BUILDS} | {peer.name for peer in peers if peer.name in BUILDS}
    for name, build in BUILDS.items():
        if name in wanted:
            build()
