"""Between the command and the project stands toxiproxy: a request is delivered, and its answer is lost on the way."""

import urllib.parse

import pytest
import requests

from conftest import SERVERS
from skipping import skip_unless_ci
from store import Store


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


class ToxicPort:
    """A port of loopback that leads to the project."""

    def __init__(self, control, upstream):
        listening = {"name": f"audit-{id(self)}-{upstream.rpartition(':')[2]}", "listen": "127.0.0.1:0", "upstream": urllib.parse.urlsplit(upstream).netloc}
        made = requests.post(control + "/proxies", json=listening, timeout=10)
        made.raise_for_status()
        self.control = f"{control}/proxies/{made.json()['name']}"
        self.url = "http://" + made.json()["listen"]

    def spoil_answers(self, kind, attributes):
        added = requests.post(self.control + "/toxics", json={"name": kind, "type": kind, "stream": "downstream", "attributes": attributes}, timeout=10)
        added.raise_for_status()

    def leave_alone(self, kind):
        requests.delete(f"{self.control}/toxics/{kind}", timeout=10).raise_for_status()


@pytest.fixture
def port(project):
    control = SERVERS / "toxiproxy.url"
    if not control.exists():
        skip_unless_ci("toxiproxy does not run")
    made = ToxicPort(control.read_text().strip(), project.url)
    yield made
    requests.delete(made.control, timeout=10)


# Cut in the status line, cut in the headers, and reset once the first byte has come.
LOSSES = [("limit_data", {"bytes": 10}), ("limit_data", {"bytes": 60}), ("reset_peer", {"timeout": 0})]


@pytest.mark.parametrize("kind, attributes", LOSSES)
def test_a_row_whose_answer_is_lost_is_there_once(store, port, kind, attributes):
    port.spoil_answers(kind, attributes)
    ids, _ = store.upload("a.txt", "b.txt", url=port.url, words=["--flush", "3"])
    # The project has it, and the store does not know.
    assert {row.split(",")[0] for row in store.project.rows()} == set(ids)
    assert store.status()["pending"] == len(ids)
    port.leave_alone(kind)
    store.flush(url=port.url)
    assert store.project.rows() == store.recorded() and len(store.project.rows()) == len(ids)
    assert store.status() == {"pending": 0, "parked": 0, "delivered": len(ids)}


def test_a_deletion_whose_answer_is_lost_is_there_once(store, port):
    """It takes several requests: at some length the connection is cut in the answer to each of them."""
    lost = 0
    for length in range(100, 1000, 100):
        (file_id,), _ = store.upload(f"{length}.txt")
        port.spoil_answers("limit_data", {"bytes": length})
        assert store.run("delete", file_id, "--flush", "1", url=port.url).code == 0
        (deleted,) = (row for row in store.project.rows() if row.startswith(file_id))
        lost += bool(deleted.split(",")[2]) and store.status()["pending"] == 1
        port.leave_alone("limit_data")
        store.flush(url=port.url)
        assert store.project.rows() == store.recorded()
    assert lost > 0 and store.status()["pending"] == 0
