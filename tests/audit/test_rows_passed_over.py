"""What a project passes over with a success: rows that somebody else made, that its policies keep from being changed, or that it keeps with fewer digits."""

import time

import pytest
from store import NOBODY_LISTENS, Store

GRACE = ["--option", "soft_delete_grace=7d"]
# A few deletions are told one by one, many together.
FEW_AND_MANY = [3, 30]


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


def deletions(rows):
    return {line.split(",")[0]: line.split(",")[2] for line in rows}


def upload_unseen(store, count):
    """What this catalogue has noted and told nobody of."""
    store.upload("first")
    names = [f"f{number}" for number in range(count)]
    for name in names:
        (store.tool.directory / name).write_text(name)
    outcome = store.tool.run("upload", *names, "--flush", "0")
    assert outcome.code == 0, outcome
    return outcome.lines


@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_a_deletion_of_a_file_whose_row_another_catalogue_made(store, count):
    ids = upload_unseen(store, count)
    other = ["--option", f"catalogue_path={store.tool.directory / 'other.sqlite'}"]
    assert store.run("audit", "reconcile", "--repair", *other).code == 0
    assert len(store.project.rows()) == count + 1
    assert store.tool.run("delete", *ids, "--flush", "0").code == 0
    store.flush()
    assert deletions(store.project.rows()) == deletions(store.recorded())
    assert store.status() == {"pending": 0, "parked": 0, "delivered": count + 1}
    assert store.run("audit", "reconcile").code == 0


@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_a_deletion_that_somebody_recorded_before_stands(store, count):
    ids = upload_unseen(store, count)
    listed = ", ".join(f"('{file_id}', 'a', '2026-01-01Z', '2026-01-02Z')" for file_id in ids)
    store.project.sql(f"insert into public.{store.project.table} (file_id, file_path, uploaded_at, deleted_at) values {listed}")
    assert store.tool.run("delete", *ids, "--flush", "0").code == 0
    store.flush()
    told = deletions(store.project.rows())
    assert {told[file_id] for file_id in ids} == {"2026-01-02T00:00:00.000000Z"}
    assert store.status() == {"pending": 0, "parked": 0, "delivered": count + 1}


def allow(project, *commands):
    """A key without rights of its own may do these, and no more."""
    for command in commands:
        terms = {"select": "using (true)", "insert": "with check (true)", "update": "using (true) with check (true)"}[command]
        project.sql(f"create policy may_{command} on public.{project.table} for {command} to anon {terms}")
    project.sql(f"grant select, insert, update on public.{project.table} to anon")


@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_deletions_stay_where_policies_let_no_row_be_changed(store, count):
    allow(store.project, "select", "insert")
    anonymous = {"key": store.project.anon_key}
    ids, _ = store.upload(*(f"f{number}" for number in range(count)), **anonymous)
    outcome = store.run("delete", *ids, "--flush", "60", **anonymous)
    assert outcome.code == 0 and b"row-level security" in outcome.err, outcome
    # What is uploaded goes on.
    _, outcome = store.upload("another", **anonymous)
    assert len(store.project.rows()) == count + 1
    failed = store.run("audit", "flush", "--timeout", "60", **anonymous)
    assert failed.code == 5 and b"service key" in failed.err, failed
    status = store.status()
    assert (status["pending"], status["parked"]) == (count, 0)
    assert not any(deletions(store.project.rows()).values())
    allow(store.project, "update")
    store.flush(**anonymous)
    assert store.project.rows() == store.recorded()


def test_an_undeletion_stays_where_policies_let_no_row_be_changed(store):
    allow(store.project, "select", "insert")
    (file_id,), _ = store.upload("a")
    assert store.run("delete", file_id, *GRACE).code == 0
    outcome = store.run("undelete", file_id, *GRACE, "--flush", "60", key=store.project.anon_key)
    assert b"row-level security" in outcome.err and store.status()["pending"] == 1, outcome
    store.flush()
    assert store.project.rows() == store.recorded() and not store.recorded()[0].split(",")[2]


def test_a_repair_that_policies_pass_over_has_failed(store):
    allow(store.project, "select", "insert")
    (file_id,), _ = store.upload("a")
    store.project.sql(f"update public.{store.project.table} set deleted_at = now()")
    outcome = store.run("audit", "reconcile", "--repair", "--flush", "0", key=store.project.anon_key)
    assert outcome.code != 0 and b"1 marked deleted" in outcome.out and b"0 repaired, 1 failed" in outcome.out, outcome
    assert file_id.encode() in outcome.out and b"row-level security" in outcome.out
    assert deletions(store.project.rows())[file_id]


def test_uploads_stay_where_a_trigger_drops_them(store):
    table = store.project.table
    store.project.sql(f"create function public.drop_{table}() returns trigger language plpgsql as $$ begin return null; end $$")
    store.project.sql(f"create trigger gone before insert on public.{table} for each row execute function public.drop_{table}()")
    _, outcome = store.upload("a", "b", words=["--flush", "60"])
    assert b"trigger" in outcome.err and store.status()["pending"] == 2 and store.status()["parked"] == 0
    store.project.sql(f"drop trigger gone on public.{table}")
    store.flush()
    assert store.project.rows() == store.recorded()


COLUMNS = ["timestamptz(3)", "timestamp(3)", "timestamp(0)", "date"]


def use(project, kind):
    for column in ("uploaded_at", "deleted_at"):
        project.sql(f"alter table public.{project.table} alter column {column} type {kind}")
    time.sleep(1)


def kept(store, kind):
    """What the table has, and what it would make of what the catalogue has."""
    told = store.project.sql(f"select file_id, deleted_at from public.{store.project.table} order by 1")
    listed = ", ".join(f"('{file_id}', '{at}'::{kind})" for file_id, at in sorted(deletions(store.recorded()).items()))
    return told, store.project.sql(f"select * from (values {listed}) recorded order by 1")


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_columns_of_fewer_digits_keep_what_they_can_of_a_deletion(store, kind, count):
    use(store.project, kind)
    ids, _ = store.upload(*(f"f{number}" for number in range(count)))
    assert store.run("delete", *ids, "--flush", "0", url=NOBODY_LISTENS).code == 0
    store.flush()
    told, expected = kept(store, kind)
    assert told == expected and len(told) == count
    assert store.status() == {"pending": 0, "parked": 0, "delivered": 2 * count}


@pytest.mark.parametrize("kind", COLUMNS)
def test_deletions_are_taken_back_in_columns_of_fewer_digits(store, kind):
    use(store.project, kind)
    ids, _ = store.upload(*(f"f{number}" for number in range(5)))
    assert store.run("delete", *ids, *GRACE).code == 0
    assert len(store.project.sql(f"select file_id from public.{store.project.table} where deleted_at is not null")) == 5
    for file_id in ids:
        assert store.run("undelete", file_id, *GRACE).code == 0
    assert not store.project.sql(f"select file_id from public.{store.project.table} where deleted_at is not null")
    assert store.run("audit", "reconcile").code == 0


@pytest.mark.parametrize("count", [1, 9, 30])
def test_deletions_of_rows_that_the_table_refuses_keep_no_other_waiting(store, count):
    """It is as new rows that they are refused."""
    store.project.sql(f"alter table public.{store.project.table} add check (file_path not like 'b%')")
    bad, _ = store.upload(*(f"b{number}" for number in range(count)))
    assert store.status()["parked"] == count
    assert store.run("delete", *bad, "--flush", "0", url=NOBODY_LISTENS).code == 0
    store.upload("a1", "a2", url=NOBODY_LISTENS, words=["--flush", "0"])
    store.flush()
    status = store.status()
    assert (status["pending"], status["parked"]) == (0, count)
    assert [line for line in store.recorded() if line.split(",")[0] not in bad] == store.project.rows()


def test_an_upload_does_not_wait_for_deletions_that_a_trigger_refuses(store):
    table = store.project.table
    ids, _ = store.upload(*(f"f{number}" for number in range(12)))
    store.project.sql(f"create function public.no_{table}() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$")
    store.project.sql(f"create trigger no before update on public.{table} for each row execute function public.no_{table}()")
    assert store.run("delete", *ids, "--flush", "0", url=NOBODY_LISTENS).code == 0
    (store.tool.directory / "a").write_text("a")
    outcome = store.run("upload", "a", "--option", "audit_strict=true", "--flush", "0")
    assert outcome.code == 0, outcome
    assert store.status()["pending"] == 12 and store.status()["parked"] == 0
    store.project.sql(f"drop trigger no on public.{table}")
    store.flush()
    assert store.project.rows() == store.recorded()


@pytest.mark.parametrize("command", [["cleanup", "--yes"], ["audit", "reconcile"], ["audit", "files"]])
@pytest.mark.parametrize("constraint", ["alter column uploaded_at set not null, alter column uploaded_at drop default", "add check (file_path like 'x%')"])
def test_an_empty_table_with_constraints_is_no_hidden_one(store, constraint, command):
    store.project.sql(f"alter table public.{store.project.table} {constraint}")
    outcome = store.run(*command)
    assert outcome.code == 0 and outcome.err == b"", outcome


@pytest.mark.parametrize("command", [["cleanup", "--yes"], ["audit", "reconcile"], ["audit", "files"]])
def test_a_hidden_table_with_constraints_is_no_empty_one(store, command):
    store.upload("x")
    store.project.sql(f"alter table public.{store.project.table} add check (file_path like 'x%')")
    outcome = store.run(*command, key=store.project.anon_key)
    assert outcome.code == 5 and b"42501" in outcome.err, outcome


def trigger(project, event, body):
    """For each row, before it is written."""
    table, name = project.table, f"{event}_{project.table}"
    project.sql(f"create function public.{name}() returns trigger language plpgsql as $$ begin {body} end $$")
    project.sql(f"create trigger {event}_first before {event} on public.{table} for each row execute function public.{name}()")


def delete_unseen(store, count):
    """Files that the table has, and deletions that nobody was told of."""
    ids, _ = store.upload(*(f"f{number}" for number in range(count)))
    assert store.tool.run("delete", *ids, "--flush", "0").code == 0
    return ids


@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_a_trigger_that_takes_deletions_out_of_what_is_inserted(store, count):
    trigger(store.project, "insert", "new.deleted_at := null; return new;")
    delete_unseen(store, count)
    unseen = upload_unseen(store, count)
    assert store.tool.run("delete", *unseen, "--flush", "0").code == 0
    store.flush()
    assert store.project.rows() == store.recorded()
    assert store.run("audit", "reconcile").code == 0


REFUSALS_OF_DELETED_ROWS = {
    "a trigger": lambda project: trigger(project, "insert", "if new.deleted_at is not null then raise exception 'no'; end if; return new;"),
    "a code of permissions": lambda project: trigger(project, "insert", "if new.deleted_at is not null then raise insufficient_privilege; end if; return new;"),
    "a policy": lambda project: project.sql(f"create policy not_deleted on public.{project.table} as restrictive for insert with check (deleted_at is null)"),
}


@pytest.mark.parametrize("refusal", REFUSALS_OF_DELETED_ROWS)
@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_deletions_are_told_where_no_deleted_row_may_be_inserted(store, refusal, count):
    allow(store.project, "select", "insert", "update")
    REFUSALS_OF_DELETED_ROWS[refusal](store.project)
    anonymous = {"key": store.project.anon_key}
    delete_unseen(store, count)
    unseen = upload_unseen(store, count)
    assert store.tool.run("delete", *unseen, "--flush", "0").code == 0
    store.flush(**anonymous)
    assert store.project.rows() == store.recorded()
    assert store.status()["parked"] == 0


@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_deletions_wait_where_policies_hide_what_is_deleted(store, count):
    """No row may be made one that its key does not see."""
    project = store.project
    allow(project, "insert", "update")
    project.sql(f"create policy stored on public.{project.table} for select to anon using (deleted_at is null)")
    anonymous = {"key": project.anon_key}
    delete_unseen(store, count)
    failed = store.run("audit", "flush", "--timeout", "60", **anonymous)
    assert failed.code == 5 and b"42501" in failed.err, failed
    status = store.status()
    assert (status["pending"], status["parked"]) == (count, 0)
    store.flush()
    assert project.rows() == store.recorded()


FINAL_DELETIONS = {
    "a policy": lambda project: project.sql(f"create policy final on public.{project.table} as restrictive for update using (deleted_at is null) with check (true)"),
    "a trigger": lambda project: trigger(project, "update", "if old.deleted_at is not null then raise exception 'final'; end if; return new;"),
    "a trigger that passes what stays the same": lambda project: trigger(project, "update", "if old.deleted_at is not null and new.deleted_at is distinct from old.deleted_at then raise exception 'final'; end if; return new;"),
    "a trigger that keeps the old row": lambda project: trigger(project, "update", "if old.deleted_at is not null and new.deleted_at is distinct from old.deleted_at then return old; end if; return new;"),
    "a silent trigger": lambda project: trigger(project, "update", "if old.deleted_at is not null then return null; end if; return new;"),
}


@pytest.mark.parametrize("final", FINAL_DELETIONS)
@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_deletions_have_their_times_where_they_are_final(store, final, count):
    allow(store.project, "select", "insert", "update")
    FINAL_DELETIONS[final](store.project)
    delete_unseen(store, count)
    store.flush(key=store.project.anon_key)
    assert store.project.rows() == store.recorded()
    assert store.run("audit", "reconcile").code == 0


@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_deletions_wait_where_a_trigger_drops_them_in_silence(store, count):
    trigger(store.project, "update", "new.deleted_at := old.deleted_at; return new;")
    delete_unseen(store, count)
    failed = store.run("audit", "flush", "--timeout", "60")
    assert failed.code == 5 and b"does not change the row" in failed.err, failed
    status = store.status()
    assert (status["pending"], status["parked"]) == (count, 0)
    store.project.sql(f"drop trigger update_first on public.{store.project.table}")
    store.flush()
    assert store.project.rows() == store.recorded()


@pytest.mark.parametrize("count", FEW_AND_MANY)
def test_deletions_are_told_to_a_view_of_stored_files(store, count):
    project = store.project
    # In one transaction: a server that knows the table by its new name knows the view too.
    project.sql(
        f"alter table public.{project.table} rename to of_{project.table}; "
        f"create view public.{project.table} as select * from public.of_{project.table} where deleted_at is null"
    )
    project.wait_for_the_table(f"of_{project.table}")
    try:
        delete_unseen(store, count)
        store.flush()
        told = project.sql(f"select file_id, to_char(deleted_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from public.of_{project.table} order by 1")
        assert told == sorted(",".join(one) for one in deletions(store.recorded()).items())
        assert store.status()["parked"] == 0
    finally:
        project.sql(f"drop view public.{project.table}; alter table public.of_{project.table} rename to {project.table}")


NOT_BEFORE_THE_UPLOAD = {
    "passed over": "if new.deleted_at < new.uploaded_at then return null; end if; return new;",
    "taken away": "if new.deleted_at < new.uploaded_at then new.deleted_at := null; end if; return new;",
    "lifted": "if new.deleted_at < new.uploaded_at then new.deleted_at := new.uploaded_at; end if; return new;",
}


@pytest.mark.parametrize("are_old", [0, 4])
@pytest.mark.parametrize("rule", NOT_BEFORE_THE_UPLOAD)
def test_deletions_have_their_times_where_none_may_be_before_the_upload(store, rule, are_old):
    """Claims may be: of all rows, or not of those that are told first."""
    store.upload("first")
    ids = delete_unseen(store, 30)
    old = ", ".join(f"'{file_id}'" for file_id in ids[:are_old] + ["none"])
    store.project.sql(f"update public.{store.project.table} set uploaded_at = '2026-01-01Z' where file_id in ({old})")
    trigger(store.project, "update", NOT_BEFORE_THE_UPLOAD[rule])
    store.flush()
    assert deletions(store.project.rows()) == deletions(store.recorded())
    assert store.status()["parked"] == 0


def test_deletions_are_as_the_table_makes_them(store):
    trigger(store.project, "update", "new.deleted_at := date_trunc('minute', new.deleted_at); return new;")
    delete_unseen(store, 30)
    store.flush()
    told, recorded = deletions(store.project.rows()), deletions(store.recorded())
    assert told == {file_id: at[: at.rindex(":")] + ":00.000000Z" for file_id, at in recorded.items()}


def test_deletions_are_told_by_a_key_that_may_not_read_metadata(store):
    project = store.project
    allow(project, "insert", "select", "update")
    project.sql(f"revoke select on public.{project.table} from anon")
    project.sql(f"grant select (file_id, file_path, uploaded_at, deleted_at) on public.{project.table} to anon")
    delete_unseen(store, 40)
    store.flush(key=project.anon_key)
    assert project.rows() == store.recorded()


REFUSALS_WITHOUT_A_CODE = {
    "raised": """raise sqlstate 'PGRST' using message = '{"code":"HELD","message":"held"}', detail = '{"status":409,"headers":{}}';""",
    "raised wrongly": "raise sqlstate 'PGRST' using message = 'held', detail = 'none';",
}


@pytest.mark.parametrize("refusal", REFUSALS_WITHOUT_A_CODE)
def test_a_row_that_is_refused_by_a_status_keeps_no_other_waiting(store, refusal):
    trigger(store.project, "insert", f"if new.file_path like 'bad%' then {REFUSALS_WITHOUT_A_CODE[refusal]} end if; return new;")
    store.upload(*(f"f{number}" for number in range(6)), "bad", *(f"g{number}" for number in range(6)), words=["--flush", "0"])
    store.flush()
    status = store.status()
    assert (status["pending"], status["parked"], len(store.project.rows())) == (0, 1, 12)


@pytest.mark.parametrize("status", [400, 403, 422, 451])
def test_a_row_that_a_gateway_refuses_keeps_no_other_waiting(store, gateway, status):
    # IDs may hold shorter words.
    gateway.before = lambda request: (status, {"Content-Type": "application/json"}, b'{"message":"no"}') if b"unwanted" in request.body else None
    store.upload(*(f"f{number}" for number in range(6)), "unwanted", *(f"g{number}" for number in range(6)), url=NOBODY_LISTENS, words=["--flush", "0"])
    store.flush(url=gateway.url)
    told = store.status()
    assert (told["pending"], told["parked"], len(store.project.rows())) == (0, 1, 12)
