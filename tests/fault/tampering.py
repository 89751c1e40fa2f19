"""Runs the command with some of its system calls spoilt, by tamper.c."""

import collections
import os
import pathlib

# Its place among the calls that count, its thread, its name, and the file that it is about.
Call = collections.namedtuple("Call", "number thread name file")


class Tamper:
    def __init__(self, tool, marker):
        """Calls count from the first that names `marker` on: what the loader does before is no matter of the store."""
        self.tool = tool
        self.marker = marker
        self.program = str(pathlib.Path(os.environ["FILESTORE_TAMPER"]).resolve())
        self.report = tool.directory.parent / "tamper-report"

    def run(self, *arguments, counted="file", action=("list",), **options):
        """What the command came to, and the calls that were told or spoilt."""
        prefix = [self.program, self.report, self.marker, counted, *map(str, action)]
        outcome = self.tool.run(*arguments, prefix=[os.fspath(word) for word in prefix], **options)
        return outcome, [self.call_of(line) for line in self.report.read_text(errors="replace").splitlines()]

    @staticmethod
    def call_of(line):
        number, thread, name, file = line.split("\t")
        return Call(int(number), int(thread), name, file)
