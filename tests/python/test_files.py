import urllib.request
from datetime import datetime, timedelta, timezone

import pytest
from conftest import UNKNOWN

import filestore


def test_a_file_goes_in_and_comes_out(service):
    metadata = {"owner": "ada", "pages": [1, 2.5], "note": "ä"}
    file_id = service.upload(b"hello\0world", path="hällo.txt", content_type="text/plain", metadata=metadata)
    assert service.download(file_id) == b"hello\0world"
    info = service.metadata(file_id)
    assert (info.id, info.path, info.size, info.content_type, info.metadata) == (file_id, "hällo.txt", 11, "text/plain", metadata)
    assert service.exists(file_id)
    assert service.delete(file_id) and not service.delete(file_id)
    assert not service.exists(file_id)
    with pytest.raises(filestore.NotFound):
        service.download(file_id)


@pytest.mark.parametrize("source", [b"bytes", bytearray(b"bytes"), memoryview(b"xbytes")[1:]])
def test_every_kind_of_bytes(service, source):
    assert service.download(service.upload(source)) == b"bytes"


def test_paths(service, tmp_path):
    (tmp_path / "from").write_bytes(b"a file")
    file_id = service.upload(tmp_path / "from")
    assert service.metadata(file_id).path.endswith("from")
    assert service.download(file_id, tmp_path / "to") == 6
    assert (tmp_path / "to").read_bytes() == b"a file"
    with pytest.raises(filestore.NotFound):
        service.upload(tmp_path / "missing")


def test_ranges(service):
    file_id = service.upload(b"0123456789")
    assert service.download(file_id, offset=2, length=3) == b"234"
    assert service.download(file_id, offset=8, length=100) == b"89"
    assert service.download(file_id, offset=7) == b"789"
    with pytest.raises(filestore.RangeNotSatisfiable):
        service.download(file_id, offset=10)


def test_listings(service):
    stored = sorted(service.upload(b"x" * size) for size in range(5))
    assert [entry.id for entry in service.list()] == stored
    assert sum(entry.size for entry in service.list(limit=2)) == 10
    page, cursor = service.list_page(limit=2)
    assert len(page) == 2 and cursor
    with pytest.raises(filestore.InvalidArgument):
        service.list_page(limit=1001)


def test_links(service, is_s3):
    file_id = service.upload(b"for everybody")
    if not is_s3:
        with pytest.raises(filestore.Unsupported):
            service.presign(file_id)
        return
    url, expires_at = service.presign(file_id, expires_in=60, content_type="text/plain", disposition="attachment")
    assert timedelta() < expires_at - datetime.now(timezone.utc) <= timedelta(seconds=61)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"for everybody"
        assert answer.headers["Content-Disposition"] == "attachment"
    with pytest.raises(filestore.InvalidArgument):
        service.presign(file_id, method="post")


def test_records(service):
    file_id = service.upload(b"x", path="a.txt")
    assert service.catalogue_path.endswith(".sqlite")
    history = service.history(file_id)
    assert history["file_id"] == file_id and history["deleted_at"] is None
    service.delete(file_id)
    assert service.history(file_id)["deleted_at"]
    assert service.audit_status()["pending"] == 0
    with pytest.raises(filestore.Configuration):
        service.flush()


def test_cleanup_keeps_what_is_new(service):
    service.upload(b"new")
    report = service.cleanup(1, dry_run=True, file=lambda *file: pytest.fail(str(file)))
    assert report["removed"] == 0
    with pytest.raises(filestore.InvalidArgument):
        service.cleanup(0)


def test_deletions_can_be_taken_back(tmp_path):
    with filestore.Service(base_path=tmp_path / "store", soft_delete_grace="1h") as service:
        file_id = service.upload(b"x")
        service.delete(file_id)
        assert service.undelete(file_id) and not service.undelete(file_id)
        assert service.exists(file_id)


def test_damage_is_found(local, tmp_path):
    file_id = local.upload(b"whole")
    (tmp_path / "store" / file_id).write_bytes(b"spoil")
    found = []
    report = local.verify(repair=True, parallel=2, finding=lambda *finding: found.append(finding))
    assert report["corrupt"] == 1
    assert [(finding[0], finding[1], finding[3]) for finding in found] == [(file_id, "corrupt", True)]
    with pytest.raises(filestore.InvalidArgument):
        local.verify(parallel=65)


def test_who_hears_of_damage_can_end_the_run(local, tmp_path):
    (tmp_path / "store" / local.upload(b"whole")).write_bytes(b"spoil")

    def enough(*_):
        raise LookupError("enough")

    with pytest.raises(filestore.SinkFailed) as failure:
        local.verify(finding=enough)
    assert isinstance(failure.value.__cause__, LookupError)


def test_records_are_made_to_agree(local, tmp_path):
    file_id = local.upload(b"x")
    (tmp_path / "store" / file_id).unlink()
    (tmp_path / "store/metadata" / f"{file_id}.json").unlink()
    found = []
    report = local.reconcile(repair=True, drift=lambda *drift: found.append(drift))
    assert report["missing"] == 1 and found[0][:2] == (file_id, "missing") and found[0][3]


def test_warnings(tmp_path):
    heard = []
    settings = {"base_path": tmp_path / "store", "type_policy": "warn"}
    with filestore.Service(on_warning=lambda *warning: heard.append(warning), **settings) as service:
        service.upload(b"no picture", path="a.pdf", content_type="image/png")
    assert heard[0][:2] == ("a.pdf", "image/png")


def test_configuration_by_yaml(tmp_path):
    (tmp_path / "storage.yaml").write_text(f"storage:\n  backend: local\n  local:\n    base_path: {tmp_path / 'store'}\n")
    with filestore.Service.from_config(tmp_path / "storage.yaml") as service:
        assert (tmp_path / "store" / service.upload(b"x")).exists()
    with pytest.raises(filestore.Configuration):
        filestore.Service.from_config(tmp_path / "missing.yaml")


def test_a_started_service_closes(tmp_path):
    with filestore.Service(base_path=tmp_path / "store", cleanup_enabled=True, schedule="@yearly") as service:
        service.start()
        assert not service.exists(UNKNOWN)
