"""Clients of the service that close their connections while it waits for a slow project to be told of their uploads."""

import threading

import pytest
from departing import BODY, ask, in_use_at_rest, leave, uploads
from service import Service
from stores import LocalStore
from waiting import wait_until

SECONDS = 60


@pytest.mark.parametrize("by_reset", [False, True])
def test_clients_that_go_while_the_project_is_slow(tool, project, gateway, tmp_path, by_reset):
    local = LocalStore(tmp_path)
    words = ["--option", f"audit_table={project.table}", "--option", "audit_strict=true", *local.options]
    environment = {"SUPABASE_URL": gateway.url, "SUPABASE_KEY": project.service_key}
    service = Service(tool.start("serve", "--listen", "127.0.0.1:0", *words, environment=environment), local.base)
    before = in_use_at_rest(service)
    asked, answers = threading.Event(), threading.Event()

    def hold(_):
        asked.set()
        answers.wait(SECONDS)

    gateway.before = hold
    connections = ask(service, uploads(service))
    wait_until(asked.is_set, service.process)
    leave(connections, by_reset)
    if by_reset:
        # Nobody waits for the project on behalf of who has gone.
        wait_until(lambda: service.descriptors() <= before, service.process)
    assert not answers.is_set()
    answers.set()
    wait_until(lambda: service.descriptors() <= before, service.process)
    kept = service.upload(BODY)
    assert service.call("GET", f"/download/{kept}").body == BODY

    def rows_of_files():
        return {line.split(",")[0] for line in project.rows() if line.endswith(",")}

    wait_until(lambda: rows_of_files() == set(local.stored()), service.process)
    # A slow machine holds the answer for longer than its sender waits.
    service.stop(may_say=("the audit server cannot be told of files", "the audit server is told of files again"))
    local.catalogue.assert_nothing_open()
    assert {file_id for file_id, _, is_deleted in local.catalogue.events() if not is_deleted} == set(local.stored())
