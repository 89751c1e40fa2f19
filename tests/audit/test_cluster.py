"""examples/cluster: three services behind nginx, on S3 and a project. One after another is killed under load and started again; then what was acknowledged is there, and
rows and files say the same.

FILESTORE_TEST_LONG: 60 s with a kill every 10 s. FILESTORE_TEST_SEED chooses what is done and killed.
"""

import collections
import contextlib
import hashlib
import http.client
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest
from service import file_part, form
from skipping import skip_unless_ci
from stores import Catalogue, S3Store
from sweep import COUNTS, SEED

ROOT = pathlib.Path(__file__).parent.parent.parent
TOOLS = ROOT / "tests" / "servers" / "tools"
LONG = os.environ.get("FILESTORE_TEST_LONG") == "1"
SECONDS, BETWEEN_KILLS = (60, 10) if LONG else (12, 3)
INSTANCES, CALLERS = 3, 6
# Of one PUT, and of several parts.
SIZES = (0, 1, 4096, 300_000, 9_000_000)


def wait_until(condition, state=lambda: "it is not so"):
    """`state` tells what is the case where it takes too long."""
    give_up = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < give_up, state()
        time.sleep(0.05)


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def run_script(tool, environment, *words):
    """What it prints; nothing that it starts keeps the pipe open."""
    program = [ROOT / "examples" / "cluster" / "cluster", *map(str, words)]
    outcome = subprocess.run(
        program, env={**tool.environment, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, stdin=subprocess.DEVNULL, text=True
    )
    assert outcome.returncode == 0, outcome.stdout
    return outcome.stdout


def has_ended(pid):
    """Its sockets are closed, too."""
    try:
        return re.search(r"^State:\s+[ZX]", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE) is not None
    except (FileNotFoundError, ProcessLookupError):
        return True


class Cluster:
    def __init__(self, tool, project, store):
        self.tool, self.project, self.store = tool, project, store
        self.directory, self.port = tool.directory / "cluster", free_port()
        self.environment = {
            **store.environment,
            **{"SUPABASE_URL": project.url, "SUPABASE_KEY": project.service_key},
            **{"FILESTORE": tool.path, "PORT": str(self.port), "INSTANCES": str(INSTANCES)},
        }
        configuration = tool.directory / "storage.yaml"
        s3 = {"bucket_name": store.bucket, "endpoint": store.server["FILESTORE_S3_ENDPOINT"], "key_prefix": store.prefix}
        s3["region"] = store.server["FILESTORE_S3_REGION"]
        configuration.write_text(json.dumps({"storage": {"backend": "s3", "s3": s3, "audit": {"table": project.table}}}))
        assert self.run("up", configuration) == f"listening on http://127.0.0.1:{self.port}\n"
        # An instance that is started again is told where nginx listens by what stands in the directory.
        del self.environment["PORT"]

    def run(self, command, *words):
        return run_script(self.tool, self.environment, command, self.directory, *words)

    def kill(self, number):
        pid = int((self.directory / f"instance-{number}.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        # The script that started it is gone: its new parent may take a while to look.
        wait_until(lambda: has_ended(pid))

    def address(self, number):
        return (self.directory / f"instance-{number}" / "address").read_text().strip()

    def left(self, number):
        """What an instance has open, and what the project does not know of what it has recorded."""
        path = self.directory / f"instance-{number}" / "catalogue.sqlite"
        intents = Catalogue(path).rows("SELECT operation, file_id FROM intents WHERE operation <> 'undo'")
        # For an hour it is looked whether the store carries out late what was killed: an upload, and a removal whose file is there.
        left = [intent for intent in intents if intent[0] == "upload" or not self.store.holds(intent[1])]
        words = ["audit", "status", "--json", "--config", self.tool.directory / "storage.yaml", "--option", f"catalogue_path={path}"]
        outcome = self.tool.run(*words, environment=self.environment)
        assert outcome.code == 0, outcome
        status = json.loads(outcome.out)
        return left + [status] * (status["pending"] + status["parked"] > 0)

    def left_of_all(self):
        return [self.left(number) for number in range(1, INSTANCES + 1)]


@pytest.fixture
def cluster(tool, project, tmp_path):
    server = pathlib.Path(os.environ["FILESTORE_TEST_SERVERS"]) / "versitygw.env"
    if not server.exists():
        skip_unless_ci("versitygw does not run")
    environment = dict(line.split("=", 1) for line in server.read_text().splitlines() if line)
    made = Cluster(tool, project, S3Store(environment, tmp_path))
    yield made
    made.run("down")


class Caller(threading.Thread):
    """Calls at random, of files of its own."""

    def __init__(self, address, seed, until):
        super().__init__()
        self.address, self.random, self.until = address, random.Random(seed), until
        # SHA-256 of each file by its ID.
        self.stored, self.deleted, self.doubtful = {}, set(), set()
        self.counts = collections.Counter()
        self.wrong = []

    def call(self, method, path, body=b"", headers=None):
        """None where no whole answer came."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request(method, path, body or None, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def run(self):
        try:
            while time.monotonic() < self.until:
                self.random.choices([self.upload, self.read, self.delete], [5, 4, 1])[0]()
        except Exception as error:
            self.wrong.append(repr(error))

    def upload(self):
        body = self.random.randbytes(self.random.choices(SIZES, [1, 1, 6, 3, 1])[0])
        if self.random.random() < 0.5:
            method, path, (sent, headers) = "POST", "/upload", form(file_part(body))
        else:
            method, path, sent, headers = "PUT", "/files", body, {"Content-Type": "text/plain"}
        answer = self.call(method, path, sent, headers)
        if answer and answer[0] in (200, 201):
            self.counts["stored"] += 1
            self.stored[json.loads(answer[1])["file_id"]] = hashlib.sha256(body).hexdigest()
        else:
            self.note_failed(answer)

    def read(self):
        file_id = self.one_of_mine()
        answer = file_id and self.call("GET", f"/download/{file_id}")
        if answer and answer[0] == 200:
            self.counts["read"] += 1
            if hashlib.sha256(answer[1]).hexdigest() != self.stored[file_id]:
                self.wrong.append(f"{file_id} has other bytes")
        elif file_id:
            self.note_failed(answer)

    def delete(self):
        file_id = self.one_of_mine()
        answer = file_id and self.call("DELETE", f"/delete/{file_id}")
        if answer and answer[0] == 200:
            self.counts["deleted"] += 1
            self.deleted.add(file_id)
        elif file_id:
            self.doubtful.add(file_id)
            self.note_failed(answer)

    def one_of_mine(self):
        ids = [file_id for file_id in self.stored if file_id not in self.deleted | self.doubtful]
        return self.random.choice(ids) if ids else None

    def note_failed(self, answer):
        """An instance that is killed leaves calls without an answer, and nginx answers for one that is not there."""
        self.counts["failed"] += 1
        if answer and answer[0] not in (500, 502, 503, 504):
            self.wrong.append(answer)


def kill_until(cluster, until):
    """How often an instance was killed."""
    chosen = random.Random(SEED)
    for kills in itertools.count():
        wake = min(until, time.monotonic() + BETWEEN_KILLS)
        time.sleep(max(0, wake - time.monotonic()))
        if time.monotonic() >= until:
            return kills
        number = chosen.randint(1, INSTANCES)
        cluster.kill(number)
        time.sleep(BETWEEN_KILLS / 5)
        cluster.run("start", number)


def children_of(pid):
    return set(map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def test_a_call_that_changes_something_is_sent_once(cluster):
    """nginx asks another instance where one takes a call and closes, but only for what it may repeat."""
    asked = []
    listening = socket.create_server(("127.0.0.1", 0))

    def take_and_close():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                asked.append(connection.recv(65536).split(b" ")[0])
                connection.close()

    configuration = cluster.directory / "nginx.conf"
    text = configuration.read_text()
    for number in range(1, INSTANCES + 1):
        text = text.replace(cluster.address(number), f"127.0.0.1:{listening.getsockname()[1]}")
    configuration.write_text(text.replace("max_fails=1", "max_fails=0"))
    nginx = int((cluster.directory / "nginx.pid").read_text())
    workers = children_of(nginx)
    os.kill(nginx, signal.SIGHUP)
    # As long as one of those is there it may take a call, and knows the instances.
    wait_until(lambda: children_of(nginx) - workers and all(has_ended(worker) for worker in workers))
    thread = threading.Thread(target=take_and_close)
    thread.start()
    caller = Caller(f"127.0.0.1:{cluster.port}", 1, 0)
    try:
        for method in ("PUT", "POST", "DELETE", "PATCH", "GET"):
            asked.clear()
            assert caller.call(method, "/files", b"x" if method != "GET" else b"")[0] == 502
            assert asked == [method.encode()] * (INSTANCES if method == "GET" else 1)
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def test_an_instance_that_is_killed_loses_nothing(cluster):
    until = time.monotonic() + SECONDS
    callers = [Caller(f"127.0.0.1:{cluster.port}", f"{SEED}-{number}", until) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    kills = kill_until(cluster, until)
    for caller in callers:
        caller.join()
    # What a killed one left open is settled by the next upload of its successor.
    last = [Caller(cluster.address(number), number, 0) for number in range(1, INSTANCES + 1)]
    for caller in last:
        while not caller.stored:
            caller.upload()
    wait_until(lambda: not any(cluster.left_of_all()), cluster.left_of_all)

    counts = sum((caller.counts for caller in callers), collections.Counter())
    COUNTS.append(f"cluster: {kills} kills, {dict(counts)}")
    assert [wrong for caller in callers for wrong in caller.wrong] == []
    assert kills >= SECONDS // BETWEEN_KILLS - 1
    stored = {file_id: digest for caller in callers + last for file_id, digest in caller.stored.items()}
    deleted = set().union(*(caller.deleted for caller in callers))
    doubtful = set().union(*(caller.doubtful for caller in callers))
    files = {file_id: hashlib.sha256(body).hexdigest() for file_id, body in cluster.store.stored().items()}
    assert {file_id: digest for file_id, digest in stored.items() if file_id not in deleted | doubtful}.items() <= files.items()
    assert not deleted & set(files)
    rows = [line.split(",") for line in cluster.project.rows()]
    assert len(rows) == len({file_id for file_id, *_ in rows})
    assert set(files) == {file_id for file_id, _, deleted_at in rows if not deleted_at}
    assert deleted <= {file_id for file_id, _, deleted_at in rows if deleted_at}
    assert set(stored) <= {file_id for file_id, *_ in rows}


OWN_STORES = ["versitygw", *(["minio"] if os.environ.get("FILESTORE_TEST_ALL_SERVERS") else [])]


@pytest.mark.parametrize("kind", OWN_STORES)
def test_it_brings_a_store_where_it_is_given_none(tool, kind):
    """What one instance has stored any instance answers for, also once the cluster was taken down, and MinIO without one of its drives."""
    server = subprocess.run([TOOLS, kind], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    postgrest = subprocess.run([TOOLS, "postgrest"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    # The user of PostgreSQL may not enter the directories of tests.
    place = tempfile.mkdtemp(prefix="filestore-")
    cluster = OwnCluster(tool, {"STORE": kind, kind.upper(): server, "POSTGREST": postgrest, "PROJECT": place})
    try:
        cluster.run("up")
        file_id = json.loads(cluster.call(1, "POST", "/upload", *form(file_part(b"a file")))[1])["file_id"]
        cluster.run("down")
        if kind == "minio":
            shutil.rmtree(cluster.directory / "store" / "drive1")
        cluster.run("up")
        with pytest.raises(AssertionError, match="is up already"):
            cluster.run("up")
        for number in range(1, INSTANCES + 1):
            assert cluster.call(number, "GET", f"/download/{file_id}") == (200, b"a file")
        wait_until(lambda: cluster.recorded(tool) == [file_id])
    finally:
        cluster.run("down")
        shutil.rmtree(place)
    assert list(cluster.directory.glob("*.pid")) == []


class OwnCluster:
    def __init__(self, tool, environment):
        self.tool, self.directory = tool, tool.directory / "cluster"
        self.environment = {"FILESTORE": tool.path, "PORT": str(free_port()), "INSTANCES": str(INSTANCES), **environment}

    def run(self, command):
        run_script(self.tool, self.environment, command, self.directory)

    def recorded(self, tool):
        """The IDs in the table of the project."""
        keys = dict(line.split("=", 1) for line in (self.directory / "project.keys").read_text().splitlines())
        place = self.directory / "instance-2" / "catalogue.sqlite"
        outcome = tool.run("audit", "files", "--json", "--config", self.directory / "storage.yaml", "--option", f"catalogue_path={place}", environment=keys)
        return [json.loads(line)["file_id"] for line in outcome.out.splitlines()]

    def call(self, number, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection((self.directory / f"instance-{number}" / "address").read_text().strip(), timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
