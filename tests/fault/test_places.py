"""The place where a store is goes bad for real: full, read-only, locked, or gone."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess

import pytest
from command import Outcome, assert_fails, assert_succeeds
from operations import CHANGES, CONTENT, EVERY_OPERATION, READINGS
from scene import Scene, Stored
from skipping import skip_unless_ci
from sweep import Sweep
from waiting import wait_until

ACCESS = 5
KIB = 1024


def run(scene, operation, **options):
    return operation.run(scene, lambda *given, **more: scene.tool.run(*given, **more, **options))


def mount(directory, *options):
    directory.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", directory], capture_output=True, text=True)
    if done.returncode != 0:
        skip_unless_ci(f"SKIPPED: a tmpfs cannot be mounted: {done.stderr.strip()}")


@pytest.fixture
def disk(tool, tmp_path):
    """A scene on a file system of its own, of 2 MiB."""
    mount(tmp_path / "disk", "-o", "size=2m,nr_inodes=100")
    made = Scene(tool, tmp_path / "disk")
    made.saved = tmp_path / "saved"
    made.keep(Stored(b"kept" * 1000, "kept", {"key": "value"}))
    made.save()
    yield made
    subprocess.run(["umount", tmp_path / "disk"], check=True)


@contextlib.contextmanager
def disk_with_room_for(scene, blocks):
    """Leaves so many KiB."""
    ballast = scene.base.with_name("ballast")
    free = os.statvfs(ballast.parent)
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bfree * free.f_bsize - blocks * KIB))
    yield
    ballast.unlink()


@contextlib.contextmanager
def disk_with_room_for_files(scene, files):
    ballast = scene.base.with_name("many")
    ballast.mkdir()
    for number in range(os.statvfs(ballast).f_ffree - files):
        (ballast / str(number)).touch()
    yield
    shutil.rmtree(ballast)


def assert_whole_or_no_space(scene, operation, outcome):
    if outcome.code != 0:
        assert_fails(outcome, 1)
        assert any(words in outcome.err for words in (b"No space left", b"is full", b"unable to open")), outcome
    return operation.visible_after(scene, outcome, scene.kept)


@pytest.mark.parametrize("room", [disk_with_room_for, disk_with_room_for_files])
def test_a_full_disk(disk, room):
    amounts = [0, 4, 40, 100, 200, 260, 300, 330] if room is disk_with_room_for else range(7)
    with Sweep(f"{room.__name__} so much", 4) as sweep:
        for operation, amount in sweep.of([(operation, amount) for operation in CHANGES for amount in amounts]):
            disk.restore()
            with room(disk, amount):
                outcome = run(disk, operation)
                with sweep.at(operation, amount, outcome):
                    visible = assert_whole_or_no_space(disk, operation, outcome)
            with sweep.at(operation, amount, outcome):
                disk.settle(visible)


def test_a_file_system_that_becomes_read_only(disk, tmp_path):
    subprocess.run(["mount", "-o", "remount,ro", tmp_path / "disk"], check=True)
    for operation in CHANGES:
        assert_fails(run(disk, operation), ACCESS, "store")
    for operation in READINGS:
        outcome = run(disk, operation)
        assert_succeeds(outcome, out=outcome.out)
        operation.visible_after(disk, outcome, disk.kept)
    subprocess.run(["mount", "-o", "remount,rw", tmp_path / "disk"], check=True)
    disk.settle(disk.kept)


def test_permission_taken_away(scene):
    """From each file and directory of the store in turn."""
    places = [scene.base, *sorted(scene.base.rglob("*"))]
    points = [(operation, place, mode) for operation in EVERY_OPERATION for place in places for mode in (0, 0o500)]
    with Sweep("permission for each place taken away", 5) as sweep:
        for operation, place, mode in sweep.of(points):
            scene.restore()
            before = place.stat().st_mode
            place.chmod(mode)
            outcome = operation.run(scene, scene.tool.run_without_powers)
            # The file may have been removed.
            with contextlib.suppress(FileNotFoundError):
                place.chmod(before)
            with sweep.at(operation, place, oct(mode), outcome):
                # A removal that was begun cannot end while its directory is closed.
                if outcome.code != 0 and b"the file is gone" not in outcome.err:
                    assert_fails(outcome, ACCESS)
                scene.settle(operation.visible_after(scene, outcome, scene.kept))


def stalled_upload(scene):
    """An upload that has begun and waits for the rest of its source."""
    process = scene.tool.start("upload", "-", *scene.store.options, stdin=subprocess.PIPE)
    process.stdin.write(CONTENT)
    process.stdin.flush()
    wait_until(lambda: scene.store.catalogue.rows("SELECT * FROM intents"), process)
    return process


@pytest.mark.parametrize("number", range(4))
def test_a_directory_that_is_deleted_meanwhile(scene, number):
    directories = [scene.base, *sorted(path for path in scene.base.rglob("*") if path.is_dir())]
    if number >= len(directories):
        return
    process = stalled_upload(scene)
    shutil.rmtree(directories[number])
    process.stdin.close()
    outcome = Outcome(process.wait(timeout=60), process.stdout.read(), process.stderr.read())
    kept = set(scene.kept) if number > 0 else set()
    if outcome.code == 0:
        assert set(scene.listed()) == kept | {outcome.out.decode().strip()}
    else:
        assert outcome.code in (1, ACCESS) and outcome.err.startswith(b"filestore: ") and outcome.out == b"", outcome
        assert set(scene.listed()) == kept
    scene.restore()
    scene.settle(scene.kept)


@pytest.mark.parametrize("ignored", [True, False], ids=["error", "signal"])
@pytest.mark.parametrize("operation", CHANGES, ids=str)
def test_a_limit_of_the_size_of_files(scene, operation, ignored):
    """The system writes up to the limit, and fails only then; where SIGXFSZ is not ignored it ends the process."""
    with Sweep(f"a limit of files, told by {'an error' if ignored else 'a signal'}, of {operation}", 1) as sweep:
        for limit in sweep.of([0, 1000, 4096, 32768, 100_000, len(CONTENT) - 1]):
            scene.restore()
            outcome = run(
                scene,
                operation,
                restore_signals=not ignored,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            )
            with sweep.at(limit, outcome):
                if outcome.code == -signal.SIGXFSZ:
                    assert not ignored
                elif outcome.code != 0:
                    assert_fails(outcome, 1)
                scene.settle(operation.visible_after(scene, outcome, scene.kept))
