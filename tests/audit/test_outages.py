"""A database that locks a row, or is down for a while, behind a PostgREST that goes on. Meanwhile files are stored and deleted; in the end the project has every row, once."""

import contextlib
import signal
import subprocess

import pytest
from killable_project import KillableProject
from store import Store


class Project(KillableProject):
    def rows(self):
        times = ", ".join(f"to_char({name} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')" for name in ("uploaded_at", "deleted_at"))
        return [line.replace("\t", ",") for line in self.sql(f"select file_id, {times} from public.{self.table} order by uploaded_at, file_id")]

    def limit(self, setting):
        """Of what PostgREST asks for, from its next start on."""
        self.sql(f"alter role authenticator set {setting} = '500ms'")
        self.kill("postgrest")
        self.start_again("postgrest")

    @contextlib.contextmanager
    def locked_row(self, file_id):
        with subprocess.Popen([*self.parts.psql, "--no-align", "--tuples-only"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            session.stdin.write(f"begin;\nselect file_id from public.{self.table} where file_id = '{file_id}' for update;\n")
            session.stdin.flush()
            assert session.stdout.readline().strip() == file_id
            yield
            session.stdin.write("rollback;\n")
            session.stdin.close()

    def stop_database(self):
        """As pg_ctl stop does: it ends its sessions, and then itself."""
        daemon = self.daemons["postgresql"]
        daemon.send_signal(signal.SIGINT)
        daemon.wait(timeout=60)


@pytest.fixture
def store(tool, tmp_path):
    with Project(tmp_path) as project:
        yield Store(tool, project)


def assert_told(store):
    store.flush()
    assert store.project.rows() == store.recorded()
    status = store.status()
    assert (status["pending"], status["parked"]) == (0, 0)


def flush_fails(store, *words):
    outcome = store.run("audit", "flush", "--timeout", "8")
    assert outcome.code == 6 and any(word in outcome.err for word in words), outcome


@pytest.mark.parametrize("setting, code", [("statement_timeout", b"57014"), ("lock_timeout", b"55P03")])
def test_a_row_that_somebody_keeps_locked(store, setting, code):
    (locked, other), _ = store.upload("a.txt", "b.txt")
    store.project.limit(setting)
    with store.project.locked_row(locked):
        for file_id in (locked, other):
            assert store.run("delete", file_id, "--flush", "0").code == 0
        store.upload("c.txt", words=["--flush", "0"])
        flush_fails(store, code)
        # The locked row keeps no other waiting.
        told = {line.split(",")[0]: line.split(",")[2] for line in store.project.rows()}
        assert len(told) == 3 and told[other] and not told[locked]
        assert store.status()["pending"] == 1
    assert_told(store)


def test_a_database_that_is_down_for_a_while(store):
    (first, second), _ = store.upload("a.txt", "b.txt")
    store.project.stop_database()
    try:
        store.upload("c.txt", "d.txt", words=["--flush", "0"])
        assert store.run("delete", first, "--flush", "1").code == 0
        flush_fails(store, b"PGRST", b"503", b"57P")
        store.upload("e.txt", words=["--flush", "0"])
        assert store.run("delete", second, "--flush", "0").code == 0
    finally:
        store.project.start_again("postgresql")
    assert_told(store)
    assert len(store.recorded()) == 5
