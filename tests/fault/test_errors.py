"""A system call of the command fails, each in turn: the command says so and leaves the store as it was, or gets over it."""

import errno
import os

import pytest
from operations import CHANGES, CHANGES_IN_SHARDS, CONVERSIONS, EVERY_OPERATION, InShards, Repair, Verify
from scene import ID
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
    assert outcome.code == operation.code and outcome.err == b"", outcome
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


def assert_got_over(operation, outcome, error, failed):
    assert error == "EINTR" or failed.name not in NEVER_PASSED_OVER or operation.may_pass_over(failed), outcome


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "operation", [*EVERY_OPERATION, *CHANGES_IN_SHARDS, *CONVERSIONS, Verify(), InShards(Verify()), Repair()], ids=str
)
def test_an_error_of_each_call(scene, tamper, operation, error):
    operation.prepare(scene)
    with Sweep(f"{error} of each call of {operation}", SECONDS_FOR_AN_ERROR, fewest=3) as sweep:
        for point in sweep.of(points_of(scene, tamper, operation)):
            scene.restore()
            outcome, failed = run_with(scene, tamper, operation, "error", point, getattr(errno, error))
            with sweep.at(failed, outcome):
                if not failed:
                    assert outcome.code == operation.code, outcome
                elif outcome.code == operation.code and not outcome.err:
                    assert_got_over(operation, outcome, error, failed[0])
                elif not operation.is_told_in_findings(outcome, error):
                    assert not (error == "EINTR" and failed[0].name in REPEATED_AFTER_SIGNALS)
                    assert_says_why(outcome, error, failed[0])
                operation.settle(scene, operation.visible_after(scene, outcome, scene.kept))


@pytest.mark.parametrize("operation, error", [(Verify(), "EMFILE"), (InShards(Verify()), "ENFILE"), (Repair(), "EMFILE")], ids=str)
def test_no_descriptor_for_a_file_that_is_verified(scene, tamper, operation, error):
    """That the process has none left is no damage of the file."""

    def is_opening(call):
        return call.name.startswith("open") and ID.search(call.file)

    operation.prepare(scene)
    _, calls = operation.run(scene, tamper.run)
    opened = set()
    for point in [call.number for call in calls if is_opening(call)]:
        scene.restore()
        outcome, failed = run_with(scene, tamper, operation, "error", point, getattr(errno, error))
        # Not every run makes the same calls.
        if failed and is_opening(failed[0]):
            opened.add(failed[0].file)
            assert outcome.code == 1, (failed, outcome)
            assert_says_why(outcome, error, failed[0])
            operation.visible_after(scene, outcome, scene.kept)
    assert len(opened) >= 2, calls


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
                    # A file is deleted also where nobody can look for its copies then.
                    copies = outcome.code == 0 and outcome.err.startswith(b"filestore: copies at providers: ")
                    assert (outcome.code == 0) == (outcome.err == b"" or copies)
                visible = operation.visible_after(scene, outcome, scene.kept, lasting=True)
                doubtful = set(visible) - set(scene.kept) if outcome.code != 0 else set()
                scene.settle(visible, doubtful)
