"""What the command does to a store while its system calls are spoilt, and what readers may find afterwards."""

import re
import shutil
import signal

from command import assert_succeeds
from scene import ID, Stored, meta_options, paths_below
from stores import set_age

HIDDEN = re.compile(r"\.filestore-[0-9a-f]{24}")
CONTENT = bytes(range(251)) * 800


def was_killed(outcome):
    return outcome.code in (-signal.SIGKILL, -signal.SIGXFSZ)


class Operation:
    # That it ends with where nothing is spoilt.
    code = 0

    def prepare(self, scene):
        """Makes the store into one that the operation is for."""

    def ends_well(self, outcome):
        return outcome.code == self.code

    def settle(self, scene, visible):
        scene.settle(visible)

    def is_told_in_findings(self, outcome, error):
        """A run of verify that an error has ended ends with another code."""
        return False

    def may_pass_over(self, failed):
        """Whether it may end well although this call failed, whatever the call does."""
        return False


class Upload(Operation):
    def __init__(self, source, content=CONTENT):
        self.source = source
        self.new = Stored(content, source, {"kind": "new", "text": "ä" * 500})

    def __repr__(self):
        return f"upload of {len(self.new.content)} bytes from {self.source}"

    def run(self, scene, runner):
        """`runner` runs the command, spoilt or not."""
        if self.source == "pipe":
            operand, options = "-", {"stdin": self.new.content}
        else:
            operand, options = scene.tool.directory / "given", {}
            operand.write_bytes(self.new.content)
        named = ["--name", self.new.name, *meta_options(self.new.metadata)]
        return runner("upload", operand, *named, *scene.store.options, **options)

    def visible_after(self, scene, outcome, before, lasting=False):
        """Fails where readers find what they must not find. After a fault that lasts, a failed upload may be taken back later."""
        visible = scene.visible()
        new = {file_id: stored for file_id, stored in visible.items() if file_id not in before}
        assert {file_id: visible.get(file_id) for file_id in before} == before
        # Also in the message that its ID could not be printed.
        told = ID.search((outcome.out + outcome.err).decode())
        if outcome.code == 0 or outcome.out or b"is stored as" in outcome.err:
            assert new == {told[0]: self.new}
        elif was_killed(outcome) or lasting:
            assert list(new.values()) in ([], [self.new])
        else:
            assert new == {}
        return visible


class Removal(Operation):
    def __repr__(self):
        return "delete"

    def run(self, scene, runner):
        return runner("delete", "--json", self.victim(scene), *scene.store.options)

    @staticmethod
    def victim(scene):
        return next(iter(scene.kept))

    def visible_after(self, scene, outcome, before, lasting=False):
        """Of a removal that failed the outcome may be open, but not what a reader finds."""
        visible = scene.visible()
        left = {file_id: stored for file_id, stored in before.items() if file_id != self.victim(scene)}
        if outcome.code == 0 or outcome.out:
            assert visible == left
        else:
            assert visible in (before, left)
        return visible


class Conversion(Operation):
    """Of a store with several files."""

    def __init__(self, layout):
        self.layout = layout

    def __repr__(self):
        return f"convert to {self.layout}"

    def run(self, scene, runner):
        return runner("convert", "--layout", self.layout, scene.base)

    def prepare(self, scene):
        if self.layout == "flat":
            outcome = scene.tool.run("convert", "--layout", "sharded", scene.base)
            assert_succeeds(outcome, out=f"{scene.base} is sharded: 1 files moved\n".encode())
        for number in range(2):
            scene.keep(Stored(b"more" * number, f"more {number}", {"number": str(number)}))
        scene.save()

    def visible_after(self, scene, outcome, before, lasting=False):
        """Nothing is missing, however far it came."""
        return unchanged(scene, before)

    def settle(self, scene, visible):
        """Another run ends it."""
        outcome = self.run(scene, scene.tool.run)
        assert_succeeds(outcome, out=outcome.out)
        sharded = self.layout == "sharded"
        scene.names_of_a_file = {"SHARD/ID", "metadata/SHARD/ID.json"} if sharded else {"ID", "metadata/ID.json"}
        scene.frame |= {".filestore/layout"}
        assert (scene.base / ".filestore/layout").read_text() == self.layout + "\n"
        scene.settle(visible)


# A failure of these says nothing of a file that was looked at.
OF_THE_PROCESS = ["EMFILE", "ENFILE", "ENOMEM"]
DAMAGED = 7


class OfVerify(Operation):
    def is_told_in_findings(self, outcome, error):
        return outcome.code == DAMAGED and not outcome.err and error not in OF_THE_PROCESS

    def may_pass_over(self, failed):
        """The log of a run, without which another one begins anew."""
        return failed.file.endswith("/.filestore/verify")


class Repair(OfVerify):
    """verify --repair of a store that has a damaged file."""

    code = DAMAGED

    def __repr__(self):
        return "verify --repair"

    def run(self, scene, runner):
        return runner("verify", "--repair", *scene.store.options)

    def prepare(self, scene):
        victim = scene.keep(Stored(b"x" * 5000, "damaged", {}))
        path = scene.store.data(victim)
        path.write_bytes(b"y" + path.read_bytes()[1:])
        scene.kept[victim] = Stored(path.read_bytes(), "damaged", {})
        scene.save()

    @staticmethod
    def victim(scene):
        return next(file_id for file_id, stored in scene.kept.items() if stored.name == "damaged")

    def visible_after(self, scene, outcome, before, lasting=False):
        visible = scene.visible()
        sound = {file_id: stored for file_id, stored in before.items() if file_id != self.victim(scene)}
        assert visible in (before, sound)
        return sound

    def settle(self, scene, visible):
        """Another run ends it: all of the damaged file is in the quarantine, nothing of it in the store."""
        victim = self.victim(scene)
        assert self.run(scene, scene.tool.run).code in (0, self.code)
        quarantine = scene.base / ".filestore" / "quarantine"
        assert paths_below(quarantine) == {victim, f"metadata/{victim}.json"}
        assert (quarantine / victim).read_bytes() == scene.kept[victim].content
        assert scene.visible() == visible
        kept = {path for path in paths_below(scene.base) if victim in path}
        assert all(path.startswith(".filestore/quarantine/") for path in kept)
        assert not (scene.base / ".filestore" / "verify").exists()
        assert_succeeds(outcome := scene.run("verify"), out=outcome.out)


class ResumedRepair(Repair):
    """The run before may have told and moved all, and been killed then."""

    def __repr__(self):
        return "verify --repair --resume"

    def run(self, scene, runner):
        return runner("verify", "--repair", "--resume", *scene.store.options)

    def ends_well(self, outcome):
        return outcome.code in (0, self.code)


class InShards(Operation):
    """Another operation, on a sharded store."""

    def __init__(self, operation):
        self.operation = operation
        self.code = operation.code
        self.run = operation.run
        self.visible_after = operation.visible_after
        self.settle = operation.settle
        self.is_told_in_findings = operation.is_told_in_findings
        self.may_pass_over = operation.may_pass_over

    def __repr__(self):
        return f"{self.operation} in a sharded store"

    def prepare(self, scene):
        outcome = scene.tool.run("convert", "--layout", "sharded", scene.base)
        assert_succeeds(outcome, out=outcome.out)
        scene.save()


class Cleanup(Operation):
    """Of every file that was there."""

    def __repr__(self):
        return "cleanup"

    def run(self, scene, runner):
        for file_id in scene.kept:
            set_age(scene.store, file_id, days=40)
        return runner("cleanup", "--yes", *scene.store.options)

    def visible_after(self, scene, outcome, before, lasting=False):
        """Each file whole or gone, whatever became of the others."""
        visible = scene.visible()
        if outcome.code == 0:
            assert visible == {}
        else:
            assert visible.items() <= before.items()
        return visible


# Few bytes are kept in memory until they are whole.
UPLOADS = [Upload("pipe"), Upload("file"), Upload("pipe", CONTENT[:5000])]
CHANGES = [*UPLOADS, Removal()]
CHANGES_IN_SHARDS = [InShards(Upload("pipe")), InShards(Removal())]
CONVERSIONS = [Conversion("sharded"), Conversion("flat")]
# A cleanup needs files that are old, which a store that is spoilt before it begins cannot be given.
CHANGES_TO_KILL = [*CHANGES, Cleanup()]


class Download(Operation):
    """Over a file that is there, or to a new one."""

    old = b"what was there before"

    def __init__(self, replaces=True):
        self.replaces = replaces

    def __repr__(self):
        return "download" if self.replaces else "download to a new file"

    def run(self, scene, runner):
        target = self.target(scene)
        shutil.rmtree(target.parent, ignore_errors=True)
        target.parent.mkdir()
        if self.replaces:
            target.write_bytes(self.old)
        return runner("download", self.source(scene), "-o", target, *scene.store.options)

    @staticmethod
    def source(scene):
        return next(iter(scene.kept))

    @staticmethod
    def target(scene):
        return scene.tool.directory / "downloaded" / "copy"

    def visible_after(self, scene, outcome, before, lasting=False):
        whole = before[self.source(scene)].content
        if was_killed(outcome):
            self.check_after_kill(scene, whole)
            return unchanged(scene, before)
        target = self.target(scene)
        assert list(target.parent.iterdir()) == [target]
        # It has its name already when that name cannot be flushed.
        is_new = outcome.code == 0 or b"cannot flush the directory" in outcome.err
        assert target.read_bytes() == (whole if is_new else self.old)
        return unchanged(scene, before)

    def check_after_kill(self, scene, whole):
        """The old file or the new one. Only where one is replaced may the new one stand beside it, whole."""
        found = {path.name: path.read_bytes() for path in self.target(scene).parent.iterdir()}
        if self.replaces:
            assert found.pop("copy") in (self.old, whole)
            assert all(HIDDEN.fullmatch(name) for name in found) and list(found.values()) in ([], [whole])
        else:
            assert found in ({}, {"copy": whole})


class Reading(Operation):
    """A command that changes nothing, and prints the same as ever where it succeeds."""

    def __init__(self, *words):
        self.words = words
        self.expected = {}

    def __repr__(self):
        return self.words[0]

    def run(self, scene, runner):
        operands = [next(iter(scene.kept)) if word == "ID" else word for word in self.words]
        arguments = [*operands, *scene.store.options]
        self.expected[scene] = scene.tool.run(*arguments).out
        return runner(*arguments)

    def visible_after(self, scene, outcome, before, lasting=False):
        if outcome.code == 0:
            assert outcome.out == self.expected[scene]
        return unchanged(scene, before)


class Verify(OfVerify, Reading):
    """Of sound files: where one cannot be read, that is what it says."""

    def __init__(self):
        super().__init__("verify")

    def visible_after(self, scene, outcome, before, lasting=False):
        # SQLite takes some failures for damage of the catalogue.
        if outcome.code == DAMAGED and b"catalogue" not in outcome.err:
            assert re.fullmatch(rb"(unreadable [^\n]*\n)+\d+ files, .*\n", outcome.out), outcome
        return super().visible_after(scene, outcome, before)

    def settle(self, scene, visible):
        """A run that has ended early leaves its log for one that goes on; another one ends that."""
        assert_succeeds(outcome := scene.run("verify"), out=outcome.out)
        scene.settle(visible)


def unchanged(scene, before):
    assert scene.visible() == before
    return before


DOWNLOADS = [Download(), Download(replaces=False)]
READINGS = [Download(), Reading("download", "ID", "-"), Reading("metadata", "ID"), Reading("list"), Reading("exists", "ID", "--json")]
EVERY_OPERATION = [*CHANGES, *READINGS]
