"""The stores that the command is tested on, and what they hold when nobody asks the command."""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import sqlite3
import time
import uuid

import boto3
import botocore.config
from command import tree

LACKS = pathlib.Path(__file__).parent.parent / "conformance" / "lacks.txt"
MISSING_ID = "00000000-0000-4000-8000-000000000000"
DAY = 24 * 3600


class Catalogue:
    """`may_store_late`: of a store that may carry an upload out after its call has failed: its file is looked for for an hour (see filestore/service.h)."""

    def __init__(self, path, may_store_late=False):
        self.path = pathlib.Path(path)
        self.open = "SELECT * FROM intents" + (" WHERE operation <> 'undo'" if may_store_late else "")

    def rows(self, statement):
        if not self.path.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()

    def assert_nothing_open(self):
        assert self.rows(self.open) == []

    def events(self):
        """(file ID, name, whether it was deleted) of every recorded upload."""
        return self.rows("SELECT file_id, file_path, deleted_at IS NOT NULL FROM file_uploads ORDER BY uploaded_at")


class LocalStore:
    kind = "local"
    environment = {}

    def __init__(self, directory, layout="flat"):
        self.base = directory / "store"
        self.catalogue = Catalogue(self.base / ".filestore" / "catalogue.sqlite")
        self.layout = layout
        self.options = ["--base-path", self.base, *(["--layout", layout] if layout != "flat" else [])]

    def data(self, file_id):
        return self.base / self.shard(file_id) / file_id

    def sidecar(self, file_id):
        return self.base / "metadata" / self.shard(file_id) / f"{file_id}.json"

    def shard(self, file_id):
        return file_id[:2] if self.layout == "sharded" else ""

    def stored(self):
        """The bytes of every stored file by ID. Fails where there is anything but whole files with their records."""
        files = {name: body for name, body in tree(self.base).items() if body is not None}
        bodies = {name.split("/")[-1]: body for name, body in files.items() if not name.startswith("metadata/")}
        places = [place(file_id) for file_id in bodies for place in (self.data, self.sidecar)]
        assert set(files) == {path.relative_to(self.base).as_posix() for path in places}
        return bodies

    def assert_empty(self):
        assert self.stored() == {}
        leftovers = {path.name for path in (self.base / ".filestore").rglob("*") if path.is_file()}
        assert all(name in ("lock", "layout") or name.startswith("catalogue.sqlite") for name in leftovers), leftovers
        self.catalogue.assert_nothing_open()


def fill(store, count, content=b"file %d"):
    """Writes files into a new store without the command, with SHA-256 beside them; answers their IDs in order."""
    ids = sorted(str(uuid.uuid4()) for _ in range(count))
    (store.base / "metadata").mkdir(parents=True)
    if store.layout == "sharded":
        (store.base / ".filestore").mkdir()
        (store.base / ".filestore" / "layout").write_text("sharded\n")
        for directory in {path.parent for file_id in ids for path in (store.data(file_id), store.sidecar(file_id))}:
            directory.mkdir()
    for number, file_id in enumerate(ids):
        body = content % number if b"%" in content else content
        checksum = {"algorithm": "SHA256", "value": base64.b64encode(hashlib.sha256(body).digest()).decode()}
        ours = {"content_type": "text/plain", "checksum": checksum}
        sidecar = {"file_id": file_id, "original_path": "a", "size": len(body), "filestore": ours}
        store.data(file_id).write_bytes(body)
        store.sidecar(file_id).write_text(json.dumps(sidecar))
    return ids


def set_age(store, file_id, days):
    """As if a file of a local store had been stored so many days ago."""
    then = time.time() - days * DAY
    os.utime(store.base / file_id, (then, then))
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(then))
    with contextlib.closing(sqlite3.connect(store.catalogue.path)) as connection, connection:
        connection.execute("UPDATE file_uploads SET uploaded_at = ? WHERE file_id = ?", (stamp, file_id))


def lacks(server, feature):
    """Whether the conformance tests have found the server to lack it."""
    lines = LACKS.read_text().splitlines()
    return any(line.split()[:2] == [server.removesuffix("-tls"), feature] for line in lines if line)


class S3Store:
    kind = "s3"

    def __init__(self, server, directory):
        """`server` is the environment that tests/servers wrote for it."""
        self.server = server
        self.name = server["FILESTORE_S3_SERVER"]
        self.prefix = f"cli-{uuid.uuid4().hex}/"
        self.access_key = server["FILESTORE_S3_ACCESS_KEY"]
        self.secret_key = server["FILESTORE_S3_SECRET_KEY"]
        self.bucket = server["FILESTORE_S3_BUCKET"]
        self.environment = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        self.catalogue = Catalogue(directory / "catalogue.sqlite", may_store_late=True)
        self.options = self.options_with()

    @property
    def authority(self):
        """The file that the server's certificate is checked with; None without TLS."""
        return self.server["FILESTORE_S3_CA_FILE"] or None

    def options_with(self, bucket=None, endpoint=None, trusting=True):
        """The options of the store, with another bucket or server where one is given."""
        return [
            *(["--option", f"ca_file={self.authority}"] if self.authority and trusting else []),
            *("--backend", "s3", "--bucket", bucket or self.bucket),
            *("--endpoint", endpoint or self.server["FILESTORE_S3_ENDPOINT"]),
            *("--region", self.server["FILESTORE_S3_REGION"]),
            *("--option", f"key_prefix={self.prefix}", "--option", f"catalogue_path={self.catalogue.path}"),
        ]

    def client(self):
        return boto3.client(
            "s3",
            endpoint_url=self.server["FILESTORE_S3_ENDPOINT"],
            region_name=self.server["FILESTORE_S3_REGION"],
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            verify=self.authority,
            config=botocore.config.Config(s3={"addressing_style": "path"}),
        )

    def stored(self):
        """The bytes of every stored file by ID."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", []) if entry["Key"] != self.prefix]
        return {
            key.removeprefix(self.prefix): client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys
        }

    def holds(self, file_id):
        keys = self.client().list_objects_v2(Bucket=self.bucket, Prefix=self.prefix + file_id)
        return keys["KeyCount"] > 0

    def uploads(self):
        """The keys of uploads in parts that were begun and not ended."""
        listed = self.client().list_multipart_uploads(Bucket=self.bucket, Prefix=self.prefix)
        return [upload["Key"] for upload in listed.get("Uploads", [])]

    def cut(self, file_id, size):
        """Leaves the first bytes of a stored file, under the headers that it was stored with."""
        place = {"Bucket": self.bucket, "Key": self.prefix + file_id}
        kept = self.client().get_object(**place)
        self.client().put_object(
            **place, Body=kept["Body"].read(size), Metadata=kept["Metadata"], ContentType=kept["ContentType"]
        )

    def assert_empty(self):
        assert self.stored() == {}
        self.catalogue.assert_nothing_open()
