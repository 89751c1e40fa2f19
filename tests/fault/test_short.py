"""The system transfers less than it is asked for, in every call: nothing is lost by it."""

import pytest
from command import LONG, assert_succeeds
from operations import EVERY_OPERATION

SIZES = [1, 61] if LONG else [61]


@pytest.mark.parametrize("most_bytes", SIZES)
@pytest.mark.parametrize("operation", EVERY_OPERATION, ids=str)
def test_short_transfers(scene, tamper, operation, most_bytes):
    outcome, shortened = operation.run(
        scene, lambda *given, **options: tamper.run(*given, action=("shorten", most_bytes), **options)
    )
    assert shortened
    assert_succeeds(outcome, out=outcome.out)
    scene.settle(operation.visible_after(scene, outcome, scene.kept))
