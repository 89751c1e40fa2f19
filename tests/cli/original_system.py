"""The local storage of the system that filestore replaces: the same layout on disk, read and written as it did."""

import json
import os
import pathlib
import shutil
import uuid


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
