"""The REST service beside the one that it replaces, beside nginx, and beside the floor of an upload, on the same files, in one run: processor seconds and peak memory of the server, medians and
ratios. The floor is what the kernel alone takes: a loop that receives the same bytes and writes them to a file, and looks at none of them.

    tests/servers/python bench/serve.py build/release/tools/filestore/filestore [--runs 5] [--count 3000] [--size 1024] [--crowd 200] DIRECTORY

DIRECTORY is on the file system to measure on: tmpfs shows what the services themselves cost. There must be room for three files of --size MiB, and for --crowd files of 100 MiB.
The original writes uploads to the directory for temporary files, so TMPDIR counts, too. Servers take turns, so that a disturbance meets all of them.
"""

import argparse
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
ORIGINAL = HERE.parent / "tests" / "serve" / "original_service.py"
MIB = 1024 * 1024
SMALL = 4096
CLIENTS = 4
BOUNDARY = "bench-boundary"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


# What the service reads of a connection at a time.
RECEIVED_AT_A_TIME = 131_072


def floor_of_upload(path, target):
    """Processor seconds. The client is that of the services; it gets no answer, and complains of that."""
    buffer = memoryview(bytearray(RECEIVED_AT_A_TIME))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        words = ["curl", "-sS", "-H", "Expect:", "-F", f"file=@{path}", f"http://127.0.0.1:{listening.getsockname()[1]}/"]
        client = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        connection, _ = listening.accept()
    began = time.thread_time()
    with connection, target.open("wb", buffering=0) as file:
        left = path.stat().st_size
        while left > 0:
            count = connection.recv_into(buffer)
            assert count > 0
            file.write(buffer[:count])
            left -= count
    seconds = time.thread_time() - began
    client.wait()
    target.unlink()
    return seconds


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


class Server:
    def __init__(self, command, port=None):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE if port is None else None)
        self.port = port or int(self.process.stdout.readline().decode().rsplit(":", 1)[1])
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)

    def processes(self):
        """Its own, and those that it has started."""
        own = str(self.process.pid)
        children = pathlib.Path(f"/proc/{own}/task/{own}/children").read_text().split()
        return [own, *children]

    def processor_seconds(self):
        """By the clocks of the processes (clock_getcpuclockid(3)), which count each nanosecond; /proc/PID/stat counts ticks."""
        return sum(time.clock_gettime(~int(pid) << 3 | 2) for pid in self.processes())

    def peak_memory(self):
        """In MiB."""
        peaks = (re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text()) for pid in self.processes())
        return sum(int(peak[1]) for peak in peaks) / 1024

    def end(self):
        self.process.terminate()
        self.process.wait()


def filestore(tool, store, durability="none"):
    return Server([tool, "serve", "--listen", "127.0.0.1:0", "--base-path", store, "--option", f"durability={durability}", "--option", "catalogue_path=off"])


def original(store):
    return Server([sys.executable, ORIGINAL, store])


def nginx(directory, files):
    port = free_port()
    configuration = directory / "nginx.conf"
    directory.mkdir()
    temporary = "".join(f"{kind}_temp_path {directory}/temporary;\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    configuration.write_text(
        f"daemon off; user root; pid {directory}/pid; error_log {directory}/log; events {{}}\n"
        f"http {{ {temporary} access_log off; sendfile on; server {{ listen 127.0.0.1:{port}; root {files}; }} }}\n"
    )
    return Server(["nginx", "-c", configuration, "-e", directory / "log"], port)


def upload_large(server, path):
    """By curl, which reads the file as it sends it."""
    words = ["curl", "-sS", "--fail", "-F", f"file=@{path};type=application/octet-stream", f"http://127.0.0.1:{server.port}/upload"]
    printed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return re.search(r'"file_id":\s*"([^"]+)"', printed)[1]


def download_large(server, target):
    subprocess.run(["curl", "-sS", "--fail", "-o", "/dev/null", f"http://127.0.0.1:{server.port}{target}"], check=True)


def in_clients(count, work):
    """`work` gets a connection of its client, which stays open."""

    def client(own):
        connection = http.client.HTTPConnection("127.0.0.1", own.port, timeout=120)
        for _ in range(count // CLIENTS):
            work(connection)
        connection.close()

    def on(server):
        threads = [threading.Thread(target=client, args=(server,)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return on


def upload_small(connection):
    connection.request("POST", "/upload", HEAD + bytes(SMALL) + TAIL, FORM)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200


def download_small(target):
    def work(connection):
        connection.request("GET", target)
        answer = connection.getresponse()
        assert answer.status == 200 and len(answer.read()) == SMALL

    return work


def cost(server, work):
    before = server.processor_seconds()
    work(server)
    return server.processor_seconds() - before


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.fresh = 0
        self.costs = {}
        self.peaks = {}

    def new_directory(self):
        self.fresh += 1
        return self.directory / f"store-{self.fresh}"

    @contextlib.contextmanager
    def on(self, make, *arguments):
        store = self.new_directory()
        server = make(*arguments, store)
        try:
            yield server
        finally:
            server.end()
            shutil.rmtree(store, ignore_errors=True)

    def note(self, operation, name, seconds, server=None):
        self.costs.setdefault((operation, name), []).append(seconds)
        if server:
            self.peaks.setdefault((operation, name), []).append(server.peak_memory())

    def large(self):
        path = self.directory / "large"
        with path.open("wb") as file:
            for _ in range(self.options.size):
                file.write(os.urandom(MIB))
        for _ in range(self.options.runs):
            for name, make, *arguments in (("filestore", filestore, self.options.tool), ("original", original)):
                with self.on(make, *arguments) as server:
                    ids = []
                    self.note("large up", name, cost(server, lambda server: ids.append(upload_large(server, path))), server)
                with self.on(make, *arguments) as server:
                    # Of a server of its own, so that the peak is that of the download.
                    file_id = upload_large(server, path)
                    store = self.directory / f"store-{self.fresh}"
                server = make(*arguments, self.put_back(store, path, file_id))
                self.note("large down", name, cost(server, lambda server: download_large(server, f"/download/{file_id}")), server)
                server.end()
                shutil.rmtree(store)
            self.note("large up", "floor", floor_of_upload(path, self.directory / "floor"))
            server = nginx(self.new_directory(), self.directory)
            self.note("large down", "nginx", cost(server, lambda server: download_large(server, "/large")), server)
            server.end()
        path.unlink()

    def small(self):
        count = self.options.count
        variants = (
            ("filestore", filestore, self.options.tool),
            ("filestore, mode full", lambda tool, store: filestore(tool, store, "full"), self.options.tool),
            ("original", original),
        )
        for _ in range(self.options.runs):
            for name, make, *arguments in variants:
                with self.on(make, *arguments) as server:
                    self.note("small up", name, cost(server, in_clients(count, upload_small)) / count)
                    connection = http.client.HTTPConnection("127.0.0.1", server.port)
                    connection.request("POST", "/upload", HEAD + bytes(SMALL) + TAIL, FORM)
                    file_id = re.search(rb'"file_id":\s*"([^"]+)"', connection.getresponse().read())[1].decode()
                    self.note("small down", name, cost(server, in_clients(count, download_small(f"/download/{file_id}"))) / count)

    def crowd(self):
        """Peak memory while many upload at once."""
        with self.on(filestore, self.options.tool) as server:
            piece = os.urandom(MIB)
            head = f"PUT /files HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {100 * MIB}\r\n\r\n".encode()
            connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(self.options.crowd)]
            failures = []

            def upload(connection):
                for part in [head, *([piece] * 100)]:
                    connection.sendall(part)
                if connection.recv(12) != b"HTTP/1.1 201":
                    failures.append(connection)

            threads = [threading.Thread(target=upload, args=(connection,)) for connection in connections]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert failures == []
            print(f"{self.options.crowd} uploads of 100 MiB at once: peak {server.peak_memory():.1f} MiB")

    def put_back(self, store, path, file_id):
        """A store that holds the large file under its ID, as it was uploaded before."""
        (store / "metadata").mkdir(parents=True)
        os.link(path, store / file_id)
        size = path.stat().st_size
        (store / "metadata" / f"{file_id}.json").write_text(f'{{"file_id": "{file_id}", "original_path": "a.bin", "size": {size}}}')
        return store

    def report(self):
        for (operation, name), seconds in sorted(self.costs.items()):
            median = statistics.median(seconds)
            beside = {other: statistics.median(theirs) for (what, other), theirs in self.costs.items() if what == operation and other != name}
            ratios = ", ".join(f"{median / theirs:.2f}x {other}" for other, theirs in beside.items() if name == "filestore" and theirs)
            peak = f", peak {statistics.median(self.peaks[operation, name]):.1f} MiB" if (operation, name) in self.peaks else ""
            scale, unit = (1e6, "us") if operation.startswith("small") else (1, "s")
            print(f"{operation:11} {name:21} {median * scale:9.2f} {unit} CPU{peak}{'  ' + ratios if ratios else ''}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--crowd", type=int, default=200)
    parser.add_argument("directory", type=pathlib.Path)
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(dir=options.directory))
    try:
        bench = Bench(options, directory)
        bench.small()
        bench.large()
        bench.report()
        if options.crowd:
            bench.crowd()
    finally:
        shutil.rmtree(directory)


main()
