"""Where store, catalogue and project disagree, a reconciliation finds it, changes nothing unless it is asked to, and then never a file."""

import contextlib
import io
import json
import sqlite3
import threading
import uuid

import pytest
from original_system import OriginalStorage
from store import NOBODY_LISTENS, Store

ROWS = 1300


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


@pytest.fixture
def world(store):
    return World(store)


class World:
    """A store, its catalogue and its table, each of which can be changed behind the others' backs."""

    def __init__(self, store):
        self.store, self.project = store, store.project
        self.table = f"public.{store.project.table}"
        self.base = store.tool.directory / "storage"
        (self.agreed,), _ = store.upload("agreed.txt")

    def file(self):
        (file_id,), _ = self.store.upload(f"{uuid.uuid4()}.txt")
        return file_id

    def deleted_file(self):
        file_id = self.file()
        assert self.store.run("delete", file_id).code == 0
        return file_id

    def unrecorded_file(self):
        return OriginalStorage(self.base).upload("old.txt", io.BytesIO(b"old"))

    def lose_file(self, file_id):
        (self.base / file_id).unlink()
        (self.base / "metadata" / f"{file_id}.json").unlink()

    def put_back(self, file_id):
        (self.base / file_id).write_bytes(b"back")
        (self.base / "metadata" / f"{file_id}.json").write_text(json.dumps({"file_id": file_id, "original_path": "back.txt", "size": 4}))

    def change_catalogue(self, *statements):
        """As nobody who records would: the outbox is not told."""
        with contextlib.closing(sqlite3.connect(self.store.catalogue)) as connection, connection:
            for statement in statements:
                connection.execute(statement)
            connection.execute("delete from outbox")

    def change_project(self, statement):
        self.project.sql(statement.replace("TABLE", self.table))

    def everything(self):
        """Files, rows of the catalogue, rows of the table."""
        files = {path.relative_to(self.base): path.read_bytes() for path in self.base.rglob("*") if path.is_file() and ".filestore" not in path.parts}
        return files, self.store.recorded(), self.project.rows()

    def files(self):
        return {path.name for path in self.base.iterdir() if path.is_file()}


def reconcile(store, *words, code=0, **options):
    outcome = store.run("audit", "reconcile", "--json", "--flush", "60", *words, **options)
    assert outcome.code == code and outcome.err == b"", outcome
    *findings, report = map(json.loads, outcome.lines)
    return findings, report


def lose_row_of_catalogue(world):
    file_id = world.file()
    world.change_catalogue(f"delete from file_uploads where file_id = '{file_id}'")
    return file_id


def lose_both_rows(world):
    file_id = lose_row_of_catalogue(world)
    world.change_project(f"delete from TABLE where file_id = '{file_id}'")
    return file_id


def lose_file(world):
    file_id = world.file()
    world.lose_file(file_id)
    return file_id


def lose_file_and_row_of_catalogue(world):
    file_id = lose_row_of_catalogue(world)
    world.lose_file(file_id)
    return file_id


def lose_file_and_row_of_table(world):
    file_id = lose_row_of_table(world)
    world.lose_file(file_id)
    return file_id


def lose_row_of_table(world):
    file_id = world.file()
    world.change_project(f"delete from TABLE where file_id = '{file_id}'")
    return file_id


def lose_deletion_of_table(world):
    file_id = world.deleted_file()
    world.change_project(f"update TABLE set deleted_at = null where file_id = '{file_id}'")
    return file_id


def lose_row_of_a_deletion(world):
    file_id = world.deleted_file()
    world.change_project(f"delete from TABLE where file_id = '{file_id}'")
    return file_id


def mark_in_catalogue(world):
    file_id = world.file()
    world.change_catalogue(f"update file_uploads set deleted_at = '2026-01-01T00:00:00.000000Z' where file_id = '{file_id}'")
    return file_id


def mark_in_table(world):
    file_id = world.file()
    world.change_project(f"update TABLE set deleted_at = '2026-01-01 00:00:00.000001+05:30' where file_id = '{file_id}'")
    return file_id


def put_back(world):
    file_id = world.deleted_file()
    world.put_back(file_id)
    return file_id


DRIFTS = [
    (lose_row_of_catalogue, "unrecorded", True),
    (lose_both_rows, "unrecorded", True),
    (World.unrecorded_file, "unrecorded", True),
    (lose_file, "missing", False),
    (lose_file_and_row_of_catalogue, "missing", False),
    (lose_file_and_row_of_table, "missing", False),
    (lose_row_of_table, "untold", True),
    (lose_deletion_of_table, "untold", False),
    (lose_row_of_a_deletion, "untold", False),
    (mark_in_catalogue, "marked_deleted", True),
    (mark_in_table, "marked_deleted", True),
    (put_back, "marked_deleted", True),
]


@pytest.mark.parametrize("make, drift, is_there", DRIFTS, ids=[make.__name__ for make, _, _ in DRIFTS])
def test_each_kind_of_drift(store, world, make, drift, is_there):
    file_id = make(world)
    before = world.everything()
    (finding,), report = reconcile(store, code=7)
    assert (finding["file_id"], finding["drift"], finding["repaired"]) == (file_id, drift, False)
    assert report["repaired"] == report["failed"] == report["left_out"] == 0 and report[drift] == 1
    assert world.everything() == before

    (repaired,), report = reconcile(store, "--repair")
    assert repaired == {**finding, "repaired": True} and report["repaired"] == report[drift] == 1
    files, recorded, rows = world.everything()
    assert files == before[0]
    deleted = world.project.sql(f"select file_id, deleted_at is not null from {world.table} order by file_id")
    assert deleted == sorted([f"{world.agreed},f", f"{file_id},{'f' if is_there else 't'}"])
    assert {line.split(",")[0]: bool(line.split(",")[2]) for line in recorded} == {world.agreed: False, file_id: not is_there}
    assert len(rows) == 2
    assert reconcile(store) == ([], {**dict.fromkeys(report, 0), "files": len(world.files())})


def test_what_agrees(store, world):
    world.deleted_file()
    # Of a file that another machine deleted the catalogue need not know, nor of what is no file of ours.
    world.change_project(f"insert into TABLE (file_id, file_path, deleted_at) values ('{uuid.uuid4()}', 'x', now())")
    world.change_project("insert into TABLE (file_id, file_path) values ('of another tool', 'x')")
    before = world.everything()
    assert reconcile(store, "--yes")[0] == []
    assert world.everything() == before
    text = store.run("audit", "reconcile")
    assert text.lines == ["1 files: 0 unrecorded, 0 marked deleted, 0 missing, 0 untold; 0 repaired, 0 failed"]


def test_more_rows_than_the_server_gives_at_a_time(store, world):
    world.change_project(f"insert into TABLE (file_id, file_path) select gen_random_uuid(), 'x' from generate_series(1, {ROWS})")
    files = [world.unrecorded_file() for _ in range(50)]
    findings, report = reconcile(store, "--repair")
    ids = [finding["file_id"] for finding in findings]
    assert ids == sorted(ids) and len(ids) == ROWS + 50
    assert (report["missing"], report["unrecorded"]) == (ROWS, 50)
    assert set(world.project.sql(f"select file_id from {world.table} where deleted_at is null")) == {world.agreed, *files}
    assert reconcile(store)[0] == []


def test_what_waits_to_be_told_is_left_out_and_not_overtaken(store, world):
    gone = world.file()
    (waiting,), _ = store.upload("waiting.txt", url=NOBODY_LISTENS, words=["--flush", "0"])
    assert store.run("delete", gone, "--flush", "0", url=NOBODY_LISTENS).code == 0
    before = world.everything()
    findings, report = reconcile(store, "--repair", "--flush", "0")
    assert findings == [] and report["left_out"] == 2
    assert world.everything() == before and store.status()["pending"] == 2
    assert {line.split(",")[0] for line in world.project.rows()} == {world.agreed, gone}
    store.flush()
    assert world.project.rows() == store.recorded()
    assert waiting in world.files() and reconcile(store)[0] == []


def test_without_a_project_store_and_catalogue_are_compared(store, world):
    new, lost = world.unrecorded_file(), lose_file(world)
    outcome = store.tool.run("audit", "reconcile", "--json", "--repair")
    assert outcome.code == 0, outcome
    *findings, report = map(json.loads, outcome.lines)
    assert {finding["file_id"]: finding["drift"] for finding in findings} == {new: "unrecorded", lost: "missing"}
    assert report["repaired"] == 2
    assert store.tool.run("audit", "reconcile").code == 0
    # The project is told as of all that is recorded.
    store.flush()
    assert reconcile(store)[0] == []


def test_a_dry_run_of_a_store_that_has_recorded_nothing_makes_no_catalogue(store):
    OriginalStorage(store.tool.directory / "storage").upload("old.txt", io.BytesIO(b"old"))
    assert reconcile(store, code=7)[1]["unrecorded"] == 1
    assert not store.catalogue.exists()


def test_a_damaged_catalogue_is_made_anew_as_its_message_says(store):
    ids, _ = store.upload("a.txt", "b.txt")
    rows = store.project.rows()
    store.catalogue.write_bytes(b"damaged" * 1000)
    for suffix in ("-wal", "-shm"):
        store.catalogue.with_name(store.catalogue.name + suffix).unlink(missing_ok=True)
    damaged = store.run("delete", ids[0])
    assert damaged.code == 7 and b"`filestore audit reconcile --repair`" in damaged.err, damaged
    store.catalogue.rename(store.tool.directory / "damaged.sqlite")
    reconcile(store, "--repair")
    store.flush()
    assert store.project.rows() == rows
    assert [line.split(",")[0] for line in store.recorded()] == [line.split(",")[0] for line in rows]
    assert store.run("delete", ids[0]).code == 0


def test_a_repair_that_fails_is_told_of(store, world):
    file_id = mark_in_table(world)
    world.change_project("create or replace function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$")
    world.change_project("create trigger refuse before update on TABLE for each row execute function public.refuse()")
    outcome = store.run("audit", "reconcile", "--repair", "--json", "--flush", "0")
    finding, report = map(json.loads, outcome.lines)
    assert outcome.code not in (0, 7) and finding["file_id"] == file_id and not finding["repaired"] and "no" in finding["reason"]
    assert (report["marked_deleted"], report["repaired"], report["failed"]) == (1, 0, 1)


def test_a_repair_whose_answer_is_lost(store, world, gateway):
    file_id = mark_in_table(world)
    gateway.lose("PATCH", 1, "after")
    ((finding,), report) = reconcile(store, "--repair", url=gateway.url)
    assert finding["file_id"] == file_id and report["repaired"] == 1
    assert reconcile(store)[0] == []


@pytest.mark.parametrize("make", [mark_in_catalogue, mark_in_table, lose_both_rows])
def test_bytes_without_metadata_are_told_of(store, world, make):
    file_id = make(world)
    (world.base / "metadata" / f"{file_id}.json").unlink()
    before = world.everything()
    outcome = store.run("audit", "reconcile", "--json", "--flush", "60", "--repair")
    finding, report = map(json.loads, outcome.lines)
    assert outcome.code == 7 and finding["file_id"] == file_id and not finding["repaired"] and "no metadata" in finding["reason"]
    assert (report["failed"], report["repaired"], report["left_out"]) == (1, 0, 0)
    assert world.everything() == before


def test_a_project_that_does_not_answer(store, world):
    assert store.run("audit", "reconcile", "--repair", "--flush", "0", url=NOBODY_LISTENS).code == 6


@pytest.mark.parametrize("words", [["reconcile", "x"], ["reconcile", "--dry-run", "--yes"], ["status", "--repair"]])
def test_what_is_no_such_command(store, words):
    assert store.run("audit", *words).code == 2


def test_while_files_come_and_go(store, world):
    """What is at work is no drift, and nothing is wrong afterwards."""
    ids, errors = [], []

    def work():
        for round_number in range(12):
            made, _ = store.upload(*(f"{round_number}-{n}.txt" for n in range(10)), words=["--flush", "0"])
            ids.extend(made[5:])
            outcome = store.run("delete", *made[:5], "--flush", "0.05")
            if outcome.code != 0:
                errors.append(outcome)

    worker = threading.Thread(target=work)
    worker.start()
    while worker.is_alive():
        outcome = store.run("audit", "reconcile", "--repair", "--json", "--flush", "0.05")
        assert outcome.code == 0 and len(outcome.lines) == 1, outcome
    worker.join()
    assert errors == [] and world.files() == {world.agreed, *ids}
    store.flush()
    assert reconcile(store)[0] == []
    assert sorted(world.project.rows()) == sorted(store.recorded())
    assert set(world.project.sql(f"select file_id from {world.table} where deleted_at is null")) == world.files()
