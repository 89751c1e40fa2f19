"""Several processes store, delete and clean up at random in one store, while they, the one that sends, PostgREST and PostgreSQL are killed at random. In the end store, catalogue
and project say the same, row for row, and everything that was answered is so.

Some thousands of operations, with FILESTORE_TEST_LONG 200,000 besides. FILESTORE_TEST_SEED chooses what is done and killed.
"""

import collections
import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import sqlite3
import subprocess
import time

import pytest
from killable_project import KillableProject
from store import Store
from sweep import COUNTS, SEED

LONG = os.environ.get("FILESTORE_TEST_LONG") == "1"
# How many operations, how many kills of each kind at least, and the most seconds between two kills.
SIZES = [(5_000, 5, 1.0), *([(200_000, 30, 4.0)] if LONG else [])]
# The days by which the clock of each worker is behind: what is older than 30 days the others clean up.
AGES = [0, 0, 40, 0]
WORKER = os.environ["FILESTORE_SOAK_WORKER"]
KINDS = ("worker", "sender", "postgrest", "postgresql")
# An upload that was killed may be there, one for each thread of a worker.
THREADS = 3
ANSWER = re.compile(rb"^[UDNC] ", re.MULTILINE)
SERVER_CANNOT_BE_REACHED = 6


@pytest.fixture
def store(tool, tmp_path):
    with KillableProject(tmp_path) as project:
        yield Store(tool, project)


def content_of(key):
    """As the worker made it."""
    size = int(key.rpartition("-")[2])
    return (key * (size // len(key) + 1))[:size].encode()


class Workers:
    """Processes at work on one store; one that is killed is started again."""

    def __init__(self, store):
        self.store = store
        self.base = store.tool.directory / "storage"
        self.ledgers = store.tool.directory / "ledgers"
        self.ledgers.mkdir()
        self.lives = 0
        self.processes = [self.start(slot) for slot in range(len(AGES))]

    def start(self, slot):
        self.lives += 1
        words = [WORKER, self.base, self.ledgers, f"w{slot}.{self.lives}", f"{SEED}{self.lives:05}", AGES[slot]]
        environment = {**self.store.tool.environment, **self.store.environment()}
        return subprocess.Popen(list(map(str, words)), env=environment, stdin=subprocess.PIPE, cwd=self.store.tool.directory)

    def kill(self, slot):
        self.processes[slot].kill()
        assert self.processes[slot].wait() == -9

    def sender(self):
        """The slot of the process that has the lock of the one that sends."""
        for slot, process in enumerate(self.processes):
            if holds_first_lock(process.pid):
                return slot
        return None

    def end(self):
        """Some by their own will, some by a kill."""
        for slot, process in enumerate(self.processes):
            if slot % 2:
                self.kill(slot)
            else:
                process.stdin.close()
                assert process.wait(timeout=120) == 0

    def operations(self):
        """Those that were answered."""
        return sum(len(ANSWER.findall(path.read_bytes())) for path in self.ledgers.iterdir())


def holds_first_lock(pid):
    for number in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(number).endswith(".sessions"):
                locks = pathlib.Path(f"/proc/{pid}/fdinfo/{number.name}").read_text()
                if any(line.startswith("lock:") and line.endswith(" 0 0") for line in locks.splitlines()):
                    return True
    return False


class Killer:
    """Kills something at a time, until there were enough operations and kills."""

    def __init__(self, workers, project, pause):
        self.workers, self.project, self.pause = workers, project, pause
        self.random = random.Random(f"soak {SEED}")
        self.kills = collections.Counter()

    def run(self, operations, kills_of_each_kind):
        while self.workers.operations() < operations or min(self.kills[kind] for kind in KINDS) < kills_of_each_kind:
            time.sleep(self.random.uniform(0, self.pause))
            self.kill(self.random.choice(KINDS))

    def kill(self, kind):
        if kind in ("worker", "sender"):
            slot = self.random.randrange(len(AGES)) if kind == "worker" else self.wait_for_a_sender()
            self.workers.kill(slot)
            self.workers.processes[slot] = self.workers.start(slot)
        else:
            self.project.kill(kind)
            time.sleep(self.random.uniform(0, self.pause / 2))
            self.project.start_again(kind)
        self.kills[kind] += 1

    def wait_for_a_sender(self):
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            slot = self.workers.sender()
            if slot is not None:
                return slot
        raise AssertionError("nobody sends")


class Answers:
    """What the ledgers say was answered."""

    def __init__(self, directory):
        self.lines = collections.defaultdict(list)
        for path in directory.iterdir():
            for line in path.read_text().splitlines():
                kind, _, rest = line.partition(" ")
                self.lines[kind].append(rest.split(" ", 1))
        self.uploaded = {file_id: key for file_id, key in self.lines["U"]}
        self.old = {file_id for file_id, _ in self.lines["A"]}
        self.deletions_begun = {file_id for file_id, _ in self.lines["B"]}
        self.deleted = {file_id for kind in ("D", "N") for file_id, _ in self.lines[kind]}

    def counts(self):
        names = {"U": "uploads", "D": "deletions", "N": "deletions of what was gone", "C": "cleanups", "R": "refused cleanups", "E": "failures"}
        return ", ".join(f"{len(self.lines[kind])} {name}" for kind, name in names.items())


def settle(store):
    """Ends what the killed have begun, and has the project told everything; it may have just been started again."""
    give_up = time.monotonic() + 300
    while time.monotonic() < give_up:
        cleaned = store.run("cleanup", "--yes", "--json", "--flush", "0")
        assert cleaned.code in (0, SERVER_CANNOT_BE_REACHED), cleaned
        if cleaned.code != 0:
            continue
        flushed = store.run("audit", "flush", "--timeout", "300")
        assert flushed.code == 0, flushed
        with contextlib.closing(sqlite3.connect(store.catalogue)) as connection:
            (intents,) = connection.execute("select count(*) from intents").fetchone()
        status = store.status()
        if intents == 0 and status["pending"] == 0:
            return status
    raise AssertionError("it does not settle")


def rows_of_catalogue(store):
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection:
        rows = connection.execute("select file_id, file_path, metadata, uploaded_at, deleted_at from file_uploads").fetchall()
    return {file_id: (path, json.loads(metadata), uploaded, deleted or "") for file_id, path, metadata, uploaded, deleted in rows}


def rows_of_project(project):
    times = ", ".join(f"to_char({name} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')" for name in ("uploaded_at", "deleted_at"))
    rows = (line.split("\t") for line in project.sql(f"select file_id, file_path, metadata, {times} from public.file_uploads"))
    return {file_id: (path, json.loads(metadata), uploaded, deleted) for file_id, path, metadata, uploaded, deleted in rows}


def differences(rows, told):
    """A few of them."""
    differing = (file_id for file_id in rows.keys() | told.keys() if rows.get(file_id) != told.get(file_id))
    return [(file_id, rows.get(file_id), told.get(file_id)) for file_id in itertools.islice(differing, 5)]


def history(answers, file_id):
    return [f"{kind} {' '.join(line)}" for kind, lines in answers.lines.items() for line in lines if line[0] == file_id]


def check_files(base, rows):
    """Each file that a row says to be stored is there, whole, with its metadata, and nothing else is."""
    stored = {file_id: (path, metadata) for file_id, (path, metadata, _, deleted) in rows.items() if not deleted}
    assert {path.name for path in base.iterdir() if path.is_file()} == set(stored)
    assert {path.name for path in (base / "metadata").iterdir()} == {f"{file_id}.json" for file_id in stored}
    assert list((base / ".filestore" / "staging").iterdir()) == []
    for file_id, (key, metadata) in stored.items():
        assert (base / file_id).read_bytes() == content_of(key), file_id
        sidecar = json.loads((base / "metadata" / f"{file_id}.json").read_text())
        assert sidecar["original_path"] == key and sidecar.items() >= metadata.items(), sidecar
        assert metadata["key"] == key
    return set(stored)


def check_answers(answers, rows, stored, kills):
    keys = {file_id: key for file_id, (key, *_) in rows.items()}
    assert len(set(keys.values())) == len(keys), "an upload is there twice"
    assert answers.uploaded.items() <= keys.items(), "an upload that was answered has no row"
    unanswered = len(keys) - len(answers.uploaded)
    assert unanswered <= THREADS * kills, "more uploads than were begun"
    assert stored.isdisjoint(answers.deleted), "a deleted file is there"
    assert stored.isdisjoint(answers.old), "an old file was not cleaned up"
    of_old_workers = {file_id for file_id, (_, metadata, *_) in rows.items() if metadata["age"]}
    lost = answers.uploaded.keys() - stored - answers.deletions_begun - of_old_workers
    assert not lost, "a file is gone that nobody deleted"
    return unanswered


@pytest.mark.parametrize("operations, kills_of_each_kind, pause", SIZES, ids=[str(size[0]) for size in SIZES])
def test_all_say_the_same_after_kills(store, operations, kills_of_each_kind, pause):
    begun = time.monotonic()
    workers = Workers(store)
    killer = Killer(workers, store.project, pause)
    try:
        killer.run(operations, kills_of_each_kind)
        workers.end()
    finally:
        for process in workers.processes:
            process.kill()
    worked = time.monotonic() - begun
    status = settle(store)
    answers = Answers(workers.ledgers)
    rows = rows_of_catalogue(store)
    told = rows_of_project(store.project)
    kills = ", ".join(f"{killer.kills[kind]} of {kind}" for kind in KINDS)
    COUNTS.append(f"soak: {workers.operations()} operations in {worked:.0f} s ({answers.counts()}); kills: {kills} (seed {SEED})")
    assert not answers.lines["E"], answers.lines["E"][:5]
    assert status["parked"] == 0, store.run("audit", "parked").out
    for file_id, row, in_project in differences(rows, told):
        pytest.fail(f"{file_id}: catalogue {row}, project {in_project}; {history(answers, file_id)}")
    stored = check_files(workers.base, rows)
    for words in (("audit", "reconcile"), ("verify",)):
        found = store.run(*words)
        assert found.code == 0, found
    unanswered = check_answers(answers, rows, stored, killer.kills["worker"] + killer.kills["sender"] + len(AGES))
    COUNTS.append(f"soak: {len(rows)} rows the same in catalogue and project, {len(stored)} files stored; {unanswered} uploads there that were killed before their answer")
