"""What is wrong gets the right exit code and one line, and leaves nothing behind."""

import os
import subprocess

import pytest
from bad_servers import black_hole, closed_port, server_that_closes, server_that_stalls, store_options, unknown_name
from command import MARKER_SECRET, assert_fails, assert_succeeds, tree, uploaded
from stores import MISSING_ID, Catalogue, LocalStore

BODY = b"0123456789" * 1000
LONG_BODY = b"0123456789abcdef" * 500_000

MALFORMED_IDS = [
    "",
    "x",
    "..",
    "../secret",
    "../../etc/passwd",
    "metadata",
    ".filestore/catalogue.sqlite",
    MISSING_ID.replace("-4", "-1"),
    MISSING_ID.replace("-8", "-c"),
    MISSING_ID.replace("0000-4", "000A-4"),
    "{" + MISSING_ID + "}",
    MISSING_ID + "\n",
    MISSING_ID + "/",
    " " + MISSING_ID,
    MISSING_ID.replace("-", ""),
    "00000000-0000-4000-8000-00000000000\u0660",
]


@pytest.fixture
def run(tool, store):
    def on_store(*arguments, **options):
        return tool.run(*arguments, *store.options, environment=store.environment, **options)

    return on_store


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for 4 MiB."""
    if os.geteuid() != 0:
        pytest.skip("SKIPPED: only root can mount a small tmpfs")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"SKIPPED: a small tmpfs cannot be mounted: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


# IDs


@pytest.mark.parametrize("command", ["download", "metadata", "delete"])
def test_unknown_id(run, store, tool, command):
    assert_fails(run(command, MISSING_ID), 3, MISSING_ID)
    assert tree(tool.directory) == {}
    store.assert_empty()
    assert store.catalogue.events() == []


def test_unknown_id_leaves_what_stood_at_the_destination(run, tool):
    (tool.directory / "copy").write_text("mine")
    assert_fails(run("download", MISSING_ID, "-o", "copy"), 3, MISSING_ID)
    assert_fails(run("download", MISSING_ID, "-o", "new"), 3, MISSING_ID)
    assert_fails(run("download", MISSING_ID, "-o", "-"), 3, MISSING_ID)
    assert tree(tool.directory) == {"copy": b"mine"}


@pytest.mark.parametrize("malformed", MALFORMED_IDS)
def test_malformed_id(tool, local, malformed):
    file_id = uploaded(tool.run("upload", "-", *local.options, stdin=BODY))
    secret = local.base.parent / "secret"
    secret.write_text("secret")
    before = tree(local.base)
    for command in (["download", "-o", "copy"], ["download"], ["metadata"], ["exists"], ["delete"]):
        assert_fails(tool.run(*command, *local.options, "--", malformed), 2)
    assert tree(local.base) == before and secret.exists() and file_id in before
    assert tree(tool.directory) == {}


def test_malformed_id_is_told_before_any_server_is_asked(tool, tmp_path):
    with closed_port() as endpoint:
        options, environment = store_options(endpoint, tmp_path / "catalogue.sqlite")
        for command in ("download", "metadata", "exists", "delete"):
            assert_fails(tool.run(command, "../x", *options, environment=environment), 2)


# Local stores


def test_missing_parents_of_the_base_path_are_made(tool, tmp_path):
    base = tmp_path / "not" / "yet" / "there"
    file_id = uploaded(tool.run("upload", "-", "--base-path", base, stdin=BODY))
    assert (base / file_id).read_bytes() == BODY


@pytest.fixture
def sealed(tmp_path):
    """A directory in which nothing may be made."""
    directory = tmp_path / "sealed"
    directory.mkdir(mode=0o555)
    return directory


def test_a_directory_that_may_not_be_written(tool, tmp_path, sealed):
    store = LocalStore(tmp_path)
    file_id = uploaded(tool.run("upload", "-", *store.options, stdin=BODY))
    before = tree(store.base)
    store.base.chmod(0o555)
    (store.base / "metadata").chmod(0o555)
    assert_fails(tool.run_without_powers("upload", "-", *store.options, stdin=BODY), 5, "store")
    assert_fails(tool.run_without_powers("delete", file_id, *store.options), 5)
    assert_fails(tool.run_without_powers("upload", "-", "--base-path", sealed / "new", stdin=BODY), 5, "sealed")
    assert tree(store.base) == before and tree(sealed) == {}
    store.catalogue.assert_nothing_open()


def test_a_destination_that_may_not_be_written(tool, tmp_path, sealed):
    store = LocalStore(tmp_path)
    file_id = uploaded(tool.run_without_powers("upload", "-", *store.options, stdin=BODY))
    assert_fails(tool.run_without_powers("download", file_id, "-o", sealed / "copy", *store.options), 5, "sealed")
    assert tree(sealed) == {}


@pytest.mark.parametrize("place", ["base", "parent", "metadata"])
def test_a_file_where_a_directory_must_be(tool, tmp_path, place):
    store = LocalStore(tmp_path / "parent")
    blocking = {"base": store.base, "parent": tmp_path / "parent", "metadata": store.base / "metadata"}[place]
    blocking.parent.mkdir(parents=True, exist_ok=True)
    blocking.write_text("mine")
    before = tree(tmp_path)
    for arguments in (["upload", "-"], ["list"], ["exists", MISSING_ID]):
        assert_fails(tool.run(*arguments, *store.options, stdin=BODY), 2)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("place", ["a link to nothing", "no such file system", "a removed working directory"])
def test_a_store_that_cannot_be_opened_says_nothing_of_its_files(tool, tmp_path, place):
    (tool.directory / "a").write_bytes(BODY)
    link = tmp_path / "link"
    link.symlink_to("/mnt/not-mounted")
    options = {"a link to nothing": ["--base-path", link], "no such file system": ["--base-path", "/proc/x/y"]}.get(place, [])
    prepared = {}
    if not options:
        gone = tmp_path / "gone"
        gone.mkdir()
        prepared = {"preexec_fn": lambda: (os.chdir(gone), gone.rmdir())}
    for arguments in (["exists", MISSING_ID], ["list"], ["upload", tool.directory / "a"], ["delete", MISSING_ID], ["download", MISSING_ID]):
        outcome = tool.run(*arguments, *options, **prepared)
        assert_fails(outcome, 2, "base_path")
        if not options:
            gone.mkdir()
    assert tree(tool.directory) == {"a": BODY}


def test_no_space_for_an_upload(tool, small_disk):
    store = LocalStore(small_disk)
    kept = uploaded(tool.run("upload", "-", *store.options, stdin=BODY))
    (tool.directory / "large").write_bytes(LONG_BODY)
    for source in ("large", "-"):
        assert_fails(tool.run("upload", source, *store.options, stdin=LONG_BODY), 1, "space")
    assert store.stored() == {kept: BODY}
    store.catalogue.assert_nothing_open()
    assert [event[0] for event in store.catalogue.events()] == [kept]


def test_no_space_for_a_download(tool, local, small_disk):
    file_id = uploaded(tool.run("upload", "-", *local.options, stdin=LONG_BODY))
    assert_fails(tool.run("download", file_id, "-o", small_disk / "copy", *local.options), 1, "space")
    assert tree(small_disk) == {}


def test_no_space_for_anything(tool, small_disk):
    with open(small_disk / "filler", "wb", buffering=0) as filler:
        with pytest.raises(OSError):
            while True:
                filler.write(b"x" * 4096)
    assert_fails(tool.run("upload", "-", "--base-path", small_disk / "store", stdin=BODY), 1, "space")
    files = [path.name for path in small_disk.rglob("*") if path.is_file() and ".filestore" not in path.parts]
    assert files == ["filler"]


@pytest.mark.parametrize("kept_bytes", [0, 1, 10, -1])
def test_a_truncated_sidecar(tool, local, kept_bytes):
    file_id = uploaded(tool.run("upload", "-", "--name", "name", *local.options, stdin=BODY))
    sidecar = local.base / "metadata" / f"{file_id}.json"
    sidecar.write_bytes(sidecar.read_bytes()[:kept_bytes])
    before = tree(local.base)
    assert_fails(tool.run("metadata", file_id, *local.options), 7, file_id)
    assert_fails(tool.run("metadata", file_id, "--json", *local.options), 7, file_id)
    assert_fails(tool.run("download", file_id, *local.options), 7, file_id)
    assert_fails(tool.run("download", file_id, "-o", "copy", *local.options), 7, file_id)
    assert tree(local.base) == before and tree(tool.directory) == {}
    assert_succeeds(tool.run("exists", file_id, *local.options))
    assert_succeeds(tool.run("delete", file_id, *local.options))
    local.assert_empty()


def test_a_file_of_another_size_than_was_stored(tool, local):
    file_id = uploaded(tool.run("upload", "-", *local.options, stdin=BODY))
    (local.base / file_id).write_bytes(BODY[:-1])
    for arguments in (["download", "-o", "copy"], ["download"], ["metadata"]):
        assert_fails(tool.run(*arguments, file_id, *local.options), 7, file_id)
    assert tree(tool.directory) == {}


def test_a_place_for_the_catalogue_that_cannot_be(tool, local):
    nowhere = "/proc/no-such-directory/catalogue.sqlite"
    outcome = tool.run("upload", "-", *local.options, "--option", f"catalogue_path={nowhere}", stdin=BODY)
    assert_fails(outcome, 2, "/proc/no-such-directory", "catalogue_path")
    assert local.stored() == {}


def test_a_catalogue_behind_a_link_to_nothing(tool, local, tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/mnt/not-mounted")
    outcome = tool.run("upload", "-", *local.options, "--option", f"catalogue_path={link}", stdin=BODY)
    assert_fails(outcome, 2, str(link), "catalogue_path")
    assert local.stored() == {}


# What is uploaded


def test_an_empty_file(run, tool, store):
    (tool.directory / "empty").touch()
    file_id = uploaded(run("upload", "empty"))
    assert store.stored() == {file_id: b""}
    assert_succeeds(run("download", file_id, "-o", "copy"))
    assert (tool.directory / "copy").read_bytes() == b""


def test_a_source_that_is_not_there(run, store):
    assert_fails(run("upload", "absent"), 2, "absent")
    store.assert_empty()


def test_a_directory_as_source(run, store, tool):
    assert_fails(run("upload", tool.directory), 2, "directory")
    store.assert_empty()


def test_a_directory_as_destination(run, tool, store):
    file_id = uploaded(run("upload", "-", stdin=BODY))
    assert_fails(run("download", file_id, "-o", tool.directory), 2, "directory")
    assert_fails(run("download", file_id, "-o", "absent/copy"), 2, "absent")
    assert tree(tool.directory) == {}


def test_an_unreadable_source(tool, tmp_path):
    store = LocalStore(tmp_path)
    source = tool.directory / "locked"
    source.write_bytes(BODY)
    source.chmod(0)
    assert_fails(tool.run_without_powers("upload", "locked", *store.options), 5, "locked")
    store.assert_empty()


def test_a_source_that_fails_half_way(run, store):
    # Reading a terminal gives what was written to it and then fails once its other end is closed.
    reading, writing = os.openpty()
    os.write(writing, b"half\n")
    os.close(writing)
    outcome = run("upload", "-", stdin=reading)
    os.close(reading)
    assert_fails(outcome, 1)
    store.assert_empty()
    assert store.catalogue.events() == []


def test_standard_input_that_is_closed(tool, local):
    outcome = tool.run("upload", "-", *local.options, stdin=None, preexec_fn=lambda: os.close(0))
    assert outcome.code != 0 and outcome.out == b"" and outcome.err.count(b"\n") == 1, outcome
    local.assert_empty()


def test_a_name_that_is_not_utf8(tool, local):
    name = b"gr\xfc\xdfe.txt"
    with open(os.path.join(os.fsencode(tool.directory), name), "wb") as file:
        file.write(BODY)
    assert_fails(tool.run("upload", name, *local.options), 2, "--name")
    local.assert_empty()
    file_id = uploaded(tool.run("upload", name, "--name", "größe.txt", *local.options))
    assert local.stored() == {file_id: BODY}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--meta", "novalue"],
        ["--meta", "=value"],
        ["--meta", "file_id=x"],
        ["--meta", "original_path=x"],
        ["--meta", "size=1"],
        ["--meta", "filestore=x"],
        ["--meta", b"key=\xff"],
        ["--content-type", "text/plain\r\nx-injected: 1"],
        ["--content-type", "größe"],
        ["--name", b"\xff"],
    ],
)
def test_metadata_that_cannot_be_kept(run, store, arguments):
    assert_fails(run("upload", "-", *arguments, stdin=BODY), 2)
    store.assert_empty()


def test_more_metadata_than_s3_takes(tool, versitygw):
    arguments = ["upload", "-", "--meta", f"long={'x' * 3000}", *versitygw.options]
    assert_fails(tool.run(*arguments, environment=versitygw.environment, stdin=BODY), 2)
    versitygw.assert_empty()


# Servers


def every_command(file_id=MISSING_ID):
    return [["upload", "-"], ["download", file_id, "-o", "copy"], ["metadata", file_id], ["exists", file_id], ["delete", file_id], ["list"]]


def test_wrong_secret(tool, versitygw):
    wrong = {**versitygw.environment, "AWS_SECRET_ACCESS_KEY": MARKER_SECRET}
    for arguments in every_command():
        assert_fails(tool.run(*arguments, *versitygw.options, environment=wrong, stdin=BODY), 5)
    assert tree(tool.directory) == {}
    versitygw.assert_empty()
    assert versitygw.catalogue.events() == []


def test_unknown_access_key(tool, versitygw):
    unknown = {**versitygw.environment, "AWS_ACCESS_KEY_ID": "nobody-knows-it"}
    for arguments in every_command():
        assert_fails(tool.run(*arguments, *versitygw.options, environment=unknown, stdin=BODY), 5)
    assert tree(tool.directory) == {}
    versitygw.assert_empty()
    assert versitygw.catalogue.events() == []


def test_missing_credentials(tool, versitygw):
    for arguments in every_command():
        assert_fails(tool.run(*arguments, *versitygw.options, stdin=BODY), 5, "AWS_ACCESS_KEY_ID")
    assert tree(tool.directory) == {}
    versitygw.assert_empty()


def test_a_certificate_that_is_not_trusted(tool, versitygw_over_tls):
    store = versitygw_over_tls
    untrusting = store.options_with(trusting=False)
    for arguments in every_command():
        outcome = tool.run(*arguments, *untrusting, environment=store.environment, stdin=BODY)
        assert_fails(outcome, 2, "certificate", "127.0.0.1", "ca_file")
    assert tree(tool.directory) == {}
    store.assert_empty()
    trusting = {**store.environment, "SSL_CERT_FILE": store.authority}
    file_id = uploaded(tool.run("upload", "-", *untrusting, environment=trusting, stdin=BODY))
    assert store.stored() == {file_id: BODY}


def test_unknown_bucket(tool, s3_store):
    options = s3_store.options_with(bucket="no-such-bucket-7c41")
    for arguments in every_command():
        outcome = tool.run(*arguments, *options, environment=s3_store.environment, stdin=BODY)
        assert_fails(outcome, 2, "no-such-bucket-7c41")
    assert tree(tool.directory) == {}
    s3_store.assert_empty()


def test_a_server_that_does_not_run(tool, tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    with closed_port() as endpoint:
        options, environment = store_options(endpoint, catalogue.path)
        for arguments in every_command():
            assert_fails(tool.run(*arguments, *options, environment=environment, stdin=BODY), 6, endpoint.removeprefix("http://"))
    assert tree(tool.directory) == {}
    assert catalogue.events() == []


# What the command promises of a server that is not there.
SECONDS_TO_GIVE_UP = 15


@pytest.mark.parametrize("unreachable", [closed_port, black_hole, unknown_name])
@pytest.mark.parametrize("command", [["upload", "-"], ["download", MISSING_ID, "-o", "copy"]], ids=lambda command: command[0])
def test_a_server_that_is_not_there_is_given_up(tool, tmp_path, unreachable, command):
    with unreachable() as endpoint:
        options, environment = store_options(endpoint, tmp_path / "catalogue.sqlite", max_attempts=None)
        outcome = tool.run(*command, *options, environment=environment, stdin=BODY, ends_within=SECONDS_TO_GIVE_UP)
    assert_fails(outcome, 6)
    assert tree(tool.directory) == {}


@pytest.mark.parametrize("unreachable", [closed_port, black_hole, unknown_name])
def test_a_deadline_of_its_own_ends_a_call_to_a_server_that_is_not_there(tool, tmp_path, unreachable):
    with unreachable() as endpoint:
        options, environment = store_options(endpoint, tmp_path / "catalogue.sqlite", max_attempts=100)
        # Nothing but the deadline would end it.
        patient = ["--option", "connect_timeout=3600"]
        outcome = tool.run("list", "--timeout", "0.5", *options, *patient, environment=environment, ends_within=SECONDS_TO_GIVE_UP)
    assert_fails(outcome, 6)


def test_what_an_unreachable_server_left_open_is_settled_later(tool, versitygw):
    """Nobody can tell whether a server that cannot be asked has the file, so the intent stays until it can."""
    with closed_port() as endpoint:
        unreachable = versitygw.options_with(endpoint=endpoint)
        assert_fails(tool.run("upload", "-", *unreachable, environment=versitygw.environment, stdin=BODY), 6)
    for _ in range(2):
        kept = uploaded(tool.run("upload", "-", *versitygw.options, environment=versitygw.environment, stdin=BODY))
        assert_succeeds(tool.run("delete", kept, *versitygw.options, environment=versitygw.environment))
    versitygw.assert_empty()
    assert [event[2] for event in versitygw.catalogue.events()] == [1, 1]


@pytest.mark.parametrize("destination", ["copy", "-", None])
def test_a_server_that_closes_during_a_download(tool, tmp_path, destination):
    named = ["-o", destination] if destination else []
    with server_that_closes() as server:
        options, environment = store_options(server.endpoint, tmp_path / "catalogue.sqlite")
        outcome = tool.run("download", MISSING_ID, *named, *options, environment=environment)
    assert server.broke_off.is_set()
    assert_fails(outcome, 6, out=outcome.out if destination == "-" else b"")
    assert tree(tool.directory) == {}


def test_a_server_that_closes_during_an_upload(tool, tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    (tool.directory / "large").write_bytes(LONG_BODY)
    with server_that_closes() as server:
        options, environment = store_options(server.endpoint, catalogue.path)
        outcome = tool.run("upload", "large", *options, environment=environment)
    assert server.broke_off.is_set()
    assert_fails(outcome, 6)
    assert catalogue.events() == []


@pytest.mark.parametrize("command", [["upload", "-"], ["download", MISSING_ID, "-o", "copy"]], ids=lambda command: command[0])
def test_a_deadline_ends_a_call_to_a_silent_server(tool, tmp_path, command):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    with server_that_stalls() as server:
        options, environment = store_options(server.endpoint, catalogue.path)
        outcome = tool.run(*command, "--timeout", "0.5", *options, environment=environment, stdin=LONG_BODY)
    assert_fails(outcome, 6, MISSING_ID if "download" in command else "standard input", "deadline")
    assert tree(tool.directory) == {}
    assert catalogue.events() == []


# Configuration and command line


@pytest.mark.parametrize(
    "text, words",
    [
        ("storage:\n  backend: s3\n  s3:\n    bucket_nam: b\n", [":4", "bucket_nam", "bucket_name"]),
        ("storage:\n  backnd: local\n", [":2", "backnd", "backend"]),
        ("storag:\n  backend: local\n", [":1", "storag", "storage"]),
        ("storage:\n  clean:\n    enabled: true\n", [":2", "clean", "'cleanup'"]),
        ("storage:\n  backend: lokal\n", [":2", "lokal", "local"]),
        ("storage:\n  local:\n    base_path: [a]\n", [":3", "base_path"]),
        ("storage:\n  cleanup:\n    retention_days: soon\n", [":3", "retention_days"]),
        ("storage:\n  backend: local\n  backend: [\n", ["storage.yaml"]),
        ("", ["storage"]),
    ],
)
def test_a_configuration_file_with_a_slip(tool, text, words):
    (tool.directory / "storage.yaml").write_text(text)
    assert_fails(tool.run("list", "--config", "storage.yaml"), 2, "storage.yaml", *words)
    assert list(tree(tool.directory)) == ["storage.yaml"]


def test_a_configuration_file_that_is_not_there(tool):
    assert_fails(tool.run("list", "--config", "absent.yaml"), 2, "absent.yaml")
    assert_fails(tool.run("list", "--config", tool.directory), 2)
    assert tree(tool.directory) == {}


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["--help"]),
        (["uplod", "x"], ["uplod", "upload"]),
        (["upload"], ["FILE"]),
        (["download"], ["ID"]),
        (["download", MISSING_ID, MISSING_ID], []),
        (["list", "extra"], ["extra"]),
        (["list", "--basepath", "x"], ["--basepath"]),
        (["list", "--base-path"], ["--base-path"]),
        (["list", "--meta", "a=b"], ["--meta"]),
        (["list", "--limit", "0"], ["--limit"]),
        (["list", "--limit", "-1"], ["--limit"]),
        (["list", "--limit", "many"], ["--limit"]),
        (["list", "--timeout", "0"], ["--timeout"]),
        (["list", "--timeout", "nan"], ["--timeout"]),
        (["list", "--timeout", "1e300"], ["--timeout"]),
        (["list", "--config", ""], ["--config"]),
        (["list", "--backend", "s4"], ["s4"]),
        (["list", "--base-path", ""], ["--base-path"]),
        (["list", "--option", "base_pth=x"], ["base_pth", "base_path"]),
        (["list", "--option", "base_path"], ["NAME=VALUE"]),
        (["list", "--option", "event_loops=0", "--backend", "s3", "--bucket", "bucket"], ["event_loops"]),
        (["list", "--bucket", "bucket"], ["--bucket", "--backend s3"]),
        (["list", "--backend", "s3", "--bucket", "bucket", "--base-path", "x"], ["--base-path"]),
        (["list", "--backend", "s3"], ["bucket"]),
        (["list", "--backend", "s3", "--bucket", "bucket", "--endpoint", "ftp://x"], ["endpoint"]),
        (["upload", "--name", "n", "a", "b"], ["--name"]),
        (["download", MISSING_ID, "-o", "-", "--json"], ["--json"]),
        (["download", MISSING_ID, "-", "--json"], ["--json"]),
        (["download", MISSING_ID, "-", "-o", "copy"], ["-o"]),
        (["download", MISSING_ID, "copy"], ["copy", "-o FILE"]),
        (["download", MISSING_ID, "-", "-"], []),
        (["list", "--option", f"aws_secret_key={MARKER_SECRET}"], ["AWS_SECRET_ACCESS_KEY"]),
        (["list", "--option", f"aws_session_token={MARKER_SECRET}"], ["AWS_SECRET_ACCESS_KEY"]),
    ],
)
def test_a_wrong_command_line(tool, arguments, words):
    assert_fails(tool.run(*arguments), 2, *words)
    assert tree(tool.directory) == {}


def test_secrets_of_a_configuration_file_are_not_repeated(tool):
    (tool.directory / "storage.yaml").write_text(
        f"storage:\n  backend: s3\n  s3:\n    bucket_name: b\n    aws_secret_key: [{MARKER_SECRET}]\n"
    )
    assert_fails(tool.run("list", "--config", "storage.yaml"), 2, "aws_secret_key")


@pytest.mark.parametrize("name", ["a", "content", "type", "o"])
def test_a_failure_names_its_operand_however_common_the_word(tool, local, name):
    assert_fails(tool.run("delete", name, *local.options), 2, f"'{name}'")
    assert_fails(tool.run("upload", name, *local.options), 2, f"'{name}'")
    (tool.directory / name).write_bytes(BODY)
    assert_fails(tool.run("upload", name, "--content-type", "\n", *local.options), 2, f"'{name}': ")


def test_standard_error_is_one_line_an_operand(tool, local):
    outcome = tool.run("upload", "line\nbreak", "b\x1b[2Jc", *local.options)
    assert outcome.code == 2
    assert len(outcome.err.splitlines()) == 2 and b"\x1b" not in outcome.err
    assert all(line.startswith(b"filestore: ") for line in outcome.err.splitlines())
