"""Runs the examples of a document as printed: run.py DOCUMENT PREFIX; run.py --count DOCUMENT prints how many it would run.

An example is a fenced block after a comment line, for example `<!-- test: cpp -->`:
    cpp, c   a program, built against the installed PREFIX by the flags of pkg-config and then run
    sh       a script, run by `bash -e` with PREFIX/bin first in PATH
Each runs in an empty directory outside of the repository. `<!-- test: sh s3 -->`, and `cpp s3`, give it an S3 server beside: the
variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, FILESTORE_S3_ENDPOINT and FILESTORE_S3_BUCKET. `<!-- test: sh files=NAME,NAME -->`
puts small files of these names there first, and `twice` runs it a second time in the directory. Every fenced block in one of these languages must say whether it is tested; one
that can not be says so by `<!-- test: no -->`.
"""

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "export"))

from provider import Provider

SECONDS = 300
LANGUAGES = {"cpp", "c", "sh"}
BLOCK = re.compile(r"(?:^<!-- test: (?P<test>[^\n]*?) -->\n+)?^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = {
    "cpp": ("filestore", ["g++", "-std=c++20"], "example.cpp"),
    "c": ("filestore_c", ["gcc", "-std=c99"], "example.c"),
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


class Example:
    def __init__(self, match, document):
        self.line = document.count("\n", 0, match.start("text")) + 1
        self.language = match["language"]
        self.text = match["text"]
        self.marked = match["test"] is not None
        self.words = (match["test"] or "").split()

    def runs(self):
        return bool(self.words) and self.words[0] != "no"

    def is_wrongly_marked(self):
        if not self.marked:
            return self.language in LANGUAGES
        return not self.words or self.words[0] not in LANGUAGES | {"no"}

    def files(self):
        return [name for word in self.words if word.startswith("files=") for name in word[len("files="):].split(",")]


def server_environment():
    directory = pathlib.Path(os.environ["FILESTORE_TEST_SERVERS"])
    lines = (directory / "versitygw.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@contextlib.contextmanager
def provider_of(example):
    """A provider on this machine, for examples that want one; else None."""
    if "provider" not in example.words:
        yield None
        return
    provider = Provider("openai")
    try:
        yield provider
    finally:
        provider.close()


def environment_of(example, prefix, home, provider):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FILESTORE_"))}
    library_directory = next(prefix.rglob("pkgconfig")).parent
    environment["PATH"] = f"{prefix / 'bin'}:{environment['PATH']}"
    environment["PKG_CONFIG_PATH"] = str(library_directory / "pkgconfig")
    environment["LD_LIBRARY_PATH"] = str(library_directory)
    environment["HOME"] = str(home)
    environment.pop("XDG_STATE_HOME", None)
    if "s3" in example.words:
        environment.update(server_environment())
    if provider:
        environment.update(PROVIDER_URL=provider.url, OPENAI_API_KEY="a-key", no_proxy="*")
    return environment


def command_lines(example, directory):
    if example.words[0] == "sh":
        (directory.parent / "example.sh").write_text(example.text)
        return [["bash", "-e", "-u", "-o", "pipefail", str(directory.parent / "example.sh")]]
    package, compiler, source = PROGRAMS[example.words[0]]
    (directory.parent / source).write_text(example.text)
    flags = f"$(pkg-config --cflags --libs {package})"
    build = " ".join([*compiler, *WARNINGS, f"../{source}", "-o", "../example", flags])
    return [["bash", "-c", build], ["../example"]]


def run(example, prefix):
    with tempfile.TemporaryDirectory() as temporary, provider_of(example) as provider:
        directory, home = pathlib.Path(temporary, "work"), pathlib.Path(temporary, "home")
        directory.mkdir()
        home.mkdir()
        for name in example.files():
            (directory / name).write_text(f"The content of {name}.\n")
        environment = environment_of(example, prefix, home, provider)
        for command in command_lines(example, directory) * (2 if "twice" in example.words else 1):
            result = subprocess.run(command, cwd=directory, env=environment, timeout=SECONDS, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if result.returncode:
                print(f"line {example.line}: exit code {result.returncode}\n{example.text}{result.stdout}{result.stderr}")
                return False
    return True


def examples_of(path):
    document = path.read_text()
    return [Example(match, document) for match in BLOCK.finditer(document)]


def main():
    if sys.argv[1] == "--count":
        print(sum(example.runs() for example in examples_of(pathlib.Path(sys.argv[2]))))
        return
    path, prefix = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    examples = examples_of(path)
    unmarked = [example for example in examples if example.is_wrongly_marked()]
    for example in unmarked:
        print(f"line {example.line}: say by a comment before the block how it is tested, or <!-- test: no -->")
    tested = [example for example in examples if example.runs() and not example.is_wrongly_marked()]
    good = [run(example, prefix) for example in tested]
    print(f"{path.name}: {sum(good)} of {len(tested)} examples work")
    sys.exit(0 if tested and all(good) and not unmarked else 1)


if __name__ == "__main__":
    main()
