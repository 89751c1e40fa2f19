"""What the conformance tests make of a list of lacks."""

import os
import pathlib
import re
import socket
import subprocess

import pytest

CASE = "[signature-check]"


class Run:
    def __init__(self, tmp_path, lacks, selection, servers=None):
        environment = {
            **os.environ,
            "FILESTORE_TEST_SERVERS": str(servers or os.environ["FILESTORE_TEST_SERVERS"]),
            "FILESTORE_TEST_LACKS": str(tmp_path / "lacks.txt"),
            "FILESTORE_TEST_RESULTS": str(tmp_path / "results.tsv"),
        }
        (tmp_path / "lacks.txt").write_text(lacks)
        command = [os.environ["FILESTORE_CONFORMANCE_TESTS"], selection]
        ended = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=300)
        results = tmp_path / "results.tsv"
        self.code = ended.returncode
        self.error = ended.stderr
        self.results = [line.split("\t") for line in results.read_text().splitlines()] if results.exists() else []


@pytest.fixture
def run(tmp_path):
    return lambda lacks, selection: Run(tmp_path, lacks, selection)


@pytest.fixture(autouse=True)
def servers():
    directory = pathlib.Path(os.environ["FILESTORE_TEST_SERVERS"])
    if not all((directory / f"{name}.env").exists() for name in ("versitygw", "moto")):
        if os.environ.get("CI"):
            pytest.fail("versitygw and moto do not run")
        pytest.skip("versitygw and moto do not run")


def test_a_feature_that_is_there_passes(run):
    ended = run("", CASE + "[versitygw]")
    assert ended.code == 0
    assert ended.results == [["versitygw", "signature-check", "yes"]]


def test_a_lack_that_is_not_listed_fails(run):
    ended = run("", CASE + "[moto]")
    assert ended.code != 0
    assert ended.results == [["moto", "signature-check", "failed"]]


def test_a_lack_that_is_listed_passes(run):
    ended = run("moto signature-check it takes any\n", CASE + "[moto]")
    assert ended.code == 0
    assert ended.results == [["moto", "signature-check", "lack"]]


def test_a_listed_lack_that_has_gone_fails(run):
    ended = run("versitygw signature-check it takes any\n", CASE + "[versitygw]")
    assert ended.code != 0
    assert "versitygw has signature-check now" in ended.error
    assert ended.results == [["versitygw", "signature-check", "failed"]]


def test_a_lack_of_a_server_that_is_gone_fails(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        text = (pathlib.Path(os.environ["FILESTORE_TEST_SERVERS"]) / "moto.env").read_text()
        servers = tmp_path / "servers"
        servers.mkdir()
        (servers / "moto.env").write_text(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", text))
        ended = Run(tmp_path, "moto signature-check it takes any\n", CASE + "[moto]", servers)
    assert ended.code == 3
    assert "moto neither stores nor gives files" in ended.error
    assert ended.results == [["moto", "signature-check", "failed"]]


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        ("moto put it is broken\n", "no server may lack put"),
        ("moto teleportation it is hard\n", "no case is of the feature teleportation"),
        ("moto signature-check\n", "line 1"),
    ],
)
def test_a_wrong_list_fails_before_any_case(run, lacks, words):
    ended = run(lacks, CASE)
    assert ended.code == 2
    assert words in ended.error
    assert ended.results == []
