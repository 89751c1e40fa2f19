"""Rows that we told, read by a client of PostgREST that is not ours, and a row of that client read by us."""

import json
import uuid

import pytest
from postgrest import SyncPostgrestClient
from store import Store


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


@pytest.fixture
def table(project):
    key = project.service_key
    with SyncPostgrestClient(project.endpoint, headers={"apikey": key, "Authorization": f"Bearer {key}"}) as client:
        yield lambda: client.from_(project.table)


def test_rows_that_we_told(store, table):
    names = [f"{number}, ä+&\"\\.txt" for number in range(7)]
    ids, _ = store.upload(*names, words=["--meta", "owner=ada", "--flush", "60"])
    assert store.run("delete", ids[2], ids[5], "--flush", "60").code == 0

    rows = table().select("*").order("uploaded_at").order("file_id").execute().data
    assert [row["file_id"] for row in rows] == [line.split(",")[0] for line in store.project.rows()]
    assert {(row["file_id"], row["file_path"], row["metadata"]["owner"]) for row in rows} == {(file_id, name, "ada") for file_id, name in zip(ids, names)}

    deleted = table().select("file_id").not_.is_("deleted_at", "null").execute().data
    assert {row["file_id"] for row in deleted} == {ids[2], ids[5]}
    (one,) = table().select("file_id, file_path").eq("file_id", ids[3]).is_("deleted_at", "null").execute().data
    assert one == {"file_id": ids[3], "file_path": names[3]}
    assert table().select("file_id").eq("metadata->>owner", "bob").execute().data == []

    pages = [table().select("file_id").order("file_id", desc=True).range(first, first + 2).execute().data for first in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [row["file_id"] for page in pages for row in page] == sorted(ids, reverse=True)


def test_a_row_that_it_inserted(store, table):
    file_id = str(uuid.uuid4())
    row = {"file_id": file_id, "file_path": "ä.txt", "metadata": {"owner": "bob"}, "uploaded_at": "2026-01-01T02:00:00.000001+02:00"}
    table().insert(row).execute()
    expected = {"file_id": file_id, "file_path": "ä.txt", "metadata": {"owner": "bob"}, "uploaded_at": "2026-01-01T00:00:00.000001Z", "deleted_at": None}
    for words in (["history", file_id], ["files"]):
        outcome = store.run("audit", *words, "--json")
        assert outcome.code == 0 and [json.loads(line) for line in outcome.lines] == [expected], outcome

    table().update({"deleted_at": "2026-01-02T00:00:00Z"}).eq("file_id", file_id).execute()
    outcome = store.run("audit", "history", "--json", file_id)
    assert json.loads(outcome.lines[0])["deleted_at"] == "2026-01-02T00:00:00.000000Z", outcome
    assert store.run("audit", "files").lines == []
