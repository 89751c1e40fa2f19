"""A table of its own for each test, in the Supabase project that tests/servers starts."""

import json
import os
import pathlib
import subprocess
import sys
import time
import uuid

import pytest
import requests

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "cli"), str(TESTS / "fault"), str(TESTS / "serve")]

from gateway import Gateway
from skipping import skip_unless_ci
from sweep import COUNTS
from tool_fixture import tool  # noqa: F401


def pytest_terminal_summary(terminalreporter):
    for line in COUNTS:
        terminalreporter.write_line(line)


PROTOCOL_TOOL = os.environ["FILESTORE_POSTGREST_TOOL"]
SERVERS = pathlib.Path(os.environ.get("FILESTORE_TEST_SERVERS", ""))


def protocol(*words, given):
    command = [PROTOCOL_TOOL, *map(str, words)]
    return subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()


class Project:
    """A table of its own in the project."""

    def __init__(self):
        url = SERVERS / "postgrest.url"
        if not url.exists():
            skip_unless_ci("PostgREST does not run")
        self.url = url.read_text().strip()
        self.endpoint = self.url + "/rest/v1"
        vars(self).update(json.loads((SERVERS / "postgrest.data" / "project.json").read_text()))
        self.table = f"uploads_{uuid.uuid4().hex}"
        self.sql(f"create table public.{self.table} (like public.file_uploads including all)")
        self.sql(f"alter table public.{self.table} enable row level security")
        self.wait_for_the_table()

    def sql(self, statement):
        """The rows of a query, as the text of their columns."""
        command = [*self.psql, "--tuples-only", "--csv", "--variable", "ON_ERROR_STOP=1", "--command", statement]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()

    def wait_for_the_table(self, name=None):
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            if self.answer("OPTIONS", f"/{name or self.table}", {}, None, self.service_key).status_code == 200:
                return
        pytest.fail("the table is not seen")

    def answer(self, method, target, headers, body, key):
        headers = {**headers, "apikey": key, "authorization": f"Bearer {key}"}
        return requests.request(method, self.endpoint + target, headers=headers, data=body and body.encode(), timeout=60)

    def send(self, request, key=None):
        """What the answer to a request means."""
        request = json.loads(request)
        answer = self.answer(*request, key or self.service_key)
        return protocol("refusal", request[0], answer.status_code, answer.headers.get("Content-Range", ""), given=answer.text).strip()

    def insert(self, *rows, **options):
        given = "".join("\t".join(row) + "\n" for row in rows)
        return self.send(protocol("insert", options.pop("table", self.table), given=given), **options)

    def delete(self, at, *ids, **options):
        return self.send(protocol("delete", self.table, at, given="".join(f"{file_id}\n" for file_id in ids)), **options)

    def page(self, *words, accept=None):
        """As cleanup asks for it: uploaded before a time, so many, not deleted, behind the last one of the page before."""
        method, target, headers, body = json.loads(protocol("page", self.table, *words, given=""))
        answer = self.answer(method, target, {**headers, **({"accept": accept} if accept else {})}, body, self.service_key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def plan_of_page(self, *words):
        """How PostgreSQL gives that page, and what it read for it."""
        (explained,) = self.page(*words, accept='application/vnd.pgrst.plan+json; for="application/json"; options=analyze')
        return explained["Plan"]

    def rows(self):
        times = ", ".join(f"to_char({name} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')" for name in ("uploaded_at", "deleted_at"))
        return self.sql(f"select file_id, {times} from public.{self.table} order by uploaded_at, file_id")


@pytest.fixture
def project():
    made = Project()
    yield made
    made.sql(f"drop table public.{made.table}")


@pytest.fixture
def gateway(project):
    made = Gateway(project.url)
    yield made
    made.server.shutdown()
    made.server.server_close()
