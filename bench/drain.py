"""How fast an outbox empties: uploads, deletions each at its own time, and files that were uploaded and deleted meanwhile; and the memory of the sender, beside that of a tenth of the events.

    FILESTORE_TEST_SERVERS=SERVERS tests/servers/up postgrest
    python3 bench/drain.py build/release/tools/filestore/filestore SERVERS DIRECTORY [COUNT]

Tells the real PostgREST behind the gateway of tests/servers, in a table of its own; the rows are compared afterwards. DIRECTORY is on the file system to measure on.
"""

import datetime
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid

BEGIN = 1_750_000_000
HOUR = 3600


def written(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Project:
    """A table of its own in the project."""

    def __init__(self, servers):
        self.url = (servers / "postgrest.url").read_text().strip()
        facts = json.loads((servers / "postgrest.data" / "project.json").read_text())
        self.key, self.psql = facts["service_key"], facts["psql"]
        self.table = f"drain_{uuid.uuid4().hex}"
        self.sql(f"create table public.{self.table} (like public.file_uploads including all)")
        self.sql(f"alter table public.{self.table} enable row level security")

    def sql(self, statement):
        command = [*self.psql, "--tuples-only", "--no-align", "--variable", "ON_ERROR_STOP=1", "--command", statement]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()

    def rows(self):
        times = ", ".join(f"to_char({name} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')" for name in ("uploaded_at", "deleted_at"))
        return self.sql(f"select file_id || ' ' || concat_ws(' ', {times}) from public.{self.table} order by 1")


class Store:
    def __init__(self, tool, project, base):
        self.tool, self.project, self.base = tool, project, base
        if base.exists():
            shutil.rmtree(base)
        base.mkdir()
        self.run("upload", "-", "--flush", "60", input=b"x", stdout=subprocess.DEVNULL)

    def command(self, *words):
        return [self.tool, *words, "--option", f"base_path={self.base}", "--option", f"audit_table={self.project.table}"]

    def run(self, *words, **options):
        environment = {**os.environ, "SUPABASE_URL": self.project.url, "SUPABASE_KEY": self.project.key}
        return subprocess.run(self.command(*words), env=environment, check=True, **options)

    def change(self, statement, rows):
        """What changes a row has an entry of it made, by a trigger."""
        with sqlite3.connect(self.base / ".filestore" / "catalogue.sqlite") as connection:
            connection.executemany(statement, rows)

    def upload(self, ids):
        statement = "insert into file_uploads (file_id, file_path, metadata, uploaded_at) values (?, 'reports/a.txt', '{\"owner\":\"ada\"}', ?)"
        self.change(statement, [(file_id, written(BEGIN + n / 1000)) for n, file_id in enumerate(ids)])
        self.change("update outbox set never_told = 1 where never_told = 0 and ?", [(1,)])

    def delete(self, ids):
        self.change("update file_uploads set deleted_at = ? where file_id = ?", [(written(BEGIN + HOUR + n / 1000), file_id) for n, file_id in enumerate(ids)])

    def drain(self):
        """Seconds, and MiB."""
        os.sync()
        environment = {**os.environ, "SUPABASE_URL": self.project.url, "SUPABASE_KEY": self.project.key}
        begun = time.perf_counter()
        child = subprocess.Popen(self.command("audit", "flush", "--timeout", "3600"), env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        assert status == 0, status
        return time.perf_counter() - begun, usage.ru_maxrss / 1024

    def recorded(self):
        with sqlite3.connect(self.base / ".filestore" / "catalogue.sqlite") as connection:
            rows = connection.execute("select file_id, uploaded_at, deleted_at from file_uploads order by file_id")
            return [" ".join(filter(None, row)) for row in rows]


def measure(tool, servers, directory, count):
    project = Project(servers)
    base = directory / "drain-store"
    try:
        # Until PostgREST has seen the table.
        time.sleep(2)
        store = Store(tool, project, base)
        # A process of its own fills: what this one holds would count for the command that it starts.
        for what in ("uploads", "deletions", "both"):
            subprocess.run([sys.executable, __file__, "fill", what, base, str(count)], check=True)
            seconds, mib = store.drain()
            print(f"{count:7} {what:9}: {seconds:6.1f} s, {count / seconds:7.0f} events/s, {mib:6.1f} MiB", flush=True)
        assert sorted(project.rows()) == sorted(store.recorded()), "the rows differ"
    finally:
        project.sql(f"drop table public.{project.table}")
        shutil.rmtree(base, ignore_errors=True)


def fill(what, base, count):
    store = Store.__new__(Store)
    store.base = base
    list_of_ids = base.with_suffix(".json")
    if what != "deletions":
        list_of_ids.write_text(json.dumps([str(uuid.uuid4()) for _ in range(count)]))
    ids = json.loads(list_of_ids.read_text())
    if what != "deletions":
        store.upload(ids)
    if what != "uploads":
        store.delete(ids)


def main():
    if sys.argv[1] == "fill":
        fill(sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4]))
        return
    tool, servers, directory = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 100_000
    for events in (count // 10, count):
        measure(tool, servers, directory, events)
    (directory / "drain-store.json").unlink()


main()
