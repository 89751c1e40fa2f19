"""Every command, on every store."""

import datetime
import json
import os
import re
import select
import subprocess
import urllib.error
import urllib.request

import pytest
from command import SECONDS_TO_END, assert_fails, assert_succeeds, uploaded
from stores import MISSING_ID

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
BODY = bytes(range(256)) * 1000
# Longer than a pipe holds, so that reader and writer must take turns.
LONG_BODY = os.urandom(3_000_000)


@pytest.fixture
def run(tool, store):
    """The command on the store."""

    def on_store(*arguments, **options):
        return tool.run(*arguments, *store.options, environment=store.environment, **options)

    return on_store


@pytest.fixture
def file(tool):
    path = tool.directory / "report.txt"
    path.write_bytes(BODY)
    return path


def test_a_file_goes_in_and_comes_out(run, store, tool, file):
    stored = run("upload", "report.txt")
    file_id = uploaded(stored)
    assert ID.fullmatch(file_id) and stored.out == f"{file_id}\n".encode()
    assert store.stored() == {file_id: BODY}
    assert_succeeds(run("download", file_id, "-o", "copy"), out=b"")
    assert (tool.directory / "copy").read_bytes() == BODY
    assert store.catalogue.events() == [(file_id, "report.txt", 0)]
    store.catalogue.assert_nothing_open()


@pytest.mark.parametrize("body", [b"", b"x", LONG_BODY], ids=["empty", "byte", "long"])
def test_standard_input_and_output(run, store, body):
    file_id = uploaded(run("upload", "-", stdin=body))
    assert store.stored() == {file_id: body}
    assert_succeeds(run("download", file_id, "-o", "-"), out=body)
    assert_succeeds(run("download", file_id, "-"), out=body)
    record = json.loads(run("metadata", file_id, "--json").out)
    assert (record["original_path"], record["size"]) == ("-", len(body))


def test_several_files_print_their_ids_in_order(run, store, tool):
    names = ["a", "b", "list"]
    for name in names:
        (tool.directory / name).write_text(name)
    outcome = run("upload", *names)
    assert_succeeds(outcome)
    assert store.stored() == {line: name.encode() for line, name in zip(outcome.lines, names, strict=True)}


def test_every_operand_is_tried_and_the_first_failure_counts(run, store, tool, file):
    outcome = run("upload", "report.txt", "absent", tool.directory, "report.txt")
    assert outcome.code == 2
    assert len(outcome.lines) == 2 and set(outcome.lines) == set(store.stored())
    assert len(outcome.err.splitlines()) == 2
    first, second = outcome.lines
    outcome = run("delete", first, "not-an-id", MISSING_ID, second)
    assert outcome.code == 2 and len(outcome.err.splitlines()) == 2, outcome
    store.assert_empty()
    assert [event[2] for event in store.catalogue.events()] == [1, 1]


def test_exists_answers_by_its_exit_code(run, file):
    file_id = uploaded(run("upload", "report.txt"))
    assert_succeeds(run("exists", file_id), out=b"")
    absent = run("exists", MISSING_ID)
    assert (absent.code, absent.out, absent.err) == (3, b"", b"")
    assert json.loads(run("exists", file_id, "--json").out) == {"file_id": file_id, "exists": True}
    absent = run("exists", MISSING_ID, "--json")
    assert absent.code == 3 and json.loads(absent.out) == {"file_id": MISSING_ID, "exists": False}


def test_delete_tells_whether_the_file_was_there(run, store, file):
    file_id = uploaded(run("upload", "report.txt"))
    assert_succeeds(run("delete", file_id), out=b"")
    store.assert_empty()
    assert run("exists", file_id).code == 3
    assert_fails(run("delete", file_id), 3, file_id)
    again = uploaded(run("upload", "report.txt"))
    outcome = run("delete", again, again, "--json")
    assert outcome.code == 3
    assert [json.loads(line)["deleted"] for line in outcome.lines] == [True, False]


def test_metadata_has_the_same_fields_in_every_store(run, file):
    given = {"plain": "value", "Größe": "8½ – 日本語", "spaces": "  two  ", "empty": ""}
    words = [word for key, value in given.items() for word in ("--meta", f"{key}={value}")]
    file_id = uploaded(
        run("upload", "report.txt", "--name", "Ordner/Größe.txt", "--content-type", "text/plain; charset=utf-8", *words, "--meta", "k=a=b")
    )
    outcome = run("metadata", file_id, "--json")
    assert_succeeds(outcome)
    record = json.loads(outcome.out)
    assert set(record) == {"file_id", "original_path", "size", "last_modified", "content_type", "metadata"}
    assert TIME.fullmatch(record.pop("last_modified"))
    assert record == {
        "file_id": file_id,
        "original_path": "Ordner/Größe.txt",
        "size": len(BODY),
        "content_type": "text/plain; charset=utf-8",
        "metadata": {**given, "k": "a=b"},
    }
    readable = run("metadata", file_id)
    assert_succeeds(readable)
    assert "original_path: Ordner/Größe.txt" in readable.lines and "metadata.plain: value" in readable.lines


def test_metadata_that_would_move_a_cursor_is_printed_harmless(run):
    file_id = uploaded(run("upload", "-", "--name", "a\x1b[2Jb", stdin=b"x"))
    outcome = run("metadata", file_id)
    assert_succeeds(outcome)
    assert b"\x1b" not in outcome.out
    assert json.loads(run("metadata", file_id, "--json").out)["original_path"] == "a\x1b[2Jb"


def test_list_shows_id_size_and_time(run):
    assert_succeeds(run("list"), out=b"")
    sizes = {uploaded(run("upload", "-", stdin=b"x" * size)): size for size in (0, 7, 70_000)}
    outcome = run("list")
    assert_succeeds(outcome)
    columns = [line.split() for line in outcome.lines]
    assert {file_id: int(size) for file_id, size, _ in columns} == sizes
    assert all(TIME.fullmatch(time) for _, _, time in columns)
    assert [column[0] for column in columns] == sorted(sizes)
    records = [json.loads(line) for line in run("list", "--json").lines]
    assert [[record["file_id"], str(record["size"]), record["last_modified"]] for record in records] == columns
    assert run("list", "--limit", "2").lines == outcome.lines[:2]


def test_list_goes_through_every_page(tool, local):
    ids = sorted(f"{number:08x}-0000-4000-8000-000000000000" for number in range(2100))
    local.base.mkdir()
    (local.base / "metadata").mkdir()
    for file_id in ids:
        (local.base / file_id).touch()
    outcome = tool.run("list", *local.options)
    assert_succeeds(outcome)
    assert [line.split()[0] for line in outcome.lines] == ids
    assert [line.split()[0] for line in tool.run("list", "--limit", "1500", *local.options).lines] == ids[:1500]


def test_json_of_upload_and_download(run, tool, file):
    outcome = run("upload", "report.txt", "report.txt", "--json")
    assert_succeeds(outcome)
    records = [json.loads(line) for line in outcome.lines]
    assert [record["original_path"] for record in records] == ["report.txt"] * 2
    file_id = records[0]["file_id"]
    saved = run("download", file_id, "-o", "copy", "--json")
    assert_succeeds(saved)
    assert json.loads(saved.out) == {"file_id": file_id, "path": "copy", "size": len(BODY)}


def test_a_download_without_a_name_takes_the_recorded_one(run, tool, file):
    file_id = uploaded(run("upload", "report.txt", "--name", "/etc/../some where/new.txt"))
    assert_succeeds(run("download", file_id), out=b"new.txt\n")
    assert (tool.directory / "new.txt").read_bytes() == BODY
    (tool.directory / "new.txt").write_text("mine")
    assert_fails(run("download", file_id), 1, "new.txt", "--force")
    assert (tool.directory / "new.txt").read_text() == "mine"
    assert_succeeds(run("download", file_id, "--force"), out=b"new.txt\n")
    assert (tool.directory / "new.txt").read_bytes() == BODY


@pytest.mark.parametrize(
    "recorded, taken",
    [
        ("..", None),
        ("-", None),
        ("directory/", None),
        (".bashrc", "_bashrc"),
        ("-rf", "_rf"),
        ("C:\\Users\\me\\plan.doc", "plan.doc"),
        ("a\nb\x1b[2J", "a_b_[2J"),
        ("x" * 300, None),
        ("日本語.txt", "日本語.txt"),
    ],
)
def test_a_recorded_name_does_no_harm(tool, local, recorded, taken):
    file_id = uploaded(tool.run("upload", "-", "--name", recorded, *local.options, stdin=b"x"))
    expected = taken or file_id
    assert_succeeds(tool.run("download", file_id, *local.options), out=f"{expected}\n".encode())
    assert [path.name for path in tool.directory.iterdir()] == [expected]


def test_a_download_replaces_the_file_that_it_is_told_to(run, tool, file):
    file_id = uploaded(run("upload", "report.txt"))
    (tool.directory / "old").write_text("old")
    assert_succeeds(run("download", file_id, "-o", "old"))
    assert (tool.directory / "old").read_bytes() == BODY
    assert_succeeds(run("download", file_id, "-o", "/dev/null"))
    assert not os.path.isfile("/dev/null")


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_options_stand_anywhere(tool, local, file, place):
    options = [*local.options, "--meta", "k=v", "--name", "given", "--json"]
    arguments = {
        "first": [*options, "upload", "report.txt"],
        "middle": ["upload", *options, "report.txt"],
        "last": ["upload", "report.txt", *options],
    }[place]
    outcome = tool.run(*arguments)
    assert_succeeds(outcome)
    file_id = json.loads(outcome.out)["file_id"]
    record = json.loads(tool.run("--json", "metadata", *local.options, file_id).out)
    assert (record["metadata"], record["original_path"]) == ({"k": "v"}, "given")
    assert_succeeds(tool.run("-o", "copy", "download", file_id, *local.options))
    assert (tool.directory / "copy").read_bytes() == BODY


def test_an_operand_may_look_like_an_option_or_a_command(tool, local):
    for name in ("-x", "upload"):
        (tool.directory / name).write_text(name)
    outcome = tool.run("upload", *local.options, "upload", "--", "-x")
    assert_succeeds(outcome)
    assert [local.stored()[file_id] for file_id in outcome.lines] == [b"upload", b"-x"]


def test_the_default_store_is_the_original_one(tool):
    file_id = uploaded(tool.run("upload", "-", stdin=b"x"))
    assert (tool.directory / "storage" / file_id).read_bytes() == b"x"


def test_the_command_line_stands_above_the_configuration(tool, local, tmp_path):
    (tool.directory / "storage.yaml").write_text("storage:\n  backend: local\n  local:\n    base_path: ./configured\n")
    first = uploaded(tool.run("upload", "-", "--config", "storage.yaml", stdin=b"1"))
    assert (tool.directory / "configured" / first).exists()
    second = uploaded(tool.run("upload", "-", "--config", "storage.yaml", *local.options, stdin=b"2"))
    assert local.stored() == {second: b"2"}


def test_an_s3_store_by_its_configuration_file(tool, versitygw, tmp_path):
    server = versitygw.server
    (tool.directory / "storage.yaml").write_text(
        "storage:\n  backend: s3\n  s3:\n"
        f"    bucket_name: {versitygw.bucket}\n    region: {server['FILESTORE_S3_REGION']}\n"
        f"    endpoint: {server['FILESTORE_S3_ENDPOINT']}\n    key_prefix: {versitygw.prefix}\n"
        f"    aws_access_key: {versitygw.access_key}\n    aws_secret_key: {versitygw.secret_key}\n"
    )
    file_id = uploaded(tool.run("upload", "-", "--config", "storage.yaml", stdin=b"x"))
    assert versitygw.stored() == {file_id: b"x"}
    catalogues = list((tool.directory / ".local" / "state" / "filestore").glob("*.sqlite"))
    assert len(catalogues) == 1


def test_what_records_nothing_needs_no_place_for_a_catalogue(tool, versitygw):
    options = versitygw.options[: versitygw.options.index("--option")]
    options = [*options, "--option", f"key_prefix={versitygw.prefix}"]
    tool.environment.pop("HOME")
    file_id = uploaded(tool.run("upload", "-", *versitygw.options, environment=versitygw.environment, stdin=b"x"))

    def run(*arguments):
        return tool.run(*arguments, *options, environment=versitygw.environment, stdin=b"y")

    assert_succeeds(run("download", file_id, "-o", "-"), out=b"x")
    for arguments in (["exists", file_id], ["metadata", file_id], ["list"]):
        assert_succeeds(run(*arguments))
    for arguments in (["upload", "-"], ["delete", file_id]):
        assert_fails(run(*arguments), 2, "HOME", "catalogue_path")
    assert versitygw.stored() == {file_id: b"x"}


def test_help_and_version(tool):
    version = tool.run("--version")
    assert_succeeds(version)
    assert re.fullmatch(rb"filestore \d+\.\d+\.\d+\n", version.out)
    for arguments in (["--help"], ["-h"], ["upload", "--help"], ["list", "-h"]):
        shown = tool.run(*arguments)
        assert_succeeds(shown)
        assert b"Usage: filestore" in shown.out
    assert list(tool.directory.iterdir()) == []


def test_the_help_of_audit_names_each_action(tool):
    refused = tool.run("audit", "no-such-action")
    actions = re.search(r"give ([a-z, ]+)", refused.err.decode())[1].replace(" or ", ", ").split(", ")
    assert len(actions) >= 8
    shown = tool.run("audit", "--help").out.decode().split("Positionals:")[1].split("Options:")[0]
    assert [action for action in actions if not re.search(rf"\b{action}( \S+)?: ", shown)] == []


def test_no_progress_bar_without_a_terminal(tool, local):
    (tool.directory / "large").write_bytes(LONG_BODY * 10)
    assert_succeeds(tool.run("upload", "large", *local.options))


def read_until(descriptor, wanted):
    read = b""
    while wanted not in read:
        ready, _, _ = select.select([descriptor], [], [], SECONDS_TO_END)
        assert ready, read
        read += os.read(descriptor, 65536)
    return read


def test_a_progress_bar_on_a_terminal(tool, local):
    ours, theirs = os.openpty()
    process = tool.start(
        "upload", "-", *local.options, stdin=subprocess.PIPE, stderr=theirs, environment={"TERM": "xterm"}
    )
    os.close(theirs)
    process.stdin.write(LONG_BODY)
    process.stdin.flush()
    drawn = read_until(ours, b"iB")
    process.stdin.close()
    assert process.stdout.read().strip() and process.wait() == 0
    drawn += os.read(ours, 65536)
    os.close(ours)
    assert drawn.endswith(b"\r\x1b[K"), "the line is taken away at the end"


def test_a_reader_that_goes_away_is_no_drama(tool, local):
    file_id = uploaded(tool.run("upload", "-", *local.options, stdin=LONG_BODY))
    for arguments in (["download", file_id, "-o", "-"], ["list"], ["--help"]):
        reading, writing = os.pipe()
        os.close(reading)
        outcome = tool.run(*arguments, *local.options, stdout=writing)
        os.close(writing)
        assert (outcome.code, outcome.err) == (1, b""), (arguments, outcome)


def test_an_id_that_nobody_reads_is_not_lost(tool, local):
    reading, writing = os.pipe()
    os.close(reading)
    outcome = tool.run("upload", "-", "-", *local.options, stdin=b"x", stdout=writing)
    os.close(writing)
    (file_id,) = local.stored()
    assert outcome.code == 1 and file_id in outcome.err.decode() and outcome.err.count(b"\n") == 1


def test_full_standard_output_is_reported(tool, local):
    file_id = uploaded(tool.run("upload", "-", *local.options, stdin=LONG_BODY))
    for arguments in (["list"], ["metadata", file_id], ["download", file_id, "-o", "-"], ["--version"]):
        with open("/dev/full", "wb") as full:
            outcome = tool.run(*arguments, *local.options, stdout=full)
        assert outcome.code == 1, (arguments, outcome)
        assert outcome.err.startswith(b"filestore: ") and outcome.err.count(b"\n") == 1, (arguments, outcome)


def test_presign_prints_a_url_that_works_without_keys(run, store):
    file_id = uploaded(run("upload", "-", stdin=BODY))
    if store.kind == "local":
        assert_fails(run("presign", file_id), 1, "presigned")
        return
    printed = run("presign", file_id, "--method", "get", "--expires", "15m")
    assert printed.code == 0 and printed.out.startswith(b"http") and printed.out.count(b"\n") == 1
    with urllib.request.urlopen(printed.out.decode().strip(), timeout=SECONDS_TO_END) as answer:
        assert answer.read() == BODY
    named = uploaded(run("upload", "-", "--name", "a.html", "--content-type", "text/html", stdin=BODY))
    with urllib.request.urlopen(run("presign", named).out.decode().strip(), timeout=SECONDS_TO_END) as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="a.html"' and answer.headers["Content-Type"] == "text/html"
    record = json.loads(run("presign", file_id, "--json", "--expires", "90").out)
    assert record["file_id"] == file_id and TIME.fullmatch(record["expires_at"]) and "X-Amz-Expires=90" in record["url"]
    for words in (["--expires", "0"], ["--expires", "1y"], ["--expires", "8d"], ["--method", "POST"]):
        assert_fails(run("presign", file_id, *words), 2)


def test_link_prints_a_url_of_a_file_that_is_there(run, store):
    file_id = uploaded(run("upload", "-", "--name", "a.html", "--content-type", "text/html", stdin=BODY))
    assert_fails(run("link", MISSING_ID), 3)
    assert_fails(run("link", "x"), 2)
    for words in (["--expires", "0"], ["--expires", "1y"], ["--method", "PUT"]):
        assert_fails(run("link", file_id, *words), 2)
    if store.kind == "local":
        assert_fails(run("link", file_id), 1, "presigned")
        signing = ("--option", "url_base=https://files.example/signed", "--option", "url_key=" + "k" * 32)
        printed = run("--expires", "90s", "link", file_id, *signing)
        assert printed.code == 0 and printed.out.startswith(f"https://files.example/signed/{file_id}?".encode()), printed
        return
    for words in ([], ["--expires", "15m"]):
        printed = run("link", file_id, *words)
        assert printed.code == 0 and printed.out.count(b"\n") == 1, printed
        with urllib.request.urlopen(printed.out.decode().strip(), timeout=SECONDS_TO_END) as answer:
            assert answer.read() == BODY
            assert answer.headers["Content-Disposition"] == 'attachment; filename="a.html"' and answer.headers["Content-Type"] == "text/html"
    record = json.loads(run("link", file_id, "--json", "--expires", "90").out)
    assert record["file_id"] == file_id and TIME.fullmatch(record["expires_at"]) and "X-Amz-Expires=90" in record["url"]


def options_with_keys_that_end(directory, ends):
    """The command's options for a store that it need not ask, and an environment whose keys end at that time."""
    (directory / "keys.json").write_text(
        json.dumps(
            {
                "Version": 1,
                "AccessKeyId": "key",
                "SecretAccessKey": "secret",
                "SessionToken": "token",
                "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
    )
    (directory / "config").write_text(f"[default]\ncredential_process = /bin/cat {directory}/keys.json\n")
    options = ["--backend", "s3", "--bucket", "bucket", "--endpoint", "http://127.0.0.1:9", "--option", "catalogue_path=off"]
    return options, {"AWS_CONFIG_FILE": str(directory / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(directory / "none")}


def test_presign_says_where_the_keys_end_before_the_url(tool, tmp_path):
    ends = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(minutes=10)
    options, environment = options_with_keys_that_end(tmp_path, ends)
    file_id = "6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d"
    cut = tool.run("presign", file_id, "--expires", "12h", *options, environment=environment)
    assert cut.code == 0 and cut.out.startswith(b"http"), cut
    assert cut.err.startswith(b"filestore: warning: the URL ends at ") and cut.err.count(b"\n") == 1, cut
    assert ends.strftime("%Y-%m-%dT%H:%M:%S").encode() in cut.err, cut
    whole = tool.run("presign", file_id, "--expires", "5m", *options, environment=environment)
    assert whole.code == 0 and whole.err == b"", whole
    assert_fails(tool.run("presign", file_id, "--expires", "12h", "--whole-time", *options, environment=environment), 5, "credentials end")
    whole = tool.run("presign", file_id, "--expires", "5m", "--whole-time", *options, environment=environment)
    assert whole.code == 0 and whole.err == b"", whole


def test_keys_to_files_are_not_taken_from_the_command_line(tool, local):
    assert_fails(tool.run("list", "--option", "sse_customer_key=MARKER", *local.options), 2, "not taken from the command line")


def asked(url, method, body=None):
    """What a client without keys gets."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/octet-stream"}, method=method)
    with urllib.request.urlopen(request, timeout=SECONDS_TO_END) as answer:
        return answer.headers, answer.read()


def presigned(tool, store, file_id, method):
    printed = tool.run("presign", file_id, "--method", method, *store.options, environment=store.environment)
    assert_succeeds(printed)
    (url,) = printed.lines
    return url


def test_a_presigned_url_does_what_its_method_says(tool, s3_store):
    file_id = uploaded(tool.run("upload", "-", *s3_store.options, environment=s3_store.environment, stdin=BODY))
    urls = {method: presigned(tool, s3_store, file_id, method) for method in ("HEAD", "PUT", "DELETE")}
    headers, body = asked(urls["HEAD"], "HEAD")
    assert int(headers["Content-Length"]) == len(BODY) and body == b""
    asked(urls["PUT"], "PUT", b"put by anybody")
    assert s3_store.stored() == {file_id: b"put by anybody"}
    asked(urls["DELETE"], "DELETE")
    assert s3_store.stored() == {}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_a_presigned_url_does_nothing_else(tool, versitygw, method):
    file_id = uploaded(tool.run("upload", "-", *versitygw.options, environment=versitygw.environment, stdin=BODY))
    url = presigned(tool, versitygw, file_id, method)
    for other in {"GET", "HEAD", "PUT", "DELETE"} - {method}:
        with pytest.raises(urllib.error.HTTPError) as refused:
            asked(url, other, b"put by nobody" if other == "PUT" else None)
        assert refused.value.code == 403
    assert versitygw.stored() == {file_id: BODY}
