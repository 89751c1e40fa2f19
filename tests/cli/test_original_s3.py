"""Objects of the original system in S3 are read by ours, and ours by the original."""

import datetime
import io
import json

import pytest
from botocore.exceptions import ClientError
from command import assert_succeeds, uploaded
from original_system import OriginalS3Storage

BODY = bytes(range(256)) * 300
METADATA = {"owner": "ada", "two-words": "a b"}


@pytest.fixture
def original(any_s3_store):
    return OriginalS3Storage(any_s3_store.client(), any_s3_store.bucket, any_s3_store.prefix)


def run(tool, store, *arguments, **options):
    return tool.run(*arguments, *store.options, environment=store.environment, **options)


@pytest.mark.parametrize("body", [BODY, b"", BODY * 150], ids=["bytes", "empty", "large"])
def test_a_file_of_the_original_is_read(tool, any_s3_store, original, body):
    store = any_s3_store
    file_id = original.upload(io.BytesIO(body), METADATA)
    assert_succeeds(run(tool, store, "exists", file_id))
    assert_succeeds(run(tool, store, "download", file_id, "-o", "-"), out=body)
    outcome = run(tool, store, "metadata", file_id, "--json")
    assert_succeeds(outcome)
    record, told = json.loads(outcome.out), original.get_metadata(file_id)
    record["last_modified"] = datetime.datetime.fromisoformat(record["last_modified"].replace("Z", "+00:00"))
    assert {name: record[name] for name in told} == told
    # It gave no type: that is the server's own, or ours where the server tells none.
    own = store.client().head_object(**original.place(file_id)).get("ContentType")
    assert record["content_type"] == (own or "application/octet-stream")


def test_a_file_of_the_original_is_deleted(tool, any_s3_store, original):
    file_id = original.upload(io.BytesIO(BODY))
    assert_succeeds(run(tool, any_s3_store, "delete", file_id))
    with pytest.raises(ClientError):
        original.get_metadata(file_id)
    any_s3_store.assert_empty()


@pytest.mark.parametrize("body", [BODY, b"", BODY * 150], ids=["bytes", "empty", "large"])
def test_the_original_reads_ours(tool, any_s3_store, original, body):
    given = [word for key, value in METADATA.items() for word in ("--meta", f"{key}={value}")]
    file_id = uploaded(run(tool, any_s3_store, "upload", "-", *given, stdin=body))
    assert original.download(file_id) == body
    record = original.get_metadata(file_id)
    assert (record["file_id"], record["size"]) == (file_id, len(body))
    assert {key: value for key, value in record["metadata"].items() if key != "filestore"} == METADATA


def test_the_original_deletes_ours(tool, any_s3_store, original):
    file_id = uploaded(run(tool, any_s3_store, "upload", "-", stdin=BODY))
    assert original.delete(file_id)
    assert run(tool, any_s3_store, "exists", file_id).code == 3
