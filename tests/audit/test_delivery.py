"""The command with a Supabase project: what is in its table afterwards, whatever happens on the way."""

import contextlib
import json
import os
import re
import sqlite3
import time
import uuid

import pytest
from store import NOBODY_LISTENS, Store


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


def test_uploads_and_deletions_are_rows(store):
    (kept, gone), outcome = store.upload("a.txt", "b.txt", words=["--meta", "owner=ada"])
    assert outcome.err == b""
    assert store.run("delete", gone).code == 0
    assert store.project.rows() == store.recorded()
    assert store.project.sql(f"select file_path, metadata ->> 'owner' from public.{store.project.table} where file_id = '{kept}'") == ["a.txt,ada"]
    assert store.project.sql(f"select file_id from public.{store.project.table} where deleted_at is not null") == [gone]
    assert store.status() == {"pending": 0, "parked": 0, "delivered": 3}


def test_what_cleanup_removes_is_told(store):
    ids, _ = store.upload("a.txt", "b.txt")
    long_ago = time.time() - 100 * 86_400
    for file_id in ids:
        os.utime(store.tool.directory / "storage" / file_id, (long_ago, long_ago))
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection:
        connection.execute("update file_uploads set uploaded_at = '2020-01-01T00:00:00.000000Z'")
        connection.commit()
    store.project.sql(f"update public.{store.project.table} set uploaded_at = '2020-01-01T00:00:00Z'")
    outcome = store.run("cleanup", "--yes")
    assert outcome.code == 0 and outcome.err == b"", outcome
    deleted = {line.split(",")[0]: line.split(",")[2] for line in store.recorded()}
    assert deleted == {line.split(",")[0]: line.split(",")[2] for line in store.project.rows()}
    assert all(deleted.values())


def test_without_a_project_nothing_is_noted(store):
    (store.tool.directory / "a.txt").write_text("a")
    assert store.tool.run("upload", "a.txt").code == 0
    assert store.status() == {"pending": 0, "parked": 0, "delivered": 0}
    outcome = store.tool.run("audit", "flush")
    assert outcome.code == 2 and b"SUPABASE_URL" in outcome.err


def test_what_a_process_without_the_project_does_is_told_later(store):
    (file_id,), _ = store.upload("a.txt")
    (store.tool.directory / "b.txt").write_text("b")
    assert store.tool.run("delete", file_id).code == 0
    assert store.tool.run("upload", "b.txt").code == 0
    assert store.status()["pending"] == 2
    store.flush()
    assert store.project.rows() == store.recorded()
    assert store.status() == {"pending": 0, "parked": 0, "delivered": 3}


def test_a_project_is_forgotten(store):
    store.upload("a.txt", url=NOBODY_LISTENS, words=["--flush", "0"])
    refused = store.run("audit", "forget")
    assert refused.code == 2 and b"SUPABASE_URL" in refused.err
    forgotten = store.tool.run("audit", "forget", "--json")
    assert forgotten.code == 0 and json.loads(forgotten.out) == {"dropped": 1}
    (store.tool.directory / "b.txt").write_text("b")
    assert store.tool.run("upload", "b.txt").code == 0
    assert store.status() == {"pending": 0, "parked": 0, "delivered": 0}


def test_what_could_not_be_told_is_told_later(store):
    (kept, gone), outcome = store.upload("a.txt", "b.txt", url=NOBODY_LISTENS, words=["--flush", "0.5"])
    assert outcome.err.decode().count("\n") == 1 and b"stays in the outbox" in outcome.err
    assert store.run("delete", gone, "--flush", "0", url=NOBODY_LISTENS).code == 0
    status = store.status()
    assert status.pop("oldest") and status == {"pending": 2, "parked": 0, "delivered": 0}
    assert store.project.rows() == []
    # The next command that records something tells the rest, too.
    (store.tool.directory / "c.txt").write_text("c")
    assert store.run("upload", "c.txt").code == 0
    assert store.project.rows() == store.recorded()
    assert store.status()["pending"] == 0


@pytest.mark.parametrize("key, words", [("ended_key", "SUPABASE_KEY"), ("forged_key", "SUPABASE_KEY"), ("anon_key", "service key")])
def test_events_stay_until_the_key_is_mended(store, key, words):
    wrong = getattr(store.project, key)
    _, outcome = store.upload("a.txt", key=wrong, words=["--flush", "60"])
    assert words in outcome.err.decode() and wrong not in outcome.err.decode()
    assert store.status()["pending"] == 1
    failed = store.run("audit", "flush", key=wrong)
    assert failed.code == 5 and wrong not in failed.err.decode()
    store.flush()
    assert store.project.rows() == store.recorded()


def test_a_table_without_a_unique_index_is_told_of_with_the_statement_that_mends_it(store):
    table = store.project.table
    store.project.sql(f"alter table public.{table} drop constraint {table}_pkey")
    _, outcome = store.upload("a.txt", words=["--flush", "60"])
    statement = re.search(r"CREATE UNIQUE INDEX ON \w+ \(file_id\)", outcome.err.decode())
    assert statement, outcome
    assert store.status()["pending"] == 1
    store.project.sql(statement[0].replace(table, f"public.{table}"))
    store.flush()
    assert store.project.rows() == store.recorded()


def test_rows_that_are_refused_are_parked_and_can_be_tried_again(store):
    table = store.project.table
    store.project.sql(f"alter table public.{table} add constraint no_b check (file_path not like 'b%')")
    names = ["a1", "b1", "a2", "a3", "b2", "a4"]
    ids, _ = store.upload(*names, url=NOBODY_LISTENS, words=["--flush", "0"])
    refused = sorted(file_id for name, file_id in zip(names, ids) if name.startswith("b"))
    store.flush()
    assert [line for line in store.recorded() if line.split(",")[0] not in refused] == store.project.rows()
    status = store.status()
    assert status == {"pending": 0, "parked": 2, "delivered": 4}
    parked = [json.loads(line) for line in store.run("audit", "parked", "--json").lines]
    assert [file["file_id"] for file in parked] == refused
    assert all("23514" in file["reason"] for file in parked)

    store.project.sql(f"alter table public.{table} drop constraint no_b")
    assert store.run("audit", "retry", refused[0]).code == 0
    assert len(store.project.rows()) == 5
    assert store.run("audit", "retry", refused[0]).code == 3
    assert store.run("audit", "retry").code == 0
    assert store.project.rows() == store.recorded()
    assert store.status() == {"pending": 0, "parked": 0, "delivered": 6}


@pytest.mark.parametrize("hook", ["before", "after"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_lost_requests_and_lost_answers(store, gateway, method, hook):
    (file_id, other), _ = store.upload("a.txt", "b.txt", url=gateway.url)
    gateway.lose(method, 2, hook)
    outcome = store.run("delete", file_id, "--flush", "60", url=gateway.url)
    assert outcome.code == 0 and outcome.err == b"", outcome
    assert store.run("delete", other, "--flush", "60", url=gateway.url).err == b""
    assert store.project.rows() == store.recorded()
    assert len(store.recorded()) == 2


def test_an_upload_whose_answer_is_lost_for_good_and_that_is_deleted_then(store, gateway):
    gateway.lose("POST", 1000, "after")
    (file_id,), outcome = store.upload("a.txt", url=gateway.url, words=["--flush", "0.5"])
    assert b"stays in the outbox" in outcome.err
    assert store.run("delete", file_id, "--flush", "0", url=NOBODY_LISTENS).code == 0
    store.flush()
    assert store.project.rows() == store.recorded()
    assert store.recorded()[0].split(",")[2]


CUTS = [1, 20, 60]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_answers_that_are_cut(store, gateway, method, cut):
    """As of a project that is killed while it answers: it has done what it was asked to."""
    (file_id, other), _ = store.upload("a.txt", "b.txt", url=NOBODY_LISTENS, words=["--flush", "0"])
    cuts = []

    def cut_twice(request):
        if request.method == method and len(cuts) < 2:
            cuts.append(store.project.rows())
            return cut
        return None

    gateway.cut_behind = cut_twice
    store.flush(url=gateway.url)
    assert store.run("delete", file_id, "--flush", "60", url=gateway.url).err == b""
    assert store.run("delete", other, "--flush", "60", url=gateway.url).err == b""
    # Each was carried out before its answer was lost.
    assert len(cuts) == 2 and all(len(rows) == 2 for rows in cuts)
    assert store.project.rows() == store.recorded()
    assert len(store.recorded()) == 2 and all(line.split(",")[2] for line in store.recorded())
    assert store.status()["parked"] == 0


def test_a_gateway_that_has_no_server_behind_it(store, gateway):
    answers = iter([(502, {"Content-Type": "text/html"}, b"<html>502</html>")] * 2)
    gateway.before = lambda request: next(answers, None)
    _, outcome = store.upload("a.txt", url=gateway.url, words=["--flush", "60"])
    assert outcome.err == b""
    assert store.project.rows() == store.recorded()


def test_a_file_whose_upload_nobody_recorded(store):
    file_id = str(uuid.uuid4())
    storage = store.tool.directory / "storage"
    (storage / "metadata").mkdir(parents=True)
    (storage / file_id).write_text("from before")
    facts = {"owner": "ada", "file_id": file_id, "original_path": "old.txt", "size": 11}
    (storage / "metadata" / f"{file_id}.json").write_text(json.dumps(facts))
    outcome = store.run("delete", file_id)
    assert outcome.code == 0 and outcome.err == b"", outcome
    columns = "file_id, file_path, metadata ->> 'owner', deleted_at is not null"
    assert store.project.sql(f"select {columns} from public.{store.project.table}") == [f"{file_id},old.txt,ada,t"]


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_server_that_is_content_with_everything_is_told_nothing(store, gateway, status):
    """It is no PostgREST, and would have the events forgotten."""
    gateway.before = lambda request: (status, {}, b"")
    _, outcome = store.upload("a.txt", url=gateway.url, words=["--flush", "60"])
    assert b"SUPABASE_URL" in outcome.err and store.status()["pending"] == 1
    assert store.run("audit", "flush", url=gateway.url).code == 2
    store.flush()
    assert store.project.rows() == store.recorded()


def test_a_firewall_before_the_project(store, gateway):
    answers = iter([(403, {"Content-Type": "text/html"}, b"<html>blocked</html>")] * 2)
    gateway.before = lambda request: next(answers, None)
    _, outcome = store.upload("a.txt", url=gateway.url, words=["--flush", "60"])
    assert outcome.err == b""
    assert store.project.rows() == store.recorded()


def test_a_server_that_wants_a_pause_has_it(store, gateway):
    times = []

    def busy_once(request):
        times.append(time.monotonic())
        return (429, {"Retry-After": "2"}, b"") if len(times) == 1 else None

    gateway.before = busy_once
    _, outcome = store.upload("a.txt", url=gateway.url, words=["--flush", "60"])
    assert outcome.err == b""
    assert len(times) == 2 and times[1] - times[0] >= 2


def test_a_batch_that_is_too_much_for_the_server_is_told_in_parts(store, gateway):
    store.upload(*(f"f{number}" for number in range(40)), url=NOBODY_LISTENS, words=["--flush", "0"])

    def too_slow(request):
        many = request.method == "POST" and len(json.loads(request.body)) > 12
        return (500, {}, b'{"code":"57014","message":"canceling statement due to statement timeout"}') if many else None

    gateway.before = too_slow
    store.flush(url=gateway.url)
    assert store.project.rows() == store.recorded()


def deleted_later(store, count, **options):
    """Files that the project knows, and of whose deletions, each at its own time, it has still to be told."""
    ids, _ = store.upload(*(f"f{number}" for number in range(count)), **options)
    assert store.run("delete", *ids, "--flush", "0", url=NOBODY_LISTENS).code == 0
    assert len({line.split(",")[2] for line in store.recorded()}) == count
    return ids


def test_a_request_that_fails_keeps_no_other_deletion_waiting(store, gateway):
    ids = deleted_later(store, 8)
    gateway.before = lambda request: (500, {}, b'{"code":"57014"}') if request.method == "PATCH" and ids[0] in request.path else None
    outcome = store.run("audit", "flush", "--timeout", "2", url=gateway.url)
    assert outcome.code == 6 and b"57014" in outcome.err, outcome
    assert store.status()["pending"] == 1
    told = {line.split(",")[0] for line in store.project.rows() if line.split(",")[2]}
    assert told == set(ids[1:])
    store.flush()
    assert store.project.rows() == store.recorded()


def test_an_upload_that_fails_alone_keeps_no_other_waiting(store, gateway):
    ids, _ = store.upload(*(f"f{number}" for number in range(3)), url=NOBODY_LISTENS, words=["--flush", "0"])
    gateway.before = lambda request: (500, {}, b'{"code":"57014"}') if ids[0].encode() in request.body else None
    assert store.run("audit", "flush", "--timeout", "10", url=gateway.url).code == 6
    assert {line.split(",")[0] for line in store.project.rows()} == set(ids[1:])
    store.flush()
    assert store.project.rows() == store.recorded()


def test_deletions_at_many_times_are_told_in_bulk(store, gateway):
    ids = deleted_later(store, 120)
    table = store.project.table
    before_us, edited, renamed = ids[:3]
    store.project.sql(f"update public.{table} set deleted_at = '2020-01-01T10:20:30Z' where file_id = '{before_us}'")
    store.project.sql(f"update public.{table} set metadata = '{{\"tag\": 1.50}}' where file_id = '{edited}'")
    store.project.sql(f"update public.{table} set file_path = 'new' where file_id = '{renamed}'")
    store.flush(url=gateway.url)
    assert len(gateway.requests) < 16
    told = {line.split(",")[0]: line for line in store.project.rows()}
    recorded = {line.split(",")[0]: line for line in store.recorded()}
    assert told.pop(before_us).endswith("2020-01-01T10:20:30.000000Z") and recorded.pop(before_us)
    assert told == recorded
    assert store.project.sql(f"select metadata, file_path from public.{table} where file_id in ('{edited}', '{renamed}') order by file_path") == [
        '"{""tag"": 1.50}",f1',
        "{},new",
    ]


def test_a_deletion_by_another_tool_at_a_full_hour_stands(store):
    (file_id,), _ = store.upload("a.txt")
    store.project.sql(f"update public.{store.project.table} set deleted_at = date_trunc('hour', now()) where file_id = '{file_id}'")
    (before,) = store.project.rows()
    assert store.run("delete", file_id).code == 0
    assert store.status() == {"pending": 0, "parked": 0, "delivered": 2}
    assert store.project.rows() == [before]


@pytest.mark.parametrize("count_then", [40, 3])
def test_deletions_that_were_claimed_before_a_crash(store, gateway, count_then):
    ids = deleted_later(store, 40)
    gateway.before = lambda request: True if any(seen.method == "GET" for seen in gateway.requests) else None
    assert store.run("audit", "flush", "--timeout", "1", url=gateway.url).code == 6
    claimed = [line for line in store.project.rows() if line.endswith(":00:07.000000Z")]
    assert len(claimed) > 30
    with contextlib.closing(sqlite3.connect(store.catalogue)) as connection:
        connection.execute(f"delete from outbox where number not in (select number from outbox order by number desc limit {count_then})")
        connection.commit()
    store.flush()
    told = {line.split(",")[0]: line for line in store.project.rows()}
    recorded = {line.split(",")[0]: line for line in store.recorded()}
    assert [told[file_id] for file_id in ids[-count_then:]] == [recorded[file_id] for file_id in ids[-count_then:]]


def refuse_by_trigger(project, condition, code="MY001"):
    """Rows are refused with a code of the table's owner, or another."""
    name = f"refuse_{project.table}"
    project.sql(
        f"create function public.{name}() returns trigger language plpgsql as "
        f"$$ begin if {condition} then raise exception 'not this one' using errcode = '{code}'; end if; return new; end $$"
    )
    project.sql(f"create trigger refuse before insert on public.{project.table} for each row execute function public.{name}()")


def test_a_row_that_a_trigger_refuses_is_parked(store):
    refuse_by_trigger(store.project, "new.file_path = 'b'")
    ids, _ = store.upload("a", "b", "c", url=NOBODY_LISTENS, words=["--flush", "0"])
    store.flush()
    assert {line.split(",")[0] for line in store.project.rows()} == {ids[0], ids[2]}
    assert store.status() == {"pending": 0, "parked": 1, "delivered": 2}
    (parked,) = [json.loads(line) for line in store.run("audit", "parked", "--json").lines]
    assert parked["file_id"] == ids[1] and "MY001" in parked["reason"] and "not this one" in parked["reason"]


@pytest.mark.parametrize("code", ["22023", "42501", "42883", "28000"])
def test_a_code_of_the_database_that_a_trigger_has_for_one_row(store, code):
    """The row does not keep the others waiting, however they are told."""
    refuse_by_trigger(store.project, "new.file_path = 'a'", code)
    (bad, *good), _ = store.upload("a", "b", "c", url=NOBODY_LISTENS, words=["--flush", "0"])
    store.flush()
    assert {line.split(",")[0] for line in store.project.rows()} == set(good)
    assert store.status() == {"pending": 0, "parked": 1, "delivered": 2}
    (parked,) = [json.loads(line) for line in store.run("audit", "parked", "--json").lines]
    assert parked["file_id"] == bad and code in parked["reason"] and "trigger" in parked["reason"]


def refuse_by_name(project):
    """Files whose names are a `p` and a code are refused with that code."""
    name = f"refuse_{project.table}"
    project.sql(
        f"create function public.{name}() returns trigger language plpgsql as "
        "$$ begin if new.file_path ~ '^p[0-9A-Z]{5}' then "
        "raise exception 'not this one' using errcode = substr(new.file_path, 2, 5); end if; return new; end $$"
    )
    project.sql(f"create trigger refuse before insert on public.{project.table} for each row execute function public.{name}()")


# Not 40001: PostgREST itself tries that again, for ever.
MIXED = [f"p{code}-{number}" for number in range(3) for code in ("57014", "42501", "55P03", "23514", "XX000", "MY001")]


@pytest.mark.parametrize("bad", [["p57014", "p42501"], ["p42501", "p57014"], MIXED], ids=["for now first", "for good first", "many"])
def test_rows_that_fail_for_now_and_for_good_keep_no_other_waiting(store, bad):
    refuse_by_name(store.project)
    good = [f"good{number}" for number in range(30)]
    store.upload(*bad, *good, url=NOBODY_LISTENS, words=["--flush", "0"])
    waiting = [name for name in bad if name[1:6] in ("57014", "55P03", "XX000")]
    outcome = store.run("audit", "flush", "--timeout", "20")
    assert outcome.code == 6 and any(name[1:6].encode() in outcome.err for name in waiting), outcome
    status = store.status()
    assert (status["pending"], status["parked"], status["delivered"]) == (len(waiting), len(bad) - len(waiting), 30)
    store.project.sql(f"drop trigger refuse on public.{store.project.table}")
    store.flush()
    assert store.run("audit", "retry").code == 0
    assert store.project.rows() == store.recorded()


def test_one_row_that_fails_in_a_function_of_the_database(store):
    """As where a trigger reads a time zone out of the metadata that there is none of."""
    table, name = store.project.table, f"zone_{store.project.table}"
    store.project.sql(
        f"create function public.{name}() returns trigger language plpgsql as "
        "$$ begin perform now() at time zone coalesce(new.metadata->>'tz', 'UTC'); return new; end $$"
    )
    store.project.sql(f"create trigger zone before insert on public.{table} for each row execute function public.{name}()")
    store.upload("a", words=["--meta", "tz=Mars", "--flush", "0"], url=NOBODY_LISTENS)
    (good,), outcome = store.upload("b", words=["--meta", "tz=Asia/Tokyo", "--flush", "60"])
    assert outcome.err == b"" and store.status()["parked"] == 1
    assert [line.split(",")[0] for line in store.project.rows()] == [good]


@pytest.mark.parametrize("grants, pending", [("select, update", 3), ("select, insert", 1)])
def test_a_missing_grant_parks_nothing(store, grants, pending):
    """Where rows may be inserted and not changed, uploads are told and deletions wait."""
    table = store.project.table
    (first,), _ = store.upload("a")
    store.project.sql(f"revoke all on public.{table} from service_role; grant {grants} on public.{table} to service_role")
    assert store.run("delete", first, "--flush", "0", url=NOBODY_LISTENS).code == 0
    ids, _ = store.upload("b", "c", url=NOBODY_LISTENS, words=["--flush", "0"])
    outcome = store.run("audit", "flush", "--timeout", "60")
    assert outcome.code == 5 and b"42501" in outcome.err, outcome
    assert store.status()["parked"] == 0 and store.status()["pending"] == pending
    store.project.sql(f"grant all on public.{table} to service_role")
    store.flush()
    assert store.project.rows() == store.recorded()


def test_a_trigger_that_refuses_every_row_parks_none(store):
    refuse_by_trigger(store.project, "true")
    store.upload("a", "b", "c", url=NOBODY_LISTENS, words=["--flush", "0"])
    outcome = store.run("audit", "flush", "--timeout", "60")
    assert outcome.code != 0 and b"MY001" in outcome.err
    assert store.status()["pending"] == 3 and store.status()["parked"] == 0
    store.project.sql(f"drop trigger refuse on public.{store.project.table}")
    store.flush()
    assert store.project.rows() == store.recorded()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_table_that_takes_no_row_parks_none(store, at_once):
    """Whatever the code is: that of a row without a value for a column, or of a trigger."""
    table = store.project.table
    store.project.sql(f"alter table public.{table} add column tenant text not null")
    for names in [["a", "b", "c"]] if at_once else [["a"], ["b"], ["c"]]:
        _, outcome = store.upload(*names)
        assert b"23502" in outcome.err and b"columns" in outcome.err, outcome
    assert store.status()["pending"] == 3 and store.status()["parked"] == 0
    assert store.run("audit", "flush", "--timeout", "60").code == 2
    assert store.project.rows() == []
    store.project.sql(f"alter table public.{table} drop column tenant")
    store.flush()
    assert store.project.rows() == store.recorded()


def test_one_row_that_a_table_without_others_refuses_is_parked(store):
    store.project.sql(f"alter table public.{store.project.table} add check (file_path <> 'a')")
    store.upload("a")
    assert store.status() == {"pending": 0, "parked": 1, "delivered": 0}
    assert store.project.rows() == []


STRICT = ["--option", "audit_strict=true"]


def test_strict_commands_end_once_the_project_knows(store, gateway):
    gateway.lose("POST", 1, "before")
    (file_id,), _ = store.upload("a.txt", url=gateway.url, words=[*STRICT, "--flush", "0"])
    assert store.project.rows() == store.recorded()
    assert store.run("delete", file_id, *STRICT, "--flush", "0").code == 0
    assert store.project.rows() == store.recorded() and store.recorded()[0].split(",")[2]


def test_a_strict_upload_that_the_project_is_not_told_of_is_stored(store):
    (store.tool.directory / "a.txt").write_text("a")
    outcome = store.run("upload", "a.txt", *STRICT, "--timeout", "1", "--flush", "0", url=NOBODY_LISTENS)
    (line,) = store.recorded()
    file_id = line.split(",")[0]
    assert outcome.code == 6 and f"{file_id} is stored, but".encode() in outcome.err, outcome
    assert (store.tool.directory / "storage" / file_id).read_text() == "a"
    store.flush()
    assert store.project.rows() == store.recorded()


def test_the_wait_at_the_end_is_within_the_time_of_the_call(store):
    (store.tool.directory / "a.txt").write_text("a")
    outcome = store.run("upload", "a.txt", "--timeout", "1", "--flush", "600", url=NOBODY_LISTENS)
    assert outcome.code == 0 and b"stays in the outbox" in outcome.err, outcome
    outcome = store.run("upload", "a.txt", *STRICT, "--timeout", "1", "--flush", "600", url=NOBODY_LISTENS)
    assert outcome.code == 6 and b"is stored, but" in outcome.err, outcome


def test_a_strict_upload_ends_at_once_where_waiting_does_not_help(store):
    (store.tool.directory / "b.txt").write_text("b")
    outcome = store.run("upload", "b.txt", *STRICT, "--flush", "0", key=store.project.anon_key)
    assert outcome.code == 6 and b"is stored, but" in outcome.err and b"42501" in outcome.err, outcome
    store.project.sql(f"alter table public.{store.project.table} add check (file_path not like 'b%')")
    outcome = store.run("upload", "b.txt", *STRICT, "--flush", "0")
    assert outcome.code == 6 and b"23514" in outcome.err, outcome


def test_strict_mode_without_a_project(store):
    (store.tool.directory / "a.txt").write_text("a")
    outcome = store.tool.run("upload", "a.txt", *STRICT)
    assert outcome.code == 2 and b"SUPABASE_URL" in outcome.err


def test_two_processes_tell_everything_once(store, gateway):
    names = [[f"{letter}{number}" for number in range(30)] for letter in "ab"]
    for name in (name for half in names for name in half):
        (store.tool.directory / name).write_text(name)
    words = ["--option", f"audit_table={store.project.table}", "--flush", "60"]
    both = [store.tool.start("upload", *half, *words, environment=store.environment(gateway.url)) for half in names]
    for process in both:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0 and errors == b""
    assert store.project.rows() == store.recorded()
    assert len(store.recorded()) == 60
    assert store.status() == {"pending": 0, "parked": 0, "delivered": 60}


def test_a_project_that_is_named_wrongly(store):
    (store.tool.directory / "a.txt").write_text("a")
    for environment, word in [
        ({"SUPABASE_URL": "ftp://secret@example"}, b"SUPABASE_KEY"),
        ({"SUPABASE_URL": "ftp://secret@example", "SUPABASE_KEY": "key"}, b"SUPABASE_URL"),
        ({"SUPABASE_URL": "http://example", "SUPABASE_KEY": "secret-key"}, b"TLS"),
        ({"SUPABASE_URL": "https://example", "SUPABASE_KEY": "a secret key"}, b"SUPABASE_KEY"),
    ]:
        outcome = store.tool.run("upload", "a.txt", environment=environment)
        assert outcome.code == 2 and word in outcome.err and b"secret" not in outcome.err, outcome
    outcome = store.tool.run("upload", "a.txt", "--option", "catalogue_path=off", environment=store.environment())
    assert outcome.code == 2 and b"catalogue" in outcome.err
    outcome = store.tool.run("upload", "a.txt", "--option", "audit_url=off", "--option", "catalogue_path=off", environment=store.environment())
    assert outcome.code == 0, outcome
    outcome = store.tool.run("upload", "a.txt", "--option", "audit_key=marker")
    assert outcome.code == 2 and b"command line" in outcome.err and b"marker" not in outcome.err


def test_the_project_in_a_configuration_file(store):
    config = store.tool.directory / "storage.yaml"
    config.write_text(
        f"storage:\n  audit:\n    url: {store.project.url}\n    key: {store.project.service_key}\n    table: {store.project.table}\n"
    )
    (store.tool.directory / "a.txt").write_text("a")
    outcome = store.tool.run("upload", "a.txt", "--config", config)
    assert outcome.code == 0 and outcome.err == b"", outcome
    assert store.project.rows() == store.recorded()
    config.write_text("storage:\n  audit:\n    tabel: x\n")
    outcome = store.tool.run("upload", "a.txt", "--config", config)
    assert outcome.code == 2 and b"storage.yaml:3" in outcome.err and b"did you mean 'table'" in outcome.err
