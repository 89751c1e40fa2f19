import json
import os
import pty
import signal
import subprocess

import pytest
from examples import is_id, program, run


@pytest.mark.parametrize("name", ["upload", "directory", "memory"])
def test_without_arguments_it_tells_its_usage(name, tmp_path):
    assert b"usage: " in run(name, cwd=tmp_path, code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_upload(tmp_path):
    (tmp_path / "file").write_text("hello\n")
    lines = run("upload", "file", "store", cwd=tmp_path).stdout.decode().splitlines()
    assert is_id(lines[0]) and json.loads(lines[1])["metadata"] == {"stored_by": "the C example"}
    assert lines[2] == "6 bytes read back"
    assert (tmp_path / "store" / lines[0]).read_text() == "hello\n"
    assert b"(not_found)" in run("upload", "missing", "store", cwd=tmp_path, code=1).stderr


def tree(root):
    for name, content in {"a.txt": "a", "deep/b.txt": "bb", "deep/er/c.txt": "", "ü.bin": "x" * 100_000}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (root / "link").symlink_to("a.txt")
    os.mkfifo(root / "fifo")


@pytest.mark.parametrize("argument", ["tree", "tree///", "./tree"])
def test_a_directory_is_stored_by_its_names(tmp_path, argument):
    tree(tmp_path / "tree")
    ended = run("directory", argument, "store", cwd=tmp_path)
    stored = dict(reversed(line.split("  ", 1)) for line in ended.stdout.decode().splitlines())
    assert sorted(stored) == ["a.txt", "deep/b.txt", "deep/er/c.txt", "ü.bin"]
    assert (tmp_path / "store" / stored["deep/b.txt"]).read_text() == "bb"
    assert json.loads((tmp_path / "store/metadata" / f"{stored['ü.bin']}.json").read_text())["original_path"] == "ü.bin"
    assert ended.stderr == b"4 files, 100003 bytes stored, 0 failed\n"


def test_a_directory_whose_files_fail_in_part(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/good").write_text("good")
    os.mkdir(tmp_path / "tree" / "sub")
    (tmp_path / "tree" / os.fsdecode(b"not-utf8-\xff")).write_text("bad")
    ended = run("directory", "tree", "store", cwd=tmp_path, code=1)
    assert len(ended.stdout.splitlines()) == 1 and b"1 files, 4 bytes stored, 1 failed" in ended.stderr
    assert b"(invalid_argument)" in ended.stderr


def test_a_directory_that_is_not_there(tmp_path):
    assert b"missing: No such file" in run("directory", "missing", "store", cwd=tmp_path, code=1).stderr
    (tmp_path / "tree").mkdir()
    (tmp_path / "file").touch()
    assert b"file: " in run("directory", "tree", "file", cwd=tmp_path, code=1).stderr


def test_progress_is_shown_on_a_terminal(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_bytes(b"x" * 3_000_000)
    terminal, other = pty.openpty()
    run_with_terminal = subprocess.Popen([program("directory"), "tree", "store"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=other)
    run_with_terminal.communicate(timeout=60)
    os.close(other)
    shown = os.read(terminal, 1 << 16).decode()
    assert run_with_terminal.returncode == 0 and "100% file" in shown and "1 files, 3000000 bytes" in shown


def test_an_interrupted_run_leaves_whole_files_only(tmp_path):
    (tmp_path / "tree").mkdir()
    for number in range(300):
        (tmp_path / "tree" / f"{number}").write_bytes(b"x" * 50_000)
    running = subprocess.Popen([program("directory"), "tree", "store"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    while not (tmp_path / "store/metadata").is_dir():
        pass
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 1 and b", interrupted" in errors
    stored = {line.split()[0].decode() for line in output.splitlines()}
    assert len(stored) < 300
    assert {path.name for path in (tmp_path / "store").iterdir() if is_a_file_of(path)} == stored


def is_a_file_of(path):
    return path.is_file() and not path.name.startswith(".")


def test_memory(tmp_path):
    (tmp_path / "one").write_bytes(b"bytes\0of one\n")
    (tmp_path / "empty").touch()
    output = run("memory", "one", "empty", cwd=tmp_path).stdout
    described = [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]
    assert sorted(file["original_path"] for file in described) == ["empty", "one"]
    assert b"bytes\0of one\n" in output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "one"], "nothing is on disk"
    assert b"(not_found)" in run("memory", "one", "missing", cwd=tmp_path, code=1).stderr


def test_memory_of_many_files_under_valgrind(tmp_path):
    for number in range(40):
        (tmp_path / f"{number}").write_bytes(os.urandom(number * 5_000))
    names = [str(number) for number in range(40)]
    ended = subprocess.run(["valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full", program("memory"), *names], cwd=tmp_path, capture_output=True)
    assert ended.returncode == 0, ended.stderr
    assert all((tmp_path / name).read_bytes() in ended.stdout for name in names)
