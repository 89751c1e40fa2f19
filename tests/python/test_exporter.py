"""Copies at a provider: a server of the tests' own that answers as one does."""

import asyncio

import pytest
from conftest import UNKNOWN

import filestore

KEY = "marker-secret-9c2e"


@pytest.fixture
def exporter(local):
    with filestore.Exporter(local, key=lambda *_: KEY, retry=(2, 0.01, 0.01)) as opened:
        yield opened


def test_a_file_is_sent_once_and_taken_back(local, exporter, provider):
    file_id, seen = local.upload(b"hello", path="report.txt", content_type="text/plain"), []
    copy = exporter.send(file_id, "openai", base_url=provider.url, progress=lambda done, total: seen.append((done, total)))
    assert (copy["file_id"], copy["state"], copy["was_there"]) == (file_id, "sent", False) and seen[-1] == (5, 5)
    assert exporter.send(file_id, "openai", base_url=provider.url)["was_there"] is True
    assert list(provider.files) == [copy["provider_id"]]
    assert [known["provider_id"] for known in exporter.copies(file_id)] == [copy["provider_id"]] == [known["provider_id"] for known in exporter.copies()]
    assert exporter.copies(after=copy["number"]) == []
    report = exporter.unsend(file_id, "openai", base_url=provider.url)
    assert [removed["number"] for removed in report["removed"]] == [copy["number"]] and provider.files == {}


def test_copies_of_deleted_files_are_settled(local, exporter, provider):
    file_id = local.upload(b"hello", path="report.txt")
    exporter.send(file_id, "openai", base_url=provider.url, expires_in=7200, purpose="assistants")
    local.delete(file_id)
    assert len(exporter.settle()["removed"]) == 1 and provider.files == {}


def test_who_gives_the_keys_is_told_whose(local, provider):
    asked = []

    def give(*whose):
        asked.append(whose)
        return KEY

    file_id = local.upload(b"hello")
    with filestore.Exporter(local, key=give) as exporter:
        exporter.send(file_id, "openai", base_url=provider.url, key_variable="MINE")
    assert asked == [("openai", provider.url, "MINE")]
    assert all(request.header("authorization") == f"Bearer {KEY}" for request in provider.requests)


def test_a_key_that_cannot_be_had(local, provider, monkeypatch):
    told = []
    monkeypatch.setattr("sys.unraisablehook", lambda arguments: told.append(arguments.exc_value))
    file_id = local.upload(b"hello")
    with filestore.Exporter(local, key=lambda *_: {}["missing"]) as exporter, pytest.raises(filestore.Unauthenticated):
        exporter.send(file_id, "openai", base_url=provider.url)
    assert [type(exception) for exception in told] == [KeyError] and provider.files == {}


def test_failures_of_an_exporter(local, exporter, provider, tmp_path):
    with pytest.raises(filestore.NotFound):
        exporter.send(UNKNOWN, "openai", base_url=provider.url)
    with pytest.raises(filestore.InvalidArgument):
        exporter.send(local.upload(b"x"), "nobody")
    with pytest.raises(filestore.InvalidArgument):
        filestore.Exporter(local, parts=(1, 0))
    with filestore.Service(base_path=tmp_path / "unrecorded", catalogue_path="off") as unrecorded, pytest.raises(filestore.Configuration):
        filestore.Exporter(unrecorded)


def test_a_service_closes_its_exporters(tmp_path):
    service = filestore.Service(base_path=tmp_path / "store")
    exporter = filestore.Exporter(service)
    exporter.start()
    service.close()
    with pytest.raises(filestore.Cancelled):
        exporter.copies()
    exporter.close()


def test_an_exporter_with_asyncio(tmp_path, provider):
    async def main():
        async with filestore.AsyncService(base_path=tmp_path / "store") as service, filestore.AsyncExporter(service, key=lambda *_: KEY) as exporter:
            ids = await asyncio.gather(*(service.upload(b"number %d" % number, path="n.txt") for number in range(3)))
            await asyncio.gather(*(exporter.send(file_id, "openai", base_url=provider.url) for file_id in ids))
            assert len(await exporter.copies()) == 3
            await asyncio.gather(*(exporter.unsend(file_id) for file_id in ids))
            return await exporter.settle()

    assert asyncio.run(main())["waiting"] == [] and provider.files == {}
