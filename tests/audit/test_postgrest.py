"""What the library would send to a Supabase project, sent to a real one: PostgreSQL, PostgREST and a gateway."""

import contextlib
import subprocess
import uuid

UPLOADED = "2026-01-31T23:59:59.000001Z"
DELETED = "2026-02-01T12:00:00.500000Z"
LATER = "2026-03-01T00:00:00.000000Z"


def row(file_id, uploaded_at=UPLOADED, deleted_at="", path="a/ä b.txt", metadata='{"owner":"ada","n":[1,null]}'):
    return (file_id, path, metadata, uploaded_at, deleted_at)


def new_id():
    return str(uuid.uuid4())


def test_an_upload_counts_once_however_often_it_is_sent(project):
    first, second = new_id(), new_id()
    assert project.insert(row(first)) == "done"
    assert project.insert(row(first, path="another"), row(second, uploaded_at=LATER)) == "done"
    assert project.insert(row(first), row(second, uploaded_at=LATER)) == "done"
    assert project.rows() == [f"{first},{UPLOADED},", f"{second},{LATER},"]
    assert project.sql(f"select file_path, metadata ->> 'owner', metadata -> 'n' ->> 0 from public.{project.table} where file_id = '{first}'") == [
        "a/ä b.txt,ada,1"
    ]


def test_the_first_deletion_stands(project):
    ids = [new_id() for _ in range(100)]
    assert project.insert(*map(row, ids)) == "done"
    assert project.delete(DELETED, ids[0]) == "done"
    assert project.delete(LATER, *ids) == "done"
    assert project.delete(DELETED, *ids) == "done"
    assert sorted(project.rows()) == sorted([f"{ids[0]},{UPLOADED},{DELETED}", *(f"{file_id},{UPLOADED},{LATER}" for file_id in ids[1:])])


def test_a_deletion_of_what_is_not_there_does_nothing(project):
    assert project.delete(DELETED, new_id()) == "done"
    assert project.rows() == []


def test_a_deletion_that_overtakes_its_upload(project):
    file_id = new_id()
    assert project.insert(row(file_id, deleted_at=DELETED)) == "done"
    assert project.insert(row(file_id)) == "done"
    assert project.delete(LATER, file_id) == "done"
    assert project.rows() == [f"{file_id},{UPLOADED},{DELETED}"]


def test_a_deletion_of_a_file_whose_upload_nobody_recorded(project):
    file_id = new_id()
    assert project.insert(row(file_id, uploaded_at="", deleted_at=DELETED)) == "done"
    (line,) = project.rows()
    assert line.startswith(f"{file_id},20") and line.endswith(f",{DELETED}")


def test_one_bad_row_is_told_apart(project):
    assert project.insert(row(new_id()), row(new_id(), metadata='{"a":"\\u0000"}')) == "of_a_row 22P05"
    assert project.rows() == []
    project.sql(f"alter table public.{project.table} add check (file_path <> 'forbidden')")
    assert project.insert(row(new_id(), path="forbidden")) == "of_a_row 23514"


def test_keys(project):
    file_id = new_id()
    assert project.insert(row(file_id), key=project.secret_key) == "done"
    assert project.insert(row(new_id()), key=project.ended_key) in ("of_the_key PGRST301", "of_the_key PGRST303", "of_the_key")
    assert project.insert(row(new_id()), key=project.forged_key).startswith("of_the_key")
    assert project.insert(row(new_id()), key="unknown") == "of_the_key"
    assert project.insert(row(new_id()), key=project.anon_key) == "of_permission 42501"
    assert project.rows() == [f"{file_id},{UPLOADED},"]


def test_tables_that_are_not_as_they_must_be(project):
    assert project.insert(row(new_id()), table="nowhere") in ("of_the_table", "of_the_table 42P01", "of_the_table PGRST205")
    project.sql(f"alter table public.{project.table} drop constraint {project.table}_pkey")
    assert project.insert(row(new_id())) == "of_the_table 42P10"


@contextlib.contextmanager
def locked(project):
    command = [*project.psql, "--variable", "ON_ERROR_STOP=1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        session.stdin.write(f"begin; lock table public.{project.table} in exclusive mode;\n\\echo locked\n")
        session.stdin.flush()
        assert session.stdout.readline().strip() == "locked"
        yield
        session.stdin.write("rollback;\n")
        session.stdin.close()


def test_a_locked_table_is_for_now(project):
    with locked(project):
        assert project.insert(row(new_id())) in ("for_now 57014", "for_now 55P03")
