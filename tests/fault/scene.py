"""A local store whose contents are known, and what it has to hold after something went wrong."""

import collections
import contextlib
import json
import re
import shutil
import sqlite3

from command import assert_succeeds, uploaded
from stores import LocalStore

Stored = collections.namedtuple("Stored", "content name metadata")

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Scene:
    def __init__(self, tool, directory):
        self.tool = tool
        self.store = LocalStore(directory)
        self.base = self.store.base
        self.saved = directory / "saved"
        # Every file whose upload was acknowledged, by ID.
        self.kept = {}
        self.frame = set()
        self.names_of_a_file = set()

    def run(self, *arguments, **options):
        return self.tool.run(*arguments, *self.store.options, **options)

    def keep(self, stored):
        outcome = self.run("upload", "-", "--name", stored.name, *meta_options(stored.metadata), stdin=stored.content)
        file_id = uploaded(outcome)
        self.kept[file_id] = stored
        return file_id

    def save(self):
        """Takes the store as it is now for the one that every trial begins with, and learns which paths belong to a file."""
        copy_store(self.base, self.saved)
        self.learn_paths()

    def restore(self, saved=None):
        copy_store(saved or self.saved, self.base)

    def learn_paths(self):
        """Whatever the layout: a path that holds an ID belongs to that file, every other one to the store."""
        found = paths_below(self.base)
        self.frame = {path for path in found if not ID.search(path)}
        self.names_of_a_file = {pattern_of(path) for path in found if ID.search(path)}

    def visible(self):
        """What a reader finds, by every way of reading: ID to Stored."""
        return {file_id: self.read(file_id, size) for file_id, size in self.listed().items()}

    def listed(self):
        """ID to size."""
        outcome = self.run("list", "--json")
        assert_succeeds(outcome, out=outcome.out)
        return {entry["file_id"]: entry["size"] for entry in map(json.loads, outcome.lines)}

    def read(self, file_id, size):
        downloaded = self.run("download", file_id, "-")
        assert_succeeds(downloaded, out=downloaded.out)
        told = self.run("metadata", file_id, "--json")
        assert_succeeds(told, out=told.out)
        record = json.loads(told.out)
        assert (record["file_id"], record["size"], len(downloaded.out)) == (file_id, size, size)
        return Stored(downloaded.out, record["original_path"], record["metadata"])

    def settle(self, visible, doubtful=frozenset()):
        """The next operation; then nothing may be left over, and the catalogue tells what a reader finds. The doubtful files may be gone by then."""
        next_id = uploaded(self.run("upload", "-", "--name", "next", stdin=b"next"))
        sizes = {file_id: len(stored.content) for file_id, stored in visible.items()} | {next_id: len(b"next")}
        found = self.listed()
        gone = {file_id: size for file_id, size in sizes.items() if file_id not in found}
        assert found | gone == sizes and set(gone) <= doubtful, f"found {found} of {sizes}"
        self.assert_nothing_left_over(set(found))
        self.assert_catalogue_tells(set(found))

    def assert_nothing_left_over(self, visible):
        of_files = {path_of(pattern, file_id) for pattern in self.names_of_a_file for file_id in visible}
        found = paths_below(self.base)
        assert found <= self.frame | of_files, f"left over: {sorted(found - self.frame - of_files)}"
        assert found >= of_files, f"missing: {sorted(of_files - found)}"

    def assert_catalogue_tells(self, visible):
        with contextlib.closing(sqlite3.connect(self.store.catalogue.path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        self.store.catalogue.assert_nothing_open()
        rows = self.store.catalogue.events()
        assert {file_id for file_id, _, deleted in rows if not deleted} == visible


def meta_options(metadata):
    return [word for key, value in metadata.items() for word in ("--meta", f"{key}={value}")]


def pattern_of(path):
    """The same for every file: `SHARD/ID` is in a directory for the first two digits."""
    file_id = ID.search(path)[0]
    return path.replace(file_id, "ID").replace(f"{file_id[:2]}/ID", "SHARD/ID")


def path_of(pattern, file_id):
    return pattern.replace("SHARD", file_id[:2]).replace("ID", file_id)


def paths_below(directory):
    """Of everything but directories."""
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()}


def copy_store(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
