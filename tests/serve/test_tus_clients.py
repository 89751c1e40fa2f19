"""Resumable uploads by clients that others have made: tuspy, and tus-js-client as browsers have it."""

import pathlib
import random
import subprocess

import pytest
from service import Service
from tus_calls import begin_piece, create
from tusclient import client as tuspy
from waiting import wait_until

HERE = pathlib.Path(__file__).parent
SIZE = 12_000_000


@pytest.fixture(scope="session")
def packages():
    tools = HERE.parent / "servers" / "tools"
    return subprocess.run([tools, "tus-js-client"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film"
    path.write_bytes(random.Random(2).randbytes(SIZE))
    return path


def endpoint(service):
    return f"http://{service.address}/uploads"


def stored(service, url):
    file_id = url.rpartition("/")[2]
    return service.call("GET", f"/files/{file_id}").json(), service.call("GET", f"/download/{file_id}").body


def by_node(packages, service, film, url="", chunk_size=0, abort_after=0, retries="0,50,100,200,400,800,1600,3200,6400,12800"):
    arguments = [packages, endpoint(service), film, url, chunk_size, abort_after, retries]
    return subprocess.Popen(
        ["node", HERE / "tus_upload.js", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def told(node):
    out, err = node.communicate(timeout=300)
    assert (node.returncode, err) == (0, "")
    return out.split()


@pytest.mark.parametrize("chunk_size", [0, 1_000_000])
def test_tus_js_client_stores_a_file(packages, service, film, chunk_size):
    url, end = told(by_node(packages, service, film, chunk_size=chunk_size))
    assert end == "done"
    known, content = stored(service, url)
    assert content == film.read_bytes()
    assert (known["original_path"], known["content_type"]) == ("Ünïcode.bin", "application/x-any")
    assert known["metadata"]["note"] == "by node"


def test_tus_js_client_pauses_and_goes_on(packages, service, film):
    url, end = told(by_node(packages, service, film, chunk_size=1_000_000, abort_after=3_000_000))
    assert end == "aborted"
    assert told(by_node(packages, service, film, url)) == [url, "done"]
    assert stored(service, url)[1] == film.read_bytes()


def test_tus_js_client_outlives_the_service(packages, tool, local, film):
    service = Service.of_tool(tool, local)
    node = by_node(packages, service, film, chunk_size=100_000)
    uploads = local.base / ".filestore" / "uploads"
    wait_until(lambda: any(path.stat().st_size > 500_000 for path in uploads.glob("*.data")), service.process)
    service.process.kill()
    service.process.wait()
    again = Service(tool.start("serve", "--listen", service.address, *local.options), local.base)
    url, end = told(node)
    assert end == "done"
    assert stored(again, url)[1] == film.read_bytes()
    local.catalogue.assert_nothing_open()


def test_tus_js_client_comes_back_before_its_old_connection_is_given_up(packages, service, film, local):
    place = create(service, SIZE)
    with begin_piece(service, place, 0, film.read_bytes()[:3_000_000], SIZE):
        data = local.base / ".filestore" / "uploads" / f"{place.rpartition('/')[2]}.data"
        wait_until(lambda: data.stat().st_size == 3_000_000, service.process)
        url = f"http://{service.address}{place}"
        assert told(by_node(packages, service, film, url, retries="0,1000,3000,5000")) == [url, "done"]
    assert stored(service, url)[1] == film.read_bytes()


def test_tuspy_stores_a_file(service, film):
    uploader = tuspy.TusClient(endpoint(service)).uploader(
        str(film), chunk_size=5_000_000, metadata={"filename": "film.bin"}, upload_checksum=True
    )
    uploader.upload()
    known, content = stored(service, uploader.url)
    assert (known["original_path"], content) == ("film.bin", film.read_bytes())


def test_tuspy_goes_on_where_it_ended(service, film):
    first = tuspy.TusClient(endpoint(service)).uploader(str(film), chunk_size=1_000_000)
    first.upload(stop_at=4_000_000)
    second = tuspy.TusClient(endpoint(service)).uploader(str(film), chunk_size=3_000_000, url=first.url)
    assert second.offset == 4_000_000
    second.upload()
    assert stored(service, first.url)[1] == film.read_bytes()
