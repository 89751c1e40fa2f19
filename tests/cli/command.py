"""Runs the command under test, and says what a failure of it must look like."""

import os
import pathlib
import subprocess

MARKER_SECRET = "marker-secret-4f1b"
# `./dev test --long`
LONG = bool(os.environ.get("FILESTORE_TEST_LONG"))
SECONDS_TO_END = 1800 if LONG else 300


class Outcome:
    def __init__(self, code, out, err):
        self.code = code
        self.out = out
        self.err = err

    def __repr__(self):
        return f"exit code {self.code}, standard output {self.out!r}, standard error {self.err!r}"

    @property
    def lines(self):
        return self.out.decode().splitlines()


class Tool:
    """The command in an environment and working directory of its own."""

    def __init__(self, path, directory):
        self.path = str(path)
        self.directory = directory
        self.started = []
        kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(("AWS_", "XDG_", "FILESTORE_", "SUPABASE_"))}
        self.environment = {**kept, "HOME": str(directory), "no_proxy": "*"}

    def prepared(self, arguments, environment):
        return {
            "args": [self.path, *map(os.fspath, arguments)],
            "env": {**self.environment, **(environment or {})},
            "cwd": self.directory,
        }

    def run(self, *arguments, stdin=b"", environment=None, prefix=(), ends_within=SECONDS_TO_END, **options):
        """Runs to the end; `stdin` is bytes, or what subprocess takes; `prefix` is a command that starts it."""
        given = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given, **options}
        prepared = self.prepared(arguments, environment)
        prepared["args"][:0] = prefix
        ended = subprocess.run(**prepared, timeout=ends_within, **options)
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    def start(self, *arguments, environment=None, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        process = subprocess.Popen(**self.prepared(arguments, environment), **options)
        self.started.append(process)
        return process

    def end_what_still_runs(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def run_without_powers(self, *arguments, **options):
        """Root may do what file modes forbid, so tests of permissions give root's capabilities up."""
        if os.geteuid() == 0:
            options["prefix"] = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
        return self.run(*arguments, **options)


def assert_fails(outcome, code, *words, out=b""):
    """One line on standard error that holds `words`, whatever their case; nothing but `out` on standard output; no secret."""
    assert outcome.code == code, outcome
    assert outcome.out == out, outcome
    text = outcome.err.decode()
    assert text.startswith("filestore: ") and text.endswith("\n") and text.count("\n") == 1, outcome
    for word in words:
        assert str(word).lower() in text.lower(), outcome
    assert MARKER_SECRET not in text, outcome


def assert_succeeds(outcome, out=None):
    assert outcome.code == 0 and outcome.err == b"", outcome
    if out is not None:
        assert outcome.out == out, outcome


def uploaded(outcome):
    """The ID that a successful upload of one file printed."""
    assert_succeeds(outcome)
    (line,) = outcome.lines
    return line


def tree(directory):
    """Every path under a directory and its bytes (None for a directory), without what the service itself keeps there."""
    directory = pathlib.Path(directory)
    found = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if name.split("/")[0] != ".filestore":
            found[name] = None if path.is_dir() else path.read_bytes()
    return found
