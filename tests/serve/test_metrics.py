"""What the service counts of itself, as Prometheus' own parser reads it."""

import contract
import yaml
from prometheus_client.parser import text_string_to_metric_families
from service import Service, file_part, form, new_id
from stores import set_age
from tus_calls import append, create, tus
from waiting import wait_until


class Metrics:
    def __init__(self, answer):
        assert answer.status == 200 and answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8", answer
        self.families = {family.name: family for family in text_string_to_metric_families(answer.body.decode())}
        self.samples = [sample for family in self.families.values() for sample in family.samples]
        assert all(family.documentation and family.type != "unknown" for family in self.families.values())
        assert all(family.name.startswith("filestore_") for family in self.families.values())
        assert len({(sample.name, tuple(sorted(sample.labels.items()))) for sample in self.samples}) == len(self.samples)

    def value(self, name, **labels):
        """The sum of what has these labels."""
        return sum(sample.value for sample in self.samples if sample.name == f"filestore_{name}" and labels.items() <= sample.labels.items())

    def has(self, name):
        return any(sample.name == f"filestore_{name}" for sample in self.samples)


def metrics_of(service):
    return Metrics(service.call("GET", "/metrics"))


def test_requests(service):
    file_id = service.upload(b"x" * 1000)
    for _ in range(3):
        service.call("GET", f"/download/{file_id}")
    service.call("GET", f"/download/{file_id}", headers={"Range": "bytes=0-9"})
    service.call("HEAD", f"/download/{file_id}")
    service.call("GET", f"/download/{new_id()}")
    service.call("PUT", "/files", b"y" * 500)
    service.call("POST", "/nothing")
    wait_until(lambda: metrics_of(service).value("http_requests_total", route="other") == 1, service.process)
    told = metrics_of(service)
    download = {"method": "GET", "route": "/download/{file_id}"}
    assert {status: told.value("http_requests_total", **download, status=status) for status in ("200", "206", "404")} == {"200": 3, "206": 1, "404": 1}
    assert told.value("http_requests_total", method="HEAD", route="/download/{file_id}", status="200") == 1
    assert told.value("http_sent_bytes_total", method="HEAD") == 0
    assert told.value("http_sent_bytes_total", **download) == 3010 + len(b'{"detail":"File not found"}')
    assert told.value("http_received_bytes_total", method="PUT", route="/files") == 500
    assert told.value("http_received_bytes_total", method="POST", route="/upload") > 1000
    assert told.value("http_requests_total", method="POST", route="/nothing") == 0
    for labels in (download, {"route": "/files", "method": "PUT"}):
        count = told.value("http_requests_total", **labels)
        assert told.value("http_request_duration_seconds_count", **labels) == count
        buckets = [sample.value for sample in told.samples if sample.name.endswith("_bucket") and labels.items() <= sample.labels.items()]
        assert buckets == sorted(buckets) and buckets[-1] == count
        assert told.value("http_request_duration_seconds_sum", **labels) > 0


def test_of_an_upload_that_is_gone_on_with_each_request_counts_what_it_brought(service):
    place = create(service, 1000)
    append(service, place, 0, b"a" * 700)
    append(service, place, 700, b"b" * 300)
    tus(service, "HEAD", place)
    route = "/uploads/{file_id}"
    wait_until(lambda: metrics_of(service).value("http_requests_total", route=route) == 3, service.process)
    told = metrics_of(service)
    assert told.value("http_received_bytes_total", route=route, method="PATCH") == 1000
    assert told.value("http_sent_bytes_total", route=route) == 0


def test_labels_are_bounded(service):
    """Whatever clients ask."""
    known = {route for _, route in contract.routes()} | {"other"}
    methods = {method for method, _ in contract.routes()} | {"other"}
    for number in range(50):
        service.call("GET", f"/download/{new_id()}")
        service.call("GET", f"/nothing/{number}")
        service.call(f"VERB{number}", "/files")
        service.call("GET", f"/files/{new_id()}?x={number}")
    told = metrics_of(service)
    labelled = [sample for sample in told.samples if "route" in sample.labels]
    assert {sample.labels["route"] for sample in labelled} <= known
    assert {sample.labels["method"] for sample in labelled} <= methods
    assert len(told.samples) < 200


def test_what_is_under_way(service):
    assert metrics_of(service).value("uploads_in_progress") == 0
    connection = service.connect()
    connection.sendall(f"PUT /files HTTP/1.1\r\nHost: {service.address}\r\nContent-Length: 100\r\n\r\nhalf".encode())
    wait_until(lambda: metrics_of(service).value("uploads_in_progress") == 1, service.process)
    assert metrics_of(service).value("http_connections") >= 2
    connection.close()
    wait_until(lambda: metrics_of(service).value("uploads_in_progress") == 0, service.process)
    wait_until(lambda: metrics_of(service).value("http_requests_total", method="PUT", route="/files", status="0") == 1, service.process)
    wait_until(lambda: metrics_of(service).value("http_connections") == 1, service.process)


def test_uploads_that_break_rules(tool, local):
    service = Service.of_tool(tool, local, "--option", "max_size=10", "--option", "denied_extensions=exe")
    service.call("PUT", "/files", b"x" * 11)
    service.call("POST", "/upload", *form(file_part(b"x" * 11)))
    service.call("PUT", "/files?filename=a.exe", b"x")
    service.call("PUT", "/files", b"x")
    told = metrics_of(service)
    assert told.value("refused_uploads_total", rule="size") == 2
    assert told.value("refused_uploads_total", rule="extension") == 1
    assert told.value("refused_uploads_total") == 3


def test_audit_and_cleanup(tool, local):
    """An audit server that is not there: all waits."""
    config = tool.directory / "storage.yaml"
    audit = {"url": "http://127.0.0.1:9", "key": "key"}
    config.write_text(yaml.safe_dump({"storage": {"local": {"base_path": str(local.base)}, "audit": audit}}))
    service = Service(tool.start("serve", "--config", config, "--listen", "127.0.0.1:0"), local.base)
    assert not metrics_of(service).has("last_cleanup_success")
    service.upload(b"x")
    service.upload(b"y")
    service.call("POST", "/cleanup?days=1")
    told = metrics_of(service)
    assert (told.value("audit_pending"), told.value("audit_delivered_total"), told.value("audit_parked")) == (2, 0, 0)
    assert told.value("audit_oldest_seconds") > 0
    # A cleanup asks the server what is old.
    assert told.has("last_cleanup_success") and told.value("last_cleanup_success") == 0
    assert told.value("build_info") == 1 and told.families["filestore_build_info"].samples[0].labels["version"]


def test_the_last_cleanup(service, local):
    old, new = service.upload(b"x"), service.upload(b"y")
    set_age(local, old, 3)
    service.call("POST", "/cleanup?days=1")
    told = metrics_of(service)
    assert (told.value("last_cleanup_success"), told.value("last_cleanup_removed_files")) == (1, 1)
    assert told.value("last_cleanup_timestamp_seconds") > 1_700_000_000
    assert list(local.stored()) == [new]
