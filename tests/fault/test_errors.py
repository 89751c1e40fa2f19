"""A system call of the command fails, each in turn: the command says so and leaves the store as it was, or gets over it."""

import errno
import os

import pytest
from command import assert_succeeds
from operations import CHANGES, CHANGES_IN_SHARDS, CONVERSIONS, EVERY_OPERATION
from sweep import Sweep

ERRORS = ["EIO", "ENOSPC", "EDQUOT", "EINTR", "EMFILE", "ENOMEM"]
# Full disks and used-up tables stay so.
LASTING_ERRORS = ["EIO", "ENOSPC", "EMFILE"]
# Where a signal comes in between, these are simply made again.
REPEATED_AFTER_SIGNALS = ["read", "write", "pread64", "pwrite64"]
# Of what the store writes, no failure may be passed over. SQLite writes in other ways, and again where it can.
NEVER_PASSED_OVER = ["write", "fsync", "sync_file_range"]
SECONDS_FOR_AN_ERROR = 0.4


def points_of(scene, tamper, operation):
    outcome, calls = operation.run(scene, tamper.run)
    assert_succeeds(outcome, out=outcome.out)
    assert len(calls) > 5, "the calls were not counted"
    return [call.number for call in calls]


def run_with(scene, tamper, operation, *action):
    """The outcome, and the calls that failed."""
    return operation.run(scene, lambda *given, **options: tamper.run(*given, action=action, **options))


def assert_says_why(outcome, error, failed):
    """One line, of what failed and where. Of its own files SQLite tells what the failure means to it."""
    text = outcome.err.decode()
    assert text.startswith("filestore: ") and text.count("\n") == 1, outcome
    assert any(word in text for word in ("/", "standard", "descriptor")), outcome
    if "catalogue" in failed.file:
        assert "catalogue" in text, outcome
    else:
        assert os.strerror(getattr(errno, error)) in text or "changed while it was read" in text, outcome


def assert_got_over(outcome, error, failed):
    assert outcome.err == b"", outcome
    assert error == "EINTR" or failed.name not in NEVER_PASSED_OVER, outcome


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("operation", [*EVERY_OPERATION, *CHANGES_IN_SHARDS, *CONVERSIONS], ids=str)
def test_an_error_of_each_call(scene, tamper, operation, error):
    operation.prepare(scene)
    with Sweep(f"{error} of each call of {operation}", SECONDS_FOR_AN_ERROR, fewest=3) as sweep:
        for point in sweep.of(points_of(scene, tamper, operation)):
            scene.restore()
            outcome, failed = run_with(scene, tamper, operation, "error", point, getattr(errno, error))
            with sweep.at(failed, outcome):
                if outcome.code == 0 and failed:
                    assert_got_over(outcome, error, failed[0])
                elif failed:
                    assert not (error == "EINTR" and failed[0].name in REPEATED_AFTER_SIGNALS)
                    assert_says_why(outcome, error, failed[0])
                operation.settle(scene, operation.visible_after(scene, outcome, scene.kept))


@pytest.mark.parametrize("error", LASTING_ERRORS)
@pytest.mark.parametrize("operation", CHANGES, ids=str)
def test_an_error_that_lasts(scene, tamper, operation, error):
    """From one call on, every later one of that name fails too: so do those that would take back or tell what happened."""
    with Sweep(f"{error} of each call and the later ones of {operation}", SECONDS_FOR_AN_ERROR, fewest=3) as sweep:
        for point in sweep.of(points_of(scene, tamper, operation)):
            scene.restore()
            outcome, failed = run_with(scene, tamper, operation, "errors", point, getattr(errno, error))
            with sweep.at(failed[:1], outcome):
                if failed and failed[0].name != "write":
                    assert (outcome.code == 0) == (outcome.err == b"")
                visible = operation.visible_after(scene, outcome, scene.kept, lasting=True)
                doubtful = set(visible) - set(scene.kept) if outcome.code != 0 else set()
                scene.settle(visible, doubtful)
