"""The command is killed at each of its system calls, and the next one finds a whole store."""

import signal

import pytest
from command import LONG
from operations import CHANGES_IN_SHARDS, CHANGES_TO_KILL, CONVERSIONS, DOWNLOADS, Repair, ResumedRepair, Upload
from scene import ID, copy_store, paths_below
from sweep import Sweep

# A kill between two calls that change something leaves what a kill at the second one leaves.
COUNTED = "all" if LONG else "change"
SECONDS_FOR_AN_OPERATION = 6
SECONDS_FOR_RECOVERY = 6
# How many different stores that a kill leaves are recovered from with a kill.
CRASHED_STORES = 1000 if LONG else 3


def points_of(scene, tamper, operation, counted=COUNTED, least=10):
    outcome, calls = operation.run(scene, lambda *given, **options: tamper.run(*given, counted=counted, **options))
    assert operation.ends_well(outcome) and outcome.err == b"", outcome
    assert len(calls) > least, "the calls were not counted"
    return [call.number for call in calls]


def run_and_kill(scene, tamper, operation, point, counted=COUNTED):
    """The outcome and the call at which it was killed; no call where it ended before."""
    outcome, struck = operation.run(
        scene, lambda *given, **options: tamper.run(*given, counted=counted, action=("kill", point), **options)
    )
    if not struck:
        assert operation.ends_well(outcome), outcome
        return outcome, None
    assert (outcome.code, len(struck)) == (-signal.SIGKILL, 1), (outcome, struck)
    return outcome, struck[0]


def shape_of(scene):
    """Tells stores apart by what is there, not by what it is called."""
    intents = scene.store.catalogue.rows("SELECT operation FROM intents")
    files = (path for path in paths_below(scene.base) if not any(file_id in path for file_id in scene.kept))
    return str((sorted(ID.sub("ID", path) for path in files), intents))


@pytest.mark.parametrize("operation", [*CHANGES_TO_KILL, *CHANGES_IN_SHARDS, *CONVERSIONS, Repair(), *DOWNLOADS], ids=str)
def test_a_kill_at_each_call(scene, tamper, operation):
    operation.prepare(scene)
    with Sweep(f"kill at each call of {operation}", SECONDS_FOR_AN_OPERATION, fewest=12) as sweep:
        for point in sweep.of(points_of(scene, tamper, operation)):
            scene.restore()
            outcome, struck = run_and_kill(scene, tamper, operation, point)
            with sweep.at(struck):
                operation.settle(scene, operation.visible_after(scene, outcome, scene.kept))


def full_shape_of(scene):
    """The same with the files that were there, which may be moved."""
    return str(sorted(ID.sub("ID", path) for path in paths_below(scene.base)))


def crashed_stores(scene, tamper, operation, directory, shape_of=shape_of):
    """Stores that kills have left, one of each shape, and what readers find in them."""
    shapes = {}
    with Sweep(f"stores left by a kill of {operation}", SECONDS_FOR_AN_OPERATION, fewest=12) as sweep:
        for point in sweep.of(points_of(scene, tamper, operation, "change")):
            scene.restore()
            outcome, struck = run_and_kill(scene, tamper, operation, point, "change")
            shape = shape_of(scene)
            if shape in shapes or not struck:
                continue
            crashed = directory / f"crashed-{len(shapes)}"
            copy_store(scene.base, crashed)
            shapes[shape] = (crashed, operation.visible_after(scene, outcome, scene.kept))
            if len(shapes) == CRASHED_STORES:
                break
    return list(shapes.values())


@pytest.mark.parametrize("operation", CHANGES_TO_KILL, ids=str)
def test_a_kill_at_each_call_of_recovery(scene, tamper, tmp_path, operation):
    """The command that finds the store of a killed one is killed too."""
    stores = crashed_stores(scene, tamper, operation, tmp_path)
    following = Upload("pipe")
    with Sweep(f"kill at each call of recovery after {operation}", SECONDS_FOR_RECOVERY) as sweep:
        points = []
        for crashed, before in stores:
            scene.restore(crashed)
            points += [(crashed, before, point) for point in points_of(scene, tamper, following, "change")]
        for crashed, before, point in sweep.of(points):
            scene.restore(crashed)
            outcome, struck = run_and_kill(scene, tamper, following, point, "change")
            with sweep.at(struck):
                scene.settle(following.visible_after(scene, outcome, before))


@pytest.mark.parametrize("operation", [*CONVERSIONS, ResumedRepair()], ids=str)
def test_a_kill_at_each_call_of_what_goes_on(scene, tamper, tmp_path, operation):
    """The command that goes on with what a killed one has begun is killed too, and a third one ends it."""
    operation.prepare(scene)
    stores = crashed_stores(scene, tamper, operation, tmp_path, full_shape_of)
    assert len(stores) > 1
    with Sweep(f"kill at each call of what goes on with {operation}", SECONDS_FOR_RECOVERY) as sweep:
        points = []
        for crashed, _ in stores:
            scene.restore(crashed)
            points += [(crashed, point) for point in points_of(scene, tamper, operation, "change", least=0)]
        for crashed, point in sweep.of(points):
            scene.restore(crashed)
            outcome, struck = run_and_kill(scene, tamper, operation, point, "change")
            with sweep.at(struck):
                operation.settle(scene, operation.visible_after(scene, outcome, scene.kept))
