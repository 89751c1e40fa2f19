"""A system call of the command fails, each in turn: the command says so and leaves the store as it was, or gets over it."""

import errno
import os

import pytest
from command import assert_succeeds
from operations import CHANGES, EVERY_OPERATION
from sweep import Sweep

ERRORS = [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, errno.EMFILE, errno.ENOMEM]
# A full disk and a lack of descriptors last.
LASTING_ERRORS = [errno.EIO, errno.ENOSPC, errno.EMFILE]
# Where a signal comes in between, these are simply made again.
REPEATED_AFTER_SIGNALS = ["read", "write", "pread64", "pwrite64"]
# Any number, for a run without an error.
NEVER = 1 << 30


def points_of(scene, tamper, operation, errors):
    outcome, calls = operation.run(scene, tamper.run)
    assert_succeeds(outcome, out=outcome.out)
    assert len(calls) > 5, "the calls were not counted"
    return [(call.number, error) for call in calls for error in errors]


def run_with_error(scene, tamper, operation, point, action):
    number, error = point
    return operation.run(
        scene, lambda *given, **options: tamper.run(*given, action=(action, number, error), **options)
    )


def assert_says_why(scene, outcome, error):
    """One line, of what failed and where."""
    text = outcome.err.decode()
    assert text.startswith("filestore: ") and text.count("\n") == 1, outcome
    assert os.strerror(error) in text, outcome


def assert_ended_well(scene, outcome, error, struck):
    if outcome.code == 0:
        assert outcome.err == b"", outcome
        return
    assert not (error == errno.EINTR and struck[0].name in REPEATED_AFTER_SIGNALS), outcome
    assert_says_why(scene, outcome, error)


@pytest.mark.parametrize("operation", EVERY_OPERATION, ids=str)
def test_an_error_of_each_call(scene, tamper, operation):
    with Sweep(f"an error of each call of {operation}", 3) as sweep:
        for point in sweep.of(points_of(scene, tamper, operation, ERRORS)):
            scene.restore()
            outcome, struck = run_with_error(scene, tamper, operation, point, "error")
            with sweep.at((struck, outcome)):
                assert_ended_well(scene, outcome, point[1], struck)
                scene.settle(operation.visible_after(scene, outcome, scene.kept))
