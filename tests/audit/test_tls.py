"""A project over https, whose certificate only those trust who are told of its authority."""

import json
import sys

import pytest
from gateway import Gateway
from killable_project import SERVERS
from store import Store

sys.path.append(str(SERVERS))
import certificates


@pytest.fixture
def authority(tmp_path):
    file = tmp_path / "authority.pem"
    certificates.make(file, tmp_path / "certificate", [])
    return file


@pytest.fixture
def over_tls(project, authority):
    made = Gateway(project.url, certificate=authority.parent / "certificate")
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def store(tool, project):
    return Store(tool, project)


def test_a_project_whose_authority_is_named(store, authority, over_tls):
    trusted = ["--option", f"audit_ca_file={authority}"]
    (file_id,), _ = store.upload("a.txt", words=[*trusted, "--flush", "60"], url=over_tls.url)
    assert [line.split(",")[0] for line in store.project.rows()] == [file_id]
    assert store.status()["pending"] == 0
    outcome = store.run("audit", "history", "--json", file_id, *trusted, url=over_tls.url)
    assert outcome.code == 0 and json.loads(outcome.lines[0])["file_path"] == "a.txt", outcome


def test_by_the_configuration_file(store, authority, over_tls):
    config = store.tool.directory / "storage.yaml"
    audit = {"url": over_tls.url, "table": store.project.table, "ca_file": str(authority)}
    config.write_text(json.dumps({"storage": {"audit": audit}}))
    (store.tool.directory / "a.txt").write_text("a")
    outcome = store.tool.run("upload", "a.txt", "--config", config, "--flush", "60", environment={"SUPABASE_KEY": store.project.service_key})
    assert outcome.code == 0, outcome
    assert [line.split(",")[0] for line in store.project.rows()] == outcome.lines


def test_a_project_that_nobody_trusts_is_told_of_with_the_option_that_would(store, over_tls):
    outcome = store.run("audit", "files", url=over_tls.url)
    assert outcome.code == 2, outcome
    assert b"is not accepted" in outcome.err and b"audit_ca_file (storage.audit.ca_file) names others" in outcome.err, outcome
    (store.tool.directory / "a.txt").write_text("a")
    assert store.run("upload", "a.txt", "--flush", "0", url=over_tls.url).code == 0
    outcome = store.run("audit", "flush", "--timeout", "60", url=over_tls.url)
    assert outcome.code != 0 and b"audit_ca_file (storage.audit.ca_file) names others" in outcome.err, outcome
    assert store.status()["pending"] == 1 and over_tls.requests == []
