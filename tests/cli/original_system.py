"""The storage of the system that filestore replaces: the same layout on disk and in S3, read and written as it did."""

import io
import json
import os
import pathlib
import shutil
import uuid


class OriginalS3Storage:
    """Its files in S3: the ID is the key, and nothing but the metadata goes with the bytes."""

    def __init__(self, client, bucket, prefix):
        self.client = client
        self.bucket = bucket
        self.prefix = prefix

    def place(self, file_id):
        return {"Bucket": self.bucket, "Key": self.prefix + file_id}

    def upload(self, file_data, metadata=None):
        file_id = str(uuid.uuid4())
        extra = {"Metadata": metadata or {}}
        self.client.upload_fileobj(file_data, self.bucket, self.prefix + file_id, ExtraArgs=extra)
        return file_id

    def download(self, file_id):
        buffer = io.BytesIO()
        self.client.download_fileobj(self.bucket, self.prefix + file_id, buffer)
        return buffer.getvalue()

    def delete(self, file_id):
        self.client.delete_object(**self.place(file_id))
        return True

    def get_metadata(self, file_id):
        head = self.client.head_object(**self.place(file_id))
        return {
            "file_id": file_id,
            "size": head["ContentLength"],
            "last_modified": head["LastModified"],
            "metadata": head.get("Metadata", {}),
        }


class OriginalStorage:
    def __init__(self, base_path):
        self.base = pathlib.Path(base_path)
        self.base.mkdir(parents=True, exist_ok=True)
        self.records = self.base / "metadata"
        self.records.mkdir(exist_ok=True)

    def body_path(self, file_id):
        return self.base / file_id

    def record_path(self, file_id):
        return self.records / f"{file_id}.json"

    def upload(self, file_path, file_data, metadata=None):
        file_id = str(uuid.uuid4())
        with open(self.body_path(file_id), "wb") as body:
            shutil.copyfileobj(file_data, body)
        record = {
            **(metadata or {}),
            "file_id": file_id,
            "original_path": file_path,
            "size": os.path.getsize(self.body_path(file_id)),
        }
        # The encoding is named because the original ran where UTF-8 was the default.
        with open(self.record_path(file_id), "w", encoding="utf-8") as file:
            json.dump(record, file)
        return file_id

    def download(self, file_id):
        if not self.exists(file_id):
            raise FileNotFoundError(file_id)
        return self.body_path(file_id).read_bytes()

    def delete(self, file_id):
        found = self.exists(file_id)
        self.body_path(file_id).unlink(missing_ok=True)
        self.record_path(file_id).unlink(missing_ok=True)
        return found

    def exists(self, file_id):
        return self.body_path(file_id).exists()

    def get_metadata(self, file_id):
        with open(self.record_path(file_id), encoding="utf-8") as file:
            return json.load(file)
