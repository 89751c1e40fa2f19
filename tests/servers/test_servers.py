"""What starting and ending a server does, with programs in the place of servers."""

import sys

import pytest
import recipes
import servers
from recipes import CannotStart, Recipe

SERVE = "import http.server, sys; http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"


def program(text):
    return lambda installed, port, data: ([sys.executable, "-c", text, str(port)], {})


def refuse():
    raise CannotStart("its tools are missing")


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    made = {
        "good": Recipe(lambda: None, program(SERVE), everyday=True, speaks_s3=False),
        "absent": Recipe(refuse, program(SERVE)),
        "broken": Recipe(lambda: None, program("print('no such option'); raise SystemExit(3)")),
    }
    monkeypatch.setattr(servers, "RECIPES", made)
    monkeypatch.setattr(servers, "DIRECTORY", tmp_path)
    monkeypatch.delenv("FILESTORE_TEST_ALL_SERVERS", raising=False)
    yield tmp_path
    with pytest.raises(SystemExit):
        servers.main(["down"])


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        servers.main(list(arguments))
    return ended.value.code


def running(directory, name):
    pid, started = (directory / f"{name}.pid").read_text().split()
    return servers.start_time(int(pid)) == started


def test_a_server_runs_until_it_is_ended(directory):
    assert not run("up")
    pid, started = (directory / "good.pid").read_text().split()
    assert servers.start_time(int(pid)) == started
    assert (directory / "good.url").read_text().startswith("http://127.0.0.1:")
    assert not run("down")
    assert servers.start_time(int(pid)) != started
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(("name", "words"), [("absent", "its tools are missing"), ("broken", "no such option")])
def test_a_server_that_cannot_be_started_is_named_and_the_others_run(directory, capsys, name, words):
    assert run("up", name, "good")
    said = capsys.readouterr().err
    assert name in said and words in said
    assert running(directory, "good")
    assert (directory / f"{name}.wanted").exists()
    assert not (directory / f"{name}.env").exists()


def test_all_servers_are_those_of_every_run_and_more(monkeypatch):
    assert servers.wanted_names() == ["good"]
    monkeypatch.setenv("FILESTORE_TEST_ALL_SERVERS", "1")
    assert servers.wanted_names() == ["good", "absent", "broken"]


def test_the_servers_of_every_run():
    assert [name for name, recipe in recipes.RECIPES.items() if recipe.everyday and recipe.speaks_s3] == [
        "versitygw",
        "versitygw-tls",
        "moto",
        "s3proxy",
    ]
    assert sorted(recipes.S3_SERVERS) == sorted(
        ["versitygw", "moto", "s3proxy", "minio", "ceph", "garage", "s3s-fs", "rclone"]
    )
