import os
import pathlib
import random
import re
import resource
import subprocess
import uuid

import pytest
from examples import UNKNOWN, is_id, program, run


@pytest.mark.parametrize("name, arguments", [
    ("upload", []), ("pipe", []), ("pipe", ["--resume"]), ("pipe", ["a", "b", "c"]), ("thumbnails", ["a", "2"]), ("thumbnails", ["a", "0", "."]),
    ("thumbnails", ["a", "two", "."]),
])
def test_wrong_arguments_tell_the_usage(name, arguments, tmp_path):
    assert b"usage: " in run(name, *arguments, cwd=tmp_path, code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_upload(tmp_path):
    (tmp_path / "file").write_text("hello\n")
    lines = run("upload", "file", "store", cwd=tmp_path).stdout.decode().splitlines()
    assert is_id(lines[0]) and lines[1] == "6 bytes read back"
    assert (tmp_path / "store" / lines[0]).read_text() == "hello\n"
    assert b"(not_found)" in run("upload", "missing", "store", cwd=tmp_path, code=1).stderr


def test_a_pipe_becomes_a_file(tmp_path):
    for content in (b"", random.Random(1).randbytes(3_000_000)):
        ended = run("pipe", "recording", "store", cwd=tmp_path, input=content)
        file_id = ended.stdout.decode().strip()
        assert (tmp_path / "store" / file_id).read_bytes() == content
        assert ended.stderr.endswith(b"%d bytes stored\n" % len(content))


def start_pipe(tmp_path, *arguments):
    return subprocess.Popen([program("pipe"), *arguments, "store"], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def partial_bytes(tmp_path):
    """What the store has of uploads that are under way."""
    return sum(path.stat().st_size for path in (tmp_path / "store/.filestore").rglob("*") if path.is_file() and "catalogue" not in path.name)


def test_what_came_before_a_kill_is_gone_on_with(tmp_path):
    running = start_pipe(tmp_path, "recording")
    file_id = running.stdout.readline().decode().strip()
    before = partial_bytes(tmp_path)
    running.stdin.write(b"x" * 5_000_000)
    running.stdin.flush()
    while partial_bytes(tmp_path) < before + 1_000_000:
        pass
    running.kill()
    running.communicate()
    assert is_id(file_id) and not (tmp_path / "store" / file_id).exists()
    ended = run("pipe", "--resume", file_id, "store", cwd=tmp_path, input=b"the end")
    assert ended.stdout.decode().strip() == file_id
    content = (tmp_path / "store" / file_id).read_bytes()
    assert re.fullmatch(b"x+the end", content) and 1_000_000 < len(content) <= 5_000_007
    assert b"(conflict)" in run("pipe", "--resume", file_id, "store", cwd=tmp_path, code=1, input=b"").stderr


def test_what_cannot_be_gone_on_with(tmp_path):
    assert b"(not_found)" in run("pipe", "--resume", UNKNOWN, "store", cwd=tmp_path, code=1, input=b"x").stderr
    assert b"(invalid_argument)" in run("pipe", "--resume", "no-id", "store", cwd=tmp_path, code=1, input=b"x").stderr


def picture(width, height, pixel):
    pixels = bytes(sample for row in range(height) for column in range(width) for sample in pixel(column, row))
    return b"P6 # a picture\n%d %d\n255\n" % (width, height) + pixels


@pytest.fixture
def s3(tmp_path):
    lines = (pathlib.Path(os.environ["FILESTORE_TEST_SERVERS"]) / "versitygw.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    (tmp_path / "storage.yaml").write_text(f"""storage:
  backend: s3
  s3:
    bucket_name: {variables["FILESTORE_S3_BUCKET"]}
    endpoint: {variables["FILESTORE_S3_ENDPOINT"]}
    region: us-east-1
    key_prefix: thumbnails-{uuid.uuid4()}/
  catalogue:
    path: {tmp_path / "catalogue.sqlite"}
""")
    (tmp_path / "out").mkdir()
    return {**os.environ, **variables}


def store(tmp_path, s3, content):
    (tmp_path / "content").write_bytes(content)
    uploaded = subprocess.run([os.environ["FILESTORE_TOOL"], "upload", "content", "--config", "storage.yaml"], cwd=tmp_path, env=s3, capture_output=True)
    assert uploaded.returncode == 0, uploaded.stderr
    return uploaded.stdout.decode().strip()


def test_thumbnails_come_from_s3(tmp_path, s3):
    pictures = [picture(5, 3, lambda column, row: (column * 10, row * 10, 7)), picture(1, 1, lambda *_: (1, 2, 3))]
    ids = [store(tmp_path, s3, content) for content in pictures]
    ended = run("thumbnails", "storage.yaml", 2, "out", cwd=tmp_path, env=s3)
    assert sorted(ended.stdout.decode().split()) == sorted(ids)
    expected = bytes([5, 5, 7, 25, 5, 7, 40, 5, 7, 5, 20, 7, 25, 20, 7, 40, 20, 7])
    assert (tmp_path / f"out/{ids[0]}.ppm").read_bytes() == b"P6\n3 2\n255\n" + expected
    assert (tmp_path / f"out/{ids[1]}.ppm").read_bytes() == b"P6\n1 1\n255\n\1\2\3"


@pytest.mark.parametrize("content, problem", [
    (b"GIF89a", b"no PPM"), (b"P6\n2 x\n255\n", b"x is no number"), (b"P6\n2 2\n65535\n", b"8 bits"), (b"P6\n2 2\n255\n123", b"cut short"), (b"P6\n2", b"cut short"),
    (b"P6\n1 1\n255\n1234", b"behind the picture"), (b"", b"no PPM"), (b"P6\n99999999999 1\n255\n", b"no PPM"), (b"P6\n9999999 1\n255\n", b"million"),
])
def test_what_is_no_picture_is_told_of_and_leaves_nothing(tmp_path, s3, content, problem):
    bad = store(tmp_path, s3, content)
    good = store(tmp_path, s3, picture(2, 2, lambda *_: (9, 9, 9)))
    ended = run("thumbnails", "storage.yaml", 2, "out", bad, good, cwd=tmp_path, env=s3, code=1)
    assert ended.stderr.startswith(bad.encode()) and problem in ended.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{good}.ppm"]


def test_what_else_goes_wrong(tmp_path, s3):
    assert b"(not_found)" in run("thumbnails", "storage.yaml", 2, "out", UNKNOWN, cwd=tmp_path, env=s3, code=1).stderr
    assert b"(configuration)" in run("thumbnails", "missing.yaml", 2, "out", cwd=tmp_path, env=s3, code=1).stderr
    file_id = store(tmp_path, s3, picture(2, 2, lambda *_: (9, 9, 9)))
    ended = run("thumbnails", "storage.yaml", 2, "no-such-directory", file_id, cwd=tmp_path, env=s3, code=1)
    assert b"cannot be written" in ended.stderr


def test_a_large_picture_needs_little_memory(tmp_path, s3):
    width, height = 8_000, 6_000
    file_id = store(tmp_path, s3, b"P6\n%d %d\n255\n" % (width, height) + bytes(width * height * 3))

    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (120 << 20, 120 << 20))

    run("thumbnails", "storage.yaml", 100, "out", file_id, cwd=tmp_path, env=s3, preexec_fn=limit)
    assert (tmp_path / f"out/{file_id}.ppm").read_bytes() == b"P6\n80 60\n255\n" + bytes(80 * 60 * 3)
