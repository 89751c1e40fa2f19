"""A cleanup of 100,000 old files among 1,000,000 rows of the catalogue: its time and its memory, beside those of a tenth of both.

    python3 bench/cleanup.py build/release/tools/filestore/filestore DIRECTORY

DIRECTORY is on the file system to measure on, with room for 2 GiB. The young files are rows only: a run does not look at them, as the store counts as recorded whole.
"""

import datetime
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid

DAY = 24 * 3600
NOW = time.time()
OLD_TIME = NOW - 40 * DAY


def written(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fill(base, old, young):
    """Files of 4 KiB as the original system stores them, and the rows."""
    (base / "metadata").mkdir(exist_ok=True)
    content = os.urandom(4096)
    ids = [str(uuid.uuid4()) for _ in range(old)]
    for file_id in ids:
        (base / file_id).write_bytes(content)
        os.utime(base / file_id, (OLD_TIME, OLD_TIME))
        (base / "metadata" / f"{file_id}.json").write_text(json.dumps({"file_id": file_id, "original_path": "a.txt", "size": 4096}))
    rows = [(file_id, "a.txt", "{}", written(OLD_TIME + n / 1000)) for n, file_id in enumerate(ids)]
    rows += [(str(uuid.uuid4()), "a.txt", "{}", written(NOW - DAY + n / 1000)) for n in range(young)]
    with sqlite3.connect(base / ".filestore" / "catalogue.sqlite") as connection:
        connection.executemany("insert into file_uploads (file_id, file_path, metadata, uploaded_at) values (?, ?, ?, ?)", rows)
        connection.execute("insert into marks (name, at) values ('covered', ?)", (written(NOW - 1),))


def measure(tool, base, old, young):
    if base.exists():
        shutil.rmtree(base)
    base.mkdir()
    # Makes the catalogue.
    subprocess.run([tool, "upload", "-", "--option", f"base_path={base}"], input=b"x", stdout=subprocess.DEVNULL, check=True)
    # In a process of its own: what this one holds would count for the command that it starts.
    subprocess.run([sys.executable, __file__, "fill", base, str(old), str(young)], check=True)
    os.sync()
    begun = time.perf_counter()
    command = [tool, "cleanup", "--days", "30", "--yes", "--json", "--option", f"base_path={base}"]
    with open(base.with_suffix(".txt"), "w+") as told:
        child = subprocess.Popen(command, stdout=told)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        assert status == 0, status
        told.seek(0)
        *_, last = told
    report = json.loads(last)
    assert report["removed"] == old and report["failed"] == 0, report
    mib = usage.ru_maxrss / 1024
    print(f"{old:7} old files among {old + young:8} rows: {seconds:7.1f} s, {old / seconds:7.0f} files/s, {mib:6.1f} MiB", flush=True)
    shutil.rmtree(base)


def main():
    if sys.argv[1] == "fill":
        fill(pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        return
    tool, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    for old, young in ((10_000, 90_000), (100_000, 900_000)):
        measure(tool, directory / "cleanup-store", old, young)


main()
