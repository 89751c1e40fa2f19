import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "cli"), str(HERE)]
# Behind, as it has modules of the same names.
sys.path.append(str(HERE.parent / "serve"))

from provider import Provider
from skipping import skip_unless_ci
from stores import S3Store
from tool_fixture import tool  # noqa: F401

KEY = "marker-secret-4f1b"
KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}


class Exporting:
    """A local store, and the command with keys of all providers."""

    def __init__(self, tool):
        self.tool = tool
        for variable in KEY_VARIABLES.values():
            tool.environment[variable] = KEY
        tool.environment.pop("GOOGLE_API_KEY", None)
        self.catalogue = tool.directory / "storage" / ".filestore" / "catalogue.sqlite"

    def upload(self, content=b"hello", name="report.txt", kind="text/plain"):
        path = self.tool.directory / name
        path.write_bytes(content)
        outcome = self.tool.run("upload", name, "--content-type", kind)
        assert outcome.code == 0, outcome
        return outcome.lines[0]

    def send(self, provider, *words, **options):
        return self.tool.run("send", *words, "--to", provider.kind, "--base-url", provider.url, **options)

    def sent(self, *words):
        outcome = self.tool.run("sent", *words, "--json")
        assert outcome.code == 0 and outcome.err == b"", outcome
        return [json.loads(line) for line in outcome.lines]


class Quick:
    """Sends by the library, with short pauses between attempts: each line that it prints is of one call."""

    def __init__(self, exporting):
        self.tool = exporting.tool
        self.path = os.environ["FILESTORE_EXPORT_TOOL"]

    def command(self, provider, file_id, words):
        return [self.path, self.tool.directory / "storage", provider.kind, provider.url, file_id, *words]

    def send(self, provider, file_id, *words, environment=None):
        program, *arguments = self.command(provider, file_id, words)
        outcome = type(self.tool)(program, self.tool.directory).run(*arguments, environment={**self.tool.environment, **(environment or {})})
        assert outcome.code == 0 and KEY not in outcome.out.decode() + outcome.err.decode(), outcome
        return outcome.out.decode().rstrip("\n").split(" ", 2)

    def start(self, provider, file_id, *words):
        return subprocess.Popen(self.command(provider, file_id, words), env=self.tool.environment, cwd=self.tool.directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def settle(self, provider, file_id, *words):
        """What was settled of all files, as a dictionary of numbers, and the first reason."""
        told, *counts = " ".join(self.send(provider, file_id, "settle", *words)).split(" ", 5)
        assert told == "settled", counts
        return {name: int(number) for name, number in (count.split("=") for count in counts[:4])}, "".join(counts[4:])


def is_sent_name(name, begin, file_id, end):
    return re.fullmatch(re.escape(f"{begin}{file_id}-") + "[0-9a-f]{8}" + re.escape(end), name) is not None


@pytest.fixture
def exporting(tool):
    return Exporting(tool)


@pytest.fixture
def quick(exporting):
    return Quick(exporting)


@pytest.fixture
def gateway(tmp_path):
    """A store on versitygw."""
    server = pathlib.Path(os.environ.get("FILESTORE_TEST_SERVERS") or os.devnull) / "versitygw.env"
    if not server.exists():
        skip_unless_ci("versitygw does not run: tests/servers/up versitygw, and set FILESTORE_TEST_SERVERS")
    return S3Store(dict(line.split("=", 1) for line in server.read_text().splitlines() if line), tmp_path)


@pytest.fixture
def start():
    """Starts providers, which end with the test."""
    started = []

    def one(kind):
        started.append(Provider(kind))
        return started[-1]

    yield one
    for provider in started:
        provider.close()


@pytest.fixture(params=["openai", "anthropic", "gemini"])
def provider(request, start):
    return start(request.param)
