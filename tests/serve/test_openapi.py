"""The document of the service, and the service beside it. schemathesis makes up requests from the document and looks at the answers."""

import os
import pathlib
import re
import subprocess
import sys

import contract
import openapi_spec_validator
import pytest
from access import SIGNING, new_key, start
from waiting import wait_until

LONG = bool(os.environ.get("FILESTORE_TEST_LONG"))
EXAMPLES = 300 if LONG else 25
SEED = 20260101
HERE = pathlib.Path(__file__).parent


def test_the_document_is_one(service):
    answer = service.call("GET", "/openapi.json")
    assert answer.status == 200 and answer.header("content-type") == "application/json"
    assert answer.json() == contract.document()
    openapi_spec_validator.validate(answer.json())


def test_every_route_stands_in_it():
    assert set(contract.operations()) == set(contract.routes())
    ids = [operation["operationId"] for operation in contract.operations().values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("route", contract.routes(), ids=" ".join)
def test_what_a_route_refuses_callers_with(route):
    scope, style = contract.routes()[route]
    operation = contract.operations()[route]
    needs_key = scope not in ("open", "signed_url")
    assert (operation.get("security") != []) == needs_key
    assert {"400", "403", "405"} | ({"401"} if needs_key else set()) | ({"429"} if scope != "open" else set()) <= set(operation["responses"])
    if route[0] != "HEAD":
        errors = [contract.resolved(told) for status, told in operation["responses"].items() if int(status) >= 400]
        kinds = {kind for error in errors for kind in error["content"]}
        assert kinds == {"application/problem+json" if style == "problem" else "application/json"}


def statuses_of_errors():
    """Those that a failure of the store can come to."""
    table = (contract.SERVE / "answers.cpp").read_text()
    switch = table[table.index("unsigned status_of(const Error& error)") :]
    return set(re.findall(r"return (\d{3});", switch[: switch.index("\n}\n")]))


def test_failures_of_the_store_stand_in_it():
    """What can come of any call of the store; what cannot (a condition, an upload's refusal) is left out."""
    of_uploads_and_ranges = {"409", "412", "416", "507"}
    for route, operation in contract.operations().items():
        if contract.routes()[route][1] != "original" and {"500"} <= set(operation["responses"]):
            missing = statuses_of_errors() - of_uploads_and_ranges - set(operation["responses"])
            assert missing == set(), route


def test_the_page_of_the_document(service):
    page = service.call("GET", "/docs")
    assert page.header("content-type").startswith("text/html")
    policy = page.header("content-security-policy")
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    parts = [service.call("GET", "/" + path) for path in re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())]
    assert len(parts) >= 3 and {part.status for part in parts} == {200}
    for part in (page, *parts):
        assert re.findall(rb"https?://", part.body) == [] and b"innerHTML" not in part.body
        assert part.header("x-content-type-options") == "nosniff"


def test_schemathesis(tool, local, tmp_path, capsys):
    """Every check that it has, but for none. The report goes to FILESTORE_REPORTS where that is set."""
    key, entry = new_key(tool)
    service = start(tool, local, store=SIGNING, sections={"soft_delete": {"grace": "1d"}}, keys=[entry])
    reports = pathlib.Path(os.environ.get("FILESTORE_REPORTS", tmp_path))
    reports.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run", f"http://{service.address}/openapi.json"]
    options = ["--checks", "all", "--seed", SEED, "--max-examples", EXAMPLES, "--continue-on-failure", "--no-color", "--request-timeout", 60]
    output = ["--report", "junit", "--report-junit-path", reports / "schemathesis.xml", "--header", f"Authorization: Bearer {key}"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)}
    outcome = subprocess.run([str(word) for word in (*command, *options, *output)], capture_output=True, text=True, cwd=tmp_path, env=environment)
    (reports / "schemathesis.txt").write_text(outcome.stdout)
    summary = outcome.stdout[outcome.stdout.find("SUMMARY") :]
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    # The document itself it passes over.
    assert f"Tested: {len(contract.operations()) - 1}\n" in summary, summary
    cases = re.search(r"\d+ generated, \d+ passed", summary)[0]
    with capsys.disabled():
        print(f"\nschemathesis: {cases}; the report is {reports / 'schemathesis.txt'}")
    assert service.call("GET", "/healthz").status == 200
    wait_until(lambda: local.catalogue.rows("SELECT * FROM intents") == [], service.process)
