"""The table of servers in README.md is that of the cases and of the run."""

import pytest
import server_table


@pytest.fixture
def readme(tmp_path, monkeypatch):
    path = tmp_path / "README.md"
    path.write_text(f"before\n{server_table.BEGIN}old\n{server_table.END}after\n")
    monkeypatch.setattr(server_table, "README", path)
    monkeypatch.setenv("FILESTORE_TEST_ALL_SERVERS", "1")
    return path


def results(tmp_path, changed=None, without=None):
    outcomes = {**server_table.expected(), **(changed or {})}
    outcomes.pop(without, None)
    path = tmp_path / "results.tsv"
    path.write_text("".join(f"{server}\t{feature}\t{outcome}\n" for (server, feature), outcome in outcomes.items()))
    return path


def test_a_right_run_is_written_and_checked(readme, tmp_path):
    server_table.refresh(results(tmp_path))
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("after\n")
    assert "old" not in text
    assert "| put | yes |" in text
    server_table.check()


def test_a_table_of_other_cases_fails(readme, tmp_path):
    with pytest.raises(SystemExit):
        server_table.check()
    server_table.refresh(results(tmp_path))
    readme.write_text(readme.read_text().replace("| put | yes |", "| put | no |"))
    with pytest.raises(SystemExit):
        server_table.check()


@pytest.mark.parametrize(
    "wrong", [{"changed": {("moto", "put"): "failed"}}, {"changed": {("moto", "put"): "lack"}}, {"without": ("moto", "put")}]
)
def test_a_wrong_run_is_not_written(readme, tmp_path, wrong):
    before = readme.read_text()
    with pytest.raises(SystemExit) as refused:
        server_table.refresh(results(tmp_path, **wrong))
    assert "moto, put" in str(refused.value)
    assert readme.read_text() == before


def test_a_run_on_some_servers_is_not_written(readme, tmp_path, monkeypatch):
    monkeypatch.delenv("FILESTORE_TEST_ALL_SERVERS")
    before = readme.read_text()
    server_table.refresh(results(tmp_path))
    assert readme.read_text() == before


@pytest.mark.parametrize(
    "lack", ["swift tags it is another protocol", "moto sse-c it is not reached over TLS", "moto-tls tags it has a name of its own"]
)
def test_a_lack_that_no_case_tests_fails(monkeypatch, tmp_path, lack):
    lacks = tmp_path / "lacks.txt"
    lacks.write_text(lack + "\n")
    monkeypatch.setattr(server_table, "LACKS", lacks)
    with pytest.raises(SystemExit) as refused:
        server_table.expected()
    assert lack.split()[0] in str(refused.value)


def test_features_that_need_tls_are_of_servers_that_have_it(readme, tmp_path):
    server_table.refresh(results(tmp_path))
    rows = {cells[1]: cells[2:-1] for cells in ([cell.strip() for cell in line.split("|")] for line in readme.read_text().splitlines()) if len(cells) > 2}
    served = dict(zip(rows[""], rows["tls"]))
    assert {server for server, outcome in served.items() if outcome != "-"} == set(server_table.TLS_SERVERS)
