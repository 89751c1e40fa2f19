"""What the command does to a store while its system calls are spoilt, and what readers may find afterwards."""

import signal

from scene import ID, Stored, meta_options
from stores import set_age

CONTENT = bytes(range(251)) * 800


def was_killed(outcome):
    return outcome.code in (-signal.SIGKILL, -signal.SIGXFSZ)


class Upload:
    def __init__(self, source):
        self.source = source
        self.new = Stored(CONTENT, source, {"kind": "new", "text": "ä" * 500})

    def __repr__(self):
        return f"upload from {self.source}"

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


class Removal:
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


class Cleanup:
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


UPLOADS = [Upload("pipe"), Upload("file")]
CHANGES = [*UPLOADS, Removal()]
# A cleanup needs files that are old, which a store that is spoilt before it begins cannot be given.
CHANGES_TO_KILL = [*CHANGES, Cleanup()]


class Download:
    """Over a file that is there."""

    old = b"what was there before"

    def __repr__(self):
        return "download"

    def run(self, scene, runner):
        target = self.target(scene)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(self.old)
        return runner("download", self.source(scene), "-o", target, *scene.store.options)

    @staticmethod
    def source(scene):
        return next(iter(scene.kept))

    @staticmethod
    def target(scene):
        return scene.tool.directory / "downloaded" / "copy"

    def visible_after(self, scene, outcome, before, lasting=False):
        target = self.target(scene)
        assert list(target.parent.iterdir()) == [target]
        # It has its name already when that name cannot be flushed.
        is_new = outcome.code == 0 or b"cannot flush the directory" in outcome.err
        assert target.read_bytes() == (before[self.source(scene)].content if is_new else self.old)
        return unchanged(scene, before)


class Reading:
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


def unchanged(scene, before):
    assert scene.visible() == before
    return before


READINGS = [Download(), Reading("download", "ID", "-"), Reading("metadata", "ID"), Reading("list"), Reading("exists", "ID", "--json")]
EVERY_OPERATION = [*CHANGES, *READINGS]
