"""Shows that tests see faults: run.py ROOT SCRATCH [NAME...]

Each mutants/*/NAME.patch breaks one promise in a copy of the sources below SCRATCH; its first line names the tests that must fail then, and pass
without it: `# test: PROGRAM "FILTER"`, or `# test: pytest FILE [OPTION...]` for tests of the command. The run fails where a mutant passes them, no
longer applies, or does not build. Conformance tests, and those of the command and of the border, find versitygw and moto running.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import queue
import shlex
import shutil
import subprocess
import sys

PROGRAMS = {
    "filestore_unit_tests": "tests/unit",
    "filestore_secret_memory_tests": "tests/unit",
    "filestore_first_number_tests": "tests/unit",
    "filestore_wire_tests": "tests/wire",
    "filestore_fault_tests": "tests/wire",
    "filestore_thread_failure_tests": "tests/wire",
    "filestore_conformance_tests": "tests/conformance",
    "filestore_export_tests": "tests/export",
    "filestore_power_tests": "tests/power",
    "filestore_allocation_tests": "tests/fault",
}
PYTEST = "pytest"
# What tests in Python run: the variable that tells them where it is, its target, and its place in the build.
COMMANDS = {
    "FILESTORE_TOOL": ("filestore_tool", "tools/filestore/filestore"),
    "FILESTORE_EXPORT_TOOL": ("filestore_export_tool", "tests/export/filestore_export_tool"),
    "FILESTORE_TAMPER": ("filestore_tamper", "tests/fault/filestore_tamper"),
    "FILESTORE_POSTGREST_TOOL": ("filestore_postgrest_tool", "tests/audit/filestore_postgrest_tool"),
    "FILESTORE_SOAK_WORKER": ("filestore_soak_worker", "tests/audit/filestore_soak_worker"),
    "FILESTORE_CLOCK_TOOL": ("filestore_clock_tool", "tests/audit/filestore_clock_tool"),
    "BORDER_PROGRAMS": ("filestore_border_programs", "tests/border"),
    "BORDER_LIBRARY": ("filestore_c", "capi/libfilestore_c.so"),
    "BORDER_PLUGIN": ("filestore_border_plugin", "tests/border/libfilestore_border_plugin.so"),
}
NO_TESTS_COLLECTED = 5
TESTS_FAILED = 1
NEED_SERVERS = ("filestore_conformance_tests", "tests/cli/", "tests/border/")
SERVERS = ["versitygw", "moto"]
# Mutants are built and tested at a time, each in a copy of its own.
WORKERS = 2
# Seconds. The first build is one of everything.
LONGEST = 300
LONGEST_BUILD = 7200


def run(*command, cwd, timeout=LONGEST, environment=None):
    return subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout, env=environment
    )


def test_of(patch):
    """The words of the first line: a program and a filter of its cases, or pytest and its arguments."""
    return tuple(shlex.split(patch.read_text().splitlines()[0].removeprefix("# test:")))


def targets_of(test):
    return [target for target, _ in COMMANDS.values()] if test[0] == PYTEST else [test[0]]


def needs_servers(patches):
    return any(word.startswith(NEED_SERVERS) for patch in patches for word in test_of(patch)[:2])


class Copy:
    """A copy of the sources, and a build of it."""

    def __init__(self, root, directory):
        self.root = root
        self.source, self.build = directory / "source", directory / "build"
        self.environment = os.environ | {
            # What one copy has compiled is not compiled by the other again.
            "CCACHE_BASEDIR": str(directory),
            "CCACHE_NOHASHDIR": "1",
            **{name: str(self.build / place) for name, (_, place) in COMMANDS.items()},
        }

    def refresh(self):
        """Takes the files that git knows as they are now. What has not changed keeps its time, so that it is not built again."""
        names = subprocess.check_output(["git", "ls-files", "-z"], cwd=self.root, text=True).split("\0")
        for name in filter(None, names):
            source, target = self.root / name, self.source / name
            if source.is_file() and not (target.is_file() and target.read_bytes() == source.read_bytes()):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)

    def configure(self):
        """Without optimisation: a mutant is compiled once and run once."""
        configured = run("cmake", "-G", "Ninja", "-S", self.source, "-B", self.build, "-DCMAKE_BUILD_TYPE=None", cwd=self.source)
        if configured.returncode != 0:
            sys.exit(configured.stdout)

    def compile(self, targets, jobs=1):
        command = ["cmake", "--build", self.build, "--parallel", str(jobs), "--target", *targets]
        return run(*command, cwd=self.source, timeout=LONGEST_BUILD, environment=self.environment)

    def patch(self, patch, *options):
        return run("patch", "--strip=1", *options, "--input", patch, cwd=self.source).returncode == 0

    def outcome_of(self, test):
        """What the tests said; nothing where they did not end."""
        if test[0] == PYTEST:
            command = [self.root / "tests/servers/python", "-m", "pytest", "-p", "no:cacheprovider", "--quiet", "-x", *test[1:]]
            # They try every point then.
            environment = self.environment | {"FILESTORE_TEST_LONG": "1"}
        else:
            command = [self.build / PROGRAMS[test[0]] / test[0], *test[1:]]
            environment = self.environment
        try:
            return run(*command, cwd=self.source, environment=environment)
        except subprocess.TimeoutExpired:
            return None


def names_no_test(test, outcome):
    return outcome.returncode == NO_TESTS_COLLECTED if test[0] == PYTEST else "No test" in outcome.stdout


def cannot_run(test, outcome):
    return test[0] == PYTEST and outcome.returncode not in (0, TESTS_FAILED)


def what_is_wrong_without_mutant(copy, test):
    outcome = copy.outcome_of(test)
    if outcome is None:
        return "does not end without it either"
    if names_no_test(test, outcome):
        return "names no test"
    return "fails without it too:\n" + outcome.stdout[-2000:] if outcome.returncode != 0 else None


def check(copy, patch):
    """What is wrong with the mutant; nothing where its test saw it."""
    test = test_of(patch)
    if not copy.patch(patch, "--forward"):
        return "does not apply any more"
    try:
        built = copy.compile(targets_of(test))
        if built.returncode != 0:
            return "does not build:\n" + built.stdout[-2000:]
        outcome = copy.outcome_of(test)
        if outcome and cannot_run(test, outcome):
            return "its tests cannot be run:\n" + outcome.stdout[-2000:]
        return "passes: its tests see nothing" if outcome and outcome.returncode == 0 else None
    finally:
        copy.patch(patch, "--reverse")


@contextlib.contextmanager
def servers_for(root, scratch, patches):
    """Runs them where a test of the patches needs them."""
    if not needs_servers(patches):
        yield
        return
    os.environ["FILESTORE_TEST_SERVERS"] = str(scratch / "servers")
    scripts = root / "tests" / "servers"
    try:
        subprocess.run([scripts / "up", *SERVERS], check=True)
        yield
    finally:
        subprocess.run([scripts / "down", *SERVERS])


def copies_of(root, scratch, targets):
    """Built whole, one after the other: the second takes from the first what it has compiled."""
    copies = [Copy(root, scratch / str(number)) for number in range(WORKERS)]
    for copy in copies:
        copy.refresh()
        copy.configure()
        built = copy.compile(targets, jobs=WORKERS)
        if built.returncode != 0:
            sys.exit(built.stdout)
    return copies


def on_each(copies, work, items):
    """Yields (item, what `work(copy, item)` answered), in the order of the items; each copy does one at a time."""
    idle = queue.SimpleQueue()
    for copy in copies:
        idle.put(copy)

    def work_on(item):
        copy = idle.get()
        try:
            return work(copy, item)
        finally:
            idle.put(copy)

    with concurrent.futures.ThreadPoolExecutor(len(copies)) as pool:
        yield from zip(items, pool.map(work_on, items))


def main():
    root, scratch = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    wanted = set(sys.argv[3:])
    named = {f"{path.parent.name}/{path.stem}": path for path in sorted((root / "tests" / "mutants").glob("*/*.patch"))}
    chosen = {name: path for name, path in named.items() if not wanted or name in wanted or name.split("/")[0] in wanted}
    tests = sorted({test_of(path) for path in chosen.values()})
    with servers_for(root, scratch, chosen.values()):
        copies = copies_of(root, scratch, sorted({target for test in tests for target in targets_of(test)}))
        unsound = {test: problem for test, problem in on_each(copies, what_is_wrong_without_mutant, tests) if problem}
        failed = seen = 0
        for name, problem in on_each(copies, lambda copy, name: check(copy, chosen[name]), list(chosen)):
            problem = problem or unsound.get(test_of(chosen[name]))
            print(f"{name}: {problem or 'seen'}", flush=True)
            failed += problem is not None
            seen += problem is None
    print(f"{seen} passed, {failed} failed")
    sys.exit(1 if failed or not seen else 0)


if __name__ == "__main__":
    main()
