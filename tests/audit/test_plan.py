"""A page of old files costs what it holds, however many rows the project has: the index that examples/supabase/ makes is used, and no scan of the table."""

import datetime
import os
import time

LONG = os.environ.get("FILESTORE_TEST_LONG") == "1"
ROWS = 1_000_000 if LONG else 50_000
OLD = ROWS // 10
PAGE = 1000
FIRST = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def fill(project):
    """One file a minute."""
    project.sql(
        f"insert into public.{project.table} select gen_random_uuid(), 'name', '{{}}', '{FIRST.isoformat()}'::timestamptz + n * interval '1 minute' "
        f"from generate_series(0, {ROWS - 1}) n"
    )
    project.sql(f"vacuum analyze public.{project.table}")


def time_of(minute):
    return (FIRST + datetime.timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


def scans(project):
    """How often the table was read through, and how many entries of its indexes were read."""
    project.sql("select pg_stat_clear_snapshot()")
    (row,) = project.sql(
        "select seq_scan, (select sum(idx_tup_read) from pg_stat_user_indexes where relname = tables.relname) "
        f"from pg_stat_user_tables tables where relname = '{project.table}'"
    )
    return tuple(map(int, row.split(",")))


def test_one_pass_by_the_index(project):
    fill(project)
    before = scans(project)
    found, behind = [], ()
    while rows := project.page(time_of(OLD), PAGE, *behind):
        found += [row["file_id"] for row in rows]
        last = rows[-1]
        behind = (last["uploaded_at"], last["file_id"])
    assert len(found) == len(set(found)) == OLD

    # A session of the server tells of its reads when it is idle for a second, or ends.
    project.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'")
    give_up = time.monotonic() + 60
    while (after := scans(project))[1] < before[1] + OLD:
        assert time.monotonic() < give_up, (before, after)
    assert after[0] == before[0]
    pages = OLD // PAGE + 1
    assert OLD <= after[1] - before[1] <= OLD + 2 * pages


def nodes_of(plan):
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes_of(part)


def test_the_plan(project):
    """Of the statement that PostgREST makes of the request that the library sends."""
    fill(project)
    plan = project.plan_of_page(time_of(OLD), PAGE, time_of(OLD // 2), "")
    nodes = list(nodes_of(plan))
    assert not [node for node in nodes if node["Node Type"] in ("Seq Scan", "Sort", "Bitmap Heap Scan")], nodes
    (scan,) = [node for node in nodes if node.get("Relation Name") == project.table]
    assert scan["Node Type"] in ("Index Scan", "Index Only Scan")
    assert "uploaded_at" in scan["Index Cond"]
    assert scan["Actual Rows"] == PAGE and scan.get("Rows Removed by Filter", 0) <= 1
