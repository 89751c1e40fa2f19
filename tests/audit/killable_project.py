"""A Supabase project of a test's own, whose PostgREST and PostgreSQL can be killed and started again."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from skipping import skip_unless_ci

SERVERS = pathlib.Path(__file__).parent.parent / "servers"
sys.path.append(str(SERVERS))

import recipes
import supabase


class KillableProject:
    table = "file_uploads"

    def __init__(self, directory, **options):
        try:
            program = recipes.install_postgrest()
        except recipes.CannotStart as reason:
            skip_unless_ci(str(reason))
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="filestore-"))
        self.daemons = {}
        self.parts = supabase.Project(recipes.free_port(), directory, program, self.state, **options)
        self.url = f"http://127.0.0.1:{self.parts.port}"
        self.service_key = supabase.token("service_role")

    def __enter__(self):
        try:
            self.daemons["postgresql"] = self.parts.make_database()
            self.daemons["postgrest"] = self.parts.start_rest()
            self.daemons["gateway"] = self.parts.start_gateway()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in self.daemons:
            self.kill(name)
        shutil.rmtree(self.state, ignore_errors=True)

    def kill(self, name):
        self.daemons[name].kill()
        self.daemons[name].wait()

    def start_again(self, name):
        self.daemons[name] = self.parts.start_database() if name == "postgresql" else self.parts.start_rest()

    def sql(self, statement):
        """The rows of a query, as the text of their columns, which `\\t` separates."""
        command = [*self.parts.psql, "--no-align", "--tuples-only", "--field-separator", "\t", "--variable", "ON_ERROR_STOP=1", "--command", statement]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
