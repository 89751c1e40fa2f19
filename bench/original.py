"""Stores files as the original system does: a copy by shutil and a sidecar by json, neither atomic nor durable.

    python3 bench/original.py DIRECTORY COUNT       prints wall and processor seconds
"""

import io
import json
import os
import pathlib
import shutil
import sys
import time

CONTENT = b"x" * 4096


class OriginalStore:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.base.mkdir(parents=True, exist_ok=True)
        self.metadata = self.base / "metadata"
        self.metadata.mkdir(exist_ok=True)

    def upload(self, file_id, name, stream):
        path = self.base / file_id
        with open(path, "wb") as file:
            shutil.copyfileobj(stream, file)
        record = {"file_id": file_id, "original_path": name, "size": os.path.getsize(path)}
        with open(self.metadata / f"{file_id}.json", "w") as file:
            json.dump(record, file)


def main(directory, count):
    start, processor = time.perf_counter(), time.process_time()
    store = OriginalStore(directory)
    for number in range(count):
        store.upload(f"6f1c1f0e-3f1b-4c43-9d1e-{number:012x}", "a file.bin", io.BytesIO(CONTENT))
    print(f"{time.perf_counter() - start:.6f} {time.process_time() - processor:.6f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
