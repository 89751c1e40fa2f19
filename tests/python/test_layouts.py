import pytest

import filestore


def test_a_store_is_converted_there_and_back(tmp_path):
    store, seen = tmp_path / "store", []
    with filestore.Service(base_path=store) as service:
        ids = [service.upload(b"hello") for _ in range(3)]
        with pytest.raises(filestore.Conflict):
            filestore.convert_store("sharded", base_path=store)
    assert filestore.convert_store("sharded", base_path=store, progress=lambda done, total: seen.append((done, total))) == 3
    assert seen[-1] == (3, 3) and all((store / file_id[:2] / file_id).read_bytes() == b"hello" for file_id in ids)
    with filestore.Service(base_path=store, layout="sharded") as service:
        assert {service.download(file_id) for file_id in ids} == {b"hello"}
    assert filestore.convert_store("flat", base_path=store) == 3
    assert filestore.convert_store("flat", base_path=store) == 0
    assert all((store / file_id).read_bytes() == b"hello" for file_id in ids)


def test_conversions_that_cannot_be(tmp_path):
    with pytest.raises(filestore.Configuration):
        filestore.convert_store("flat", base_path=tmp_path / "nothing")
    with filestore.Service(base_path=tmp_path / "store") as service:
        service.upload(b"hello")
    with pytest.raises(filestore.InvalidArgument):
        filestore.convert_store("round", base_path=tmp_path / "store")
    cancel = filestore.CancelToken()
    cancel.cancel()
    with pytest.raises(filestore.Cancelled):
        filestore.convert_store("sharded", base_path=tmp_path / "store", cancel=cancel)
