"""Shows that tests see faults: run.py ROOT SCRATCH [NAME...]

Each mutants/*/NAME.patch breaks one promise in a copy of the sources below SCRATCH; its first line names the test program and the cases that must fail
then: `# test: PROGRAM "FILTER"`. The run fails where a mutant passes them, no longer applies, or does not build. Conformance tests
find versitygw and moto running.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

PROGRAMS = {
    "filestore_unit_tests": "tests/unit",
    "filestore_secret_memory_tests": "tests/unit",
    "filestore_wire_tests": "tests/wire",
    "filestore_fault_tests": "tests/wire",
    "filestore_conformance_tests": "tests/conformance",
    "filestore_power_tests": "tests/power",
}
NEEDS_SERVERS = "filestore_conformance_tests"
SERVERS = ["versitygw", "moto"]
# Seconds. The first build is one of everything.
LONGEST = 600
LONGEST_BUILD = 7200


def run(*command, cwd, timeout=LONGEST):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)


def test_of(patch):
    """The program and the filter of the cases that must fail."""
    program, test_filter = patch.read_text().splitlines()[0].removeprefix("# test:").strip().split(maxsplit=1)
    return program, test_filter.strip('"')


def build_of(build, copy, *programs):
    return run("cmake", "--build", build, "--parallel", "2", "--target", *programs, cwd=copy, timeout=LONGEST_BUILD)


def outcome_of(command, cwd):
    """What the tests said; nothing where the mutant kept them from ending."""
    try:
        return run(*command, cwd=cwd)
    except subprocess.TimeoutExpired:
        return None


def copy_of_sources(root, scratch):
    """The files that git knows, changed ones as they are now. What has not changed keeps its time, so that it is not built again."""
    copy = scratch / "source"
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=root, text=True).split("\0")
    for name in filter(None, names):
        source, target = root / name, copy / name
        if source.is_file() and not (target.is_file() and target.read_bytes() == source.read_bytes()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return copy


@contextlib.contextmanager
def servers_for(root, scratch, patches):
    """Runs them where a test of the patches needs them."""
    if not any(test_of(patch)[0] == NEEDS_SERVERS for patch in patches):
        yield
        return
    os.environ["FILESTORE_TEST_SERVERS"] = str(scratch / "servers")
    scripts = root / "tests" / "servers"
    try:
        subprocess.run([scripts / "up", *SERVERS], check=True)
        yield
    finally:
        subprocess.run([scripts / "down", *SERVERS])


def check(copy, build, patch):
    """What is wrong with the mutant; nothing where its test saw it."""
    program, test_filter = test_of(patch)
    if run("patch", "--strip=1", "--forward", "--input", patch, cwd=copy).returncode != 0:
        return "does not apply any more"
    try:
        built = build_of(build, copy, program)
        if built.returncode != 0:
            return "does not build:\n" + built.stdout[-2000:]
        tested = outcome_of([build / PROGRAMS[program] / program, test_filter], copy)
        if tested and "No test" in tested.stdout:
            return f"names no test: {test_filter}"
        return "passes: its tests see nothing" if tested and tested.returncode == 0 else None
    finally:
        run("patch", "--strip=1", "--reverse", "--input", patch, cwd=copy)


def main():
    root, scratch = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    wanted = set(sys.argv[3:])
    copy = copy_of_sources(root, scratch)
    build = scratch / "build"
    configured = run("cmake", "-G", "Ninja", "-S", copy, "-B", build, "-DCMAKE_BUILD_TYPE=Release", cwd=copy)
    if configured.returncode != 0:
        sys.exit(configured.stdout)
    named = {f"{path.parent.name}/{path.stem}": path for path in sorted((root / "tests" / "mutants").glob("*/*.patch"))}
    chosen = {name: path for name, path in named.items() if not wanted or name in wanted}
    built = build_of(build, copy, *sorted({test_of(path)[0] for path in chosen.values()}))
    if built.returncode != 0:
        sys.exit(built.stdout)
    failed = seen = 0
    with servers_for(root, scratch, chosen.values()):
        for name, patch in chosen.items():
            problem = check(copy, build, patch)
            print(f"{name}: {problem or 'seen'}", flush=True)
            failed += problem is not None
            seen += problem is None
    print(f"{seen} passed, {failed} failed")
    sys.exit(1 if failed or not seen else 0)


if __name__ == "__main__":
    main()
