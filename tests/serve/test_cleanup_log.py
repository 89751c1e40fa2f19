"""Why a cleanup of the service fails: each file that does, and each run, on standard error and in the metrics."""

import pytest
from access import configure, start
from stores import set_age
from test_metrics import metrics_of
from test_reload import next_word, reload
from waiting import wait_until

MOST_LINES = 20


def broken(service, local, count):
    """Old files that no cleanup can look at."""
    ids = [service.upload(b"x") for _ in range(count)]
    for file_id in ids:
        set_age(local, file_id, 3)
        (local.base / "metadata" / f"{file_id}.json").write_text("{")
    return ids


def counts(service):
    told = metrics_of(service)
    names = ("cleanup_failed_runs_total", "cleanup_failed_files_total", "last_cleanup_failed_files", "last_cleanup_success")
    return tuple(told.value(name) for name in names)


def test_files_that_fail(service, local):
    assert metrics_of(service).value("cleanup_failed_files_total") == metrics_of(service).value("cleanup_failed_runs_total") == 0
    ids = broken(service, local, 2)
    old = service.upload(b"y")
    set_age(local, old, 3)
    for run in (1, 2):
        assert service.call("POST", "/cleanup?days=1").json()["deleted_count"] == (1 if run == 1 else 0)
        words = [next_word(service) for _ in ids]
        assert sorted(word.split(": ")[:2] for word in words) == sorted(["cleanup", f"file {file_id}"] for file_id in ids)
        assert all(len(word.split(": ")) > 2 for word in words)
        assert counts(service) == (0, 2 * run, 2, 0)
    for file_id in ids:
        (local.base / "metadata" / f"{file_id}.json").unlink()
    assert service.call("POST", "/cleanup?days=1").json()["deleted_count"] == 2
    assert counts(service) == (0, 4, 0, 1)
    service.stop()


def test_many_files_that_fail_do_not_fill_the_log(service, local):
    broken(service, local, MOST_LINES + 5)
    service.call("POST", "/cleanup?days=1")
    words = [next_word(service) for _ in range(MOST_LINES + 1)]
    assert all(word.startswith("cleanup: file ") for word in words[:-1]) and words[-1] == "cleanup: 5 more files failed"
    assert counts(service) == (0, MOST_LINES + 5, MOST_LINES + 5, 0)
    service.stop()


NOBODY = {"url": "http://127.0.0.1:9", "key": "a-service-key"}


def test_a_run_that_fails(tool, local):
    service = start(tool, local, sections={"audit": NOBODY})
    answer = service.call("POST", "/cleanup?days=1")
    assert answer.status == 500
    word = next_word(service)
    assert word == "cleanup: " + answer.json()["detail"] and "127.0.0.1" in word and NOBODY["key"] not in word
    assert counts(service) == (1, 0, 0, 0)
    service.stop()


@pytest.mark.parametrize("is_whole_run", [False, True], ids=["files", "run"])
def test_scheduled_runs(tool, local, is_whole_run):
    """A minute is the shortest that there is."""
    service = start(tool, local)
    ids = [] if is_whole_run else broken(service, local, 2)
    cleanup = {"enabled": True, "schedule": "* * * * *", "jitter": 0, "retention_days": 1}
    configure(tool, local, sections={"cleanup": cleanup, **({"audit": NOBODY} if is_whole_run else {})})
    reload(service)
    if is_whole_run:
        assert next_word(service).startswith("cleanup: nothing was removed")
    else:
        assert {next_word(service).split(": ")[1] for _ in ids} == {f"file {file_id}" for file_id in ids}
    wait_until(lambda: metrics_of(service).has("last_cleanup_success"), service.process)
    assert counts(service)[3] == 0 and counts(service)[0] == int(is_whole_run)
