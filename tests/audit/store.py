"""A local store whose uploads and deletions a project is told of, and the command on it."""

import contextlib
import json
import sqlite3

NOBODY_LISTENS = "http://127.0.0.1:9"


class Store:
    """A local store whose uploads and deletions the project is told of."""

    def __init__(self, tool, project):
        self.tool, self.project = tool, project
        self.catalogue = tool.directory / "storage" / ".filestore" / "catalogue.sqlite"

    def environment(self, url=None, key=None):
        return {"SUPABASE_URL": url or self.project.url, "SUPABASE_KEY": key or self.project.service_key}

    def run(self, *words, url=None, key=None, **options):
        return self.tool.run(*words, "--option", f"audit_table={self.project.table}", environment=self.environment(url, key), **options)

    def upload(self, *names, **options):
        for name in names:
            (self.tool.directory / name).write_text(name)
        outcome = self.run("upload", *names, *options.pop("words", ()), **options)
        assert outcome.code == 0, outcome
        return outcome.lines, outcome

    def status(self):
        outcome = self.tool.run("audit", "status", "--json")
        assert outcome.code == 0, outcome
        return json.loads(outcome.out)

    def flush(self, **options):
        outcome = self.run("audit", "flush", "--timeout", "60", **options)
        assert outcome.code == 0, outcome

    def marked(self):
        """The files that are deleted and can be had back, or are to be purged."""
        with contextlib.closing(sqlite3.connect(self.catalogue)) as connection:
            return {file_id for (file_id,) in connection.execute("select file_id from soft_deleted")}

    def recorded(self):
        """The rows of the catalogue, as Project.rows() gives those of the project."""
        with contextlib.closing(sqlite3.connect(self.catalogue)) as connection:
            rows = connection.execute("select file_id, uploaded_at, deleted_at from file_uploads order by uploaded_at, file_id").fetchall()
        return [",".join(value or "" for value in row) for row in rows]
