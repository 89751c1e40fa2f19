"""Objects of boto3 are read by the command, and the command's by boto3."""

import base64
import hashlib
import io
import json
import uuid
import zlib

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from command import assert_succeeds, uploaded
from stores import lacks

BODY = bytes(range(256)) * 300
METADATA = {"owner": "ada", "two-words": "a b", "looks": "100% + more"}
TYPE = "application/pdf; version=1.7"
MEBIBYTE = 1 << 20
PARTS = TransferConfig(multipart_threshold=5 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE, max_concurrency=2)


def place(store, file_id):
    return {"Bucket": store.bucket, "Key": store.prefix + file_id}


def shown(tool, store, file_id):
    outcome = tool.run("metadata", file_id, "--json", *store.options, environment=store.environment)
    assert_succeeds(outcome)
    return json.loads(outcome.out)


def downloaded(tool, store, file_id):
    outcome = tool.run("download", file_id, "-o", "-", *store.options, environment=store.environment)
    assert_succeeds(outcome)
    return outcome.out


def upload(tool, store, body, *options):
    return uploaded(tool.run("upload", "-", *options, *store.options, environment=store.environment, stdin=body))


@pytest.mark.parametrize("body", [BODY, b""], ids=["bytes", "empty"])
def test_an_object_of_boto3_is_a_file(tool, any_s3_store, body):
    store, file_id = any_s3_store, str(uuid.uuid4())
    store.client().put_object(**place(store, file_id), Body=body, Metadata=METADATA, ContentType=TYPE)
    assert_succeeds(tool.run("exists", file_id, *store.options, environment=store.environment))
    assert downloaded(tool, store, file_id) == body
    record = shown(tool, store, file_id)
    assert record["metadata"] == METADATA
    assert (record["size"], record["content_type"]) == (len(body), TYPE)
    listed = tool.run("list", *store.options, environment=store.environment)
    assert [line.split()[:2] for line in listed.lines] == [[file_id, str(len(body))]]
    assert_succeeds(tool.run("delete", file_id, *store.options, environment=store.environment))
    with pytest.raises(ClientError) as refused:
        store.client().head_object(**place(store, file_id))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_an_object_that_boto3_uploads_in_parts_is_a_file(tool, any_s3_store):
    store, file_id = any_s3_store, str(uuid.uuid4())
    body = BODY * 150
    extra = {"Metadata": METADATA, "ContentType": TYPE}
    store.client().upload_fileobj(
        io.BytesIO(body), store.bucket, store.prefix + file_id, ExtraArgs=extra, Config=PARTS
    )
    assert downloaded(tool, store, file_id) == body
    assert shown(tool, store, file_id)["metadata"] == METADATA


@pytest.mark.parametrize("body", [BODY, b"", BODY * 150], ids=["bytes", "empty", "large"])
def test_boto3_reads_a_file(tool, any_s3_store, body):
    store = any_s3_store
    given = [word for key, value in METADATA.items() for word in ("--meta", f"{key}={value}")]
    file_id = upload(tool, store, body, "--content-type", TYPE, *given)
    got = store.client().get_object(**place(store, file_id))
    assert got["Body"].read() == body
    assert (got["ContentLength"], got["ContentType"]) == (len(body), TYPE)
    assert {key: value for key, value in got["Metadata"].items() if key != "filestore"} == METADATA
    store.client().download_fileobj(store.bucket, store.prefix + file_id, copy := io.BytesIO(), Config=PARTS)
    assert copy.getvalue() == body


def test_boto3_sees_what_headers_cannot_hold_in_one_of_ours(tool, any_s3_store):
    store = any_s3_store
    file_id = upload(tool, store, BODY, "--name", "Bericht für März.pdf", "--meta", "titel=Übersicht")
    metadata = store.client().head_object(**place(store, file_id))["Metadata"]
    ours = json.loads(base64.b64decode(metadata["filestore"]))
    assert ours == {"original_path": "Bericht für März.pdf", "size": len(BODY), "metadata": {"titel": "Übersicht"}}


def test_what_boto3_writes_in_our_form_is_read(tool, any_s3_store):
    store, file_id = any_s3_store, str(uuid.uuid4())
    ours = {"original_path": "Bericht für März.pdf", "metadata": {"titel": "Übersicht 🗂", "n": [1, None]}}
    envelope = base64.b64encode(json.dumps(ours, ensure_ascii=False).encode()).decode()
    store.client().put_object(**place(store, file_id), Body=BODY, Metadata={"filestore": envelope, "owner": "ada"})
    record = shown(tool, store, file_id)
    assert record["original_path"] == ours["original_path"]
    assert record["metadata"] == {**ours["metadata"], "owner": "ada"}
    assert downloaded(tool, store, file_id) == BODY


CHECKSUMS = {
    "crc32": ("ChecksumCRC32", lambda body: zlib.crc32(body).to_bytes(4, "big")),
    "sha1": ("ChecksumSHA1", lambda body: hashlib.sha1(body).digest()),
    "sha256": ("ChecksumSHA256", lambda body: hashlib.sha256(body).digest()),
}


@pytest.mark.parametrize("algorithm", CHECKSUMS)
def test_boto3_finds_the_checksum_of_a_file(tool, any_s3_store, algorithm):
    store, (field, compute) = any_s3_store, CHECKSUMS[algorithm]
    options = ["--option", "checksum_mode=header", "--option", f"checksum_algorithm={algorithm}"]
    file_id = upload(tool, store, BODY, *options)
    got = store.client().get_object(**place(store, file_id), ChecksumMode="ENABLED")
    assert got["Body"].read() == BODY
    kept = None if lacks(store.name, "checksum-header") else base64.b64encode(compute(BODY)).decode()
    assert got.get(field) == kept


@pytest.mark.parametrize("body", [BODY, BODY * 150], ids=["whole", "parts"])
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_of_boto3_are_compared_with_what_arrives(tool, any_s3_store, algorithm, body):
    store, file_id = any_s3_store, str(uuid.uuid4())
    if lacks(store.name, "checksum-trailer"):
        # boto3 sends them as trailers.
        return
    store.client().upload_fileobj(
        io.BytesIO(body),
        store.bucket,
        store.prefix + file_id,
        ExtraArgs={"ChecksumAlgorithm": algorithm},
        Config=PARTS,
    )
    checking = ["--option", "checksum_mode=header", *store.options]
    outcome = tool.run("download", file_id, "-o", "-", *checking, environment=store.environment)
    assert_succeeds(outcome)
    assert outcome.out == body


def test_a_file_that_boto3_copied_is_the_same_file(tool, any_s3_store):
    store, copy_id = any_s3_store, str(uuid.uuid4())
    file_id = upload(tool, store, BODY, "--name", "Bericht.pdf", "--meta", "titel=Übersicht", "--meta", "owner=ada")
    store.client().copy_object(**place(store, copy_id), CopySource=place(store, file_id))
    assert downloaded(tool, store, copy_id) == BODY
    ours, copied = shown(tool, store, file_id), shown(tool, store, copy_id)
    for name in ("original_path", "size", "metadata", "content_type"):
        assert copied[name] == ours[name], name
