"""What is recorded of files, read from the table of a project in pages that its limit of rows does not cut."""

import json
import uuid

import pytest
from killable_project import KillableProject
from store import NOBODY_LISTENS, Store

ROWS = 2500
LIMIT_OF_THE_SERVER = 1000


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


def listed(store, *words):
    outcome = store.run("audit", "files", "--json", *words)
    assert outcome.code == 0 and outcome.err == b"", outcome
    return [json.loads(line) for line in outcome.lines]


def fill(project, count, time):
    """Rows with random IDs."""
    project.sql(
        f"insert into public.{project.table} (file_id, file_path, metadata, uploaded_at)"
        f" select gen_random_uuid(), 'n' || n, jsonb_build_object('n', n), {time} from generate_series(1, {count}) n"
    )


@pytest.mark.parametrize("time", ["'2026-01-01 12:00:00.000001+05:30'", "timestamptz '2026-01-01 00:00:00+00' + (n / 700) * interval '1 second'"])
def test_more_files_than_the_server_gives_at_a_time(store, time):
    table = store.project.table
    fill(store.project, ROWS, time)
    (given,) = store.project.sql(f"select count(*) from public.{table}")
    assert int(given) == ROWS > 2 * LIMIT_OF_THE_SERVER
    expected = store.project.sql(f"select file_id from public.{table} order by uploaded_at, file_id")
    found = listed(store)
    assert [file["file_id"] for file in found] == expected
    assert sorted(file["metadata"]["n"] for file in found) == list(range(1, ROWS + 1))


def test_the_history_of_a_file_that_is_still_to_be_told_or_parked(store):
    store.project.sql(f"alter table public.{store.project.table} add check (file_path <> 'b')")
    (waiting,), _ = store.upload("a", url=NOBODY_LISTENS, words=["--flush", "0"])
    outcome = store.run("audit", "history", waiting)
    assert outcome.code == 3 and b"still to be told" in outcome.err, outcome
    store.flush()
    assert store.run("audit", "history", waiting).code == 0
    (parked,), _ = store.upload("b")
    outcome = store.run("audit", "history", parked)
    assert outcome.code == 3 and b"parked" in outcome.err, outcome
    outcome = store.run("audit", "history", str(uuid.uuid4()))
    assert outcome.code == 3 and b"no row" in outcome.err and b"told" not in outcome.err, outcome


def test_only_what_is_older_and_not_deleted(store):
    table = store.project.table
    fill(store.project, 10, "timestamptz '2026-01-01 00:00:00+00' + n * interval '1 microsecond'")
    store.project.sql(f"update public.{table} set deleted_at = now() where file_path in ('n2', 'n4')")
    before = ["--before", "2026-01-01T02:00:00.000006+02:00"]
    assert [file["file_path"] for file in listed(store, *before)] == ["n1", "n3", "n5"]
    assert [file["uploaded_at"] for file in listed(store, *before)][0] == "2026-01-01T00:00:00.000001Z"


def test_rows_of_other_tools_end_no_page(store):
    """Also where they come last in a page, with what has a meaning in a URL or a filter."""
    table = store.project.table
    fill(store.project, LIMIT_OF_THE_SERVER - 1, "'2026-01-01 00:00:00+00'")
    store.project.sql(f"insert into public.{table} (file_id, file_path, uploaded_at) values ('z\"\\,)(&+ä', 'other', '2026-01-01 00:00:00+00')")
    store.project.sql(f"insert into public.{table} (file_id, file_path, uploaded_at) values ('{uuid.uuid4()}', 'last', '2026-01-01 00:00:00.000001+00')")
    found = listed(store)
    assert len(found) == LIMIT_OF_THE_SERVER and found[-1]["file_path"] == "last"


def test_rows_too_large_to_come_together(store):
    table = store.project.table
    store.project.sql(
        f"insert into public.{table} (file_id, file_path, metadata, uploaded_at)"
        f" select gen_random_uuid(), 'n' || n, jsonb_build_object('text', repeat('x', 900000)), timestamptz '2026-01-01 00:00:00+00' + n * interval '1 s'"
        " from generate_series(1, 20) n"
    )
    assert [file["file_path"] for file in listed(store)] == [f"n{n}" for n in range(1, 21)]


def test_the_history_of_a_file(store):
    (kept, gone), _ = store.upload("a.txt", "b.txt", words=["--meta", "owner=ada"])
    assert store.run("delete", gone).code == 0
    outcome = store.run("audit", "history", "--json", kept, gone)
    assert outcome.code == 0, outcome
    first, second = map(json.loads, outcome.lines)
    assert (first["file_id"], first["file_path"], first["metadata"], first["deleted_at"]) == (kept, "a.txt", {"owner": "ada"}, None)
    # In another form the same as the independent reader gives.
    assert store.project.rows() == sorted(
        (f"{file['file_id']},{file['uploaded_at']},{file['deleted_at'] or ''}" for file in (first, second)), key=lambda line: line.split(",")[1]
    )
    missing = store.run("audit", "history", str(uuid.uuid4()))
    assert missing.code == 3 and b"has no row" in missing.err


def test_without_a_project_the_catalogue_tells(store):
    (file_id,), _ = store.upload("a.txt")
    store.project.sql(f"delete from public.{store.project.table}")
    assert store.run("audit", "history", file_id).code == 3
    outcome = store.tool.run("audit", "history", file_id)
    assert outcome.code == 0 and outcome.lines[0].startswith(file_id) and outcome.lines[0].endswith(" - 'a.txt'")
    assert [json.loads(line)["file_id"] for line in store.tool.run("audit", "files", "--json").lines] == [file_id]
    assert store.tool.run("audit", "files", "--before", "2020-01-01T00:00:00Z").lines == []


def test_a_server_that_does_not_answer_is_told_of(store):
    assert store.run("audit", "files", url="http://127.0.0.1:9").code == 6
    assert store.run("audit", "files", key=store.project.ended_key).code == 5


def test_a_key_that_is_shown_no_row_is_told_so(store, gateway):
    """Row-level security answers it as a table without rows would."""
    (file_id,), _ = store.upload("a.txt")
    for words in (["history", file_id], ["history", str(uuid.uuid4())], ["files"], ["files", "--before", "2020-01-01T00:00:00Z"]):
        refused = store.run("audit", *words, key=store.project.anon_key)
        assert refused.code == 5 and refused.lines == [] and b"shows this key no row" in refused.err and b"42501" in refused.err, refused
    # A key that is shown rows is not asked to write one.
    assert store.run("audit", "files", "--before", "2020-01-01T00:00:00Z", url=gateway.url).code == 0
    assert store.run("audit", "history", str(uuid.uuid4()), url=gateway.url).code == 3
    assert {request.method for request in gateway.requests} == {"GET"}


def test_a_table_without_rows_is_no_hidden_one(store):
    assert listed(store) == []
    assert store.run("audit", "history", str(uuid.uuid4())).code == 3
    assert store.project.rows() == []


@pytest.mark.parametrize("words", [["history"], ["files", "x"], ["status", "--before", "2026-01-01T00:00:00Z"], ["files", "--before", "soon"], ["history", "x"]])
def test_what_is_no_such_command(store, words):
    assert store.run("audit", *words).code == 2


HTML = (502, {"Content-Type": "text/html"}, b"<html>bad gateway</html>")
LOCKED = (500, {}, b'{"code":"57014","message":"canceling statement due to statement timeout"}')


@pytest.mark.parametrize("trouble", [True, HTML, LOCKED], ids=["lost", "502", "57014"])
def test_what_passes_by_itself_is_waited_for(store, gateway, trouble):
    fill(store.project, ROWS, "'2026-01-01 00:00:00+00'")
    answers = iter([None, trouble, trouble, None, trouble])
    gateway.after = lambda request: next(answers, None)
    outcome = store.run("audit", "files", url=gateway.url)
    assert outcome.code == 0 and outcome.err == b"", outcome
    assert outcome.lines == store.run("audit", "files").lines and len(outcome.lines) == ROWS
    gateway.after = lambda request: trouble
    assert store.run("audit", "files", url=gateway.url).code == 6
    gateway.after = lambda request: (401, {}, b'{"message":"Invalid API key"}')
    gateway.requests.clear()
    assert store.run("audit", "files", url=gateway.url).code == 5 and len(gateway.requests) == 1


def test_a_server_that_gives_few_rows_at_a_time(tool, tmp_path):
    """Fewer than are asked for by their IDs: what it left out is not taken for what is not there."""
    with KillableProject(tmp_path, most_rows=20) as project:
        store = Store(tool, project)
        ids, _ = store.upload(*(f"f{number}" for number in range(70)), words=["--flush", "60"])
        assert store.run("delete", *ids, "--flush", "0", url=NOBODY_LISTENS).code == 0
        store.flush()
        times = dict(line.split(",")[0::2] for line in store.recorded())
        assert len(set(times.values())) == 70
        text = "to_char(deleted_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        assert dict(line.split("\t") for line in project.sql(f"select file_id, {text} from file_uploads")) == times
        # Drift of more files than the server gives at a time is that, and not more.
        project.sql("update file_uploads set deleted_at = null")
        outcome = store.run("audit", "reconcile", "--json")
        drifts = [json.loads(line) for line in outcome.lines]
        assert outcome.code == 7 and sum(drift.get("file_id") in ids for drift in drifts) == 70, outcome
        assert len({drift["drift"] for drift in drifts if "drift" in drift}) == 1


def test_rows_of_the_ends_of_time_end_no_reading(store):
    (kept,), _ = store.upload("a.txt")
    table = store.project.table
    store.project.sql(
        f"insert into public.{table} (file_id, file_path, uploaded_at)"
        f" select gen_random_uuid(), 'n', time::timestamptz from (select '-infinity' time from generate_series(1, 1200)"
        " union all values ('infinity'), ('12026-01-01')) times"
    )
    assert len(listed(store)) == 1201
    reconciled = store.run("audit", "reconcile", "--json")
    assert reconciled.code == 7 and reconciled.err == b"", reconciled
    assert store.run("cleanup", "--yes", "--accept-missing").code == 0
    assert store.tool.run("exists", kept).code == 0


def test_a_row_that_is_too_large_to_come_at_all(store):
    """It comes without its metadata."""
    (small, large, other), _ = store.upload("a.txt", "b.txt", "c.txt", words=["--meta", "owner=ada"])
    store.project.sql(f"update public.{store.project.table} set metadata = jsonb_build_object('text', repeat('x', 5000000)) where file_id = '{large}'")
    found = {file["file_id"]: file["metadata"] for file in listed(store)}
    assert found == {small: {"owner": "ada"}, large: {}, other: {"owner": "ada"}}
    outcome = store.run("audit", "history", "--json", large)
    assert outcome.code == 0 and json.loads(outcome.lines[0])["file_path"] == "b.txt"
