"""What it takes to send a stored file to a provider, beside `curl -F` of the same file to the same sink, in one run: processor seconds (user and system) and peak memory of the whole process, medians and ratios.

    tests/servers/python bench/export.py build/release/tools/filestore/filestore [--runs 7] [--size 1024] [--whole 500] DIRECTORY

DIRECTORY is on the file system to measure on: tmpfs shows what the sending itself costs. There must be room for a file of --size MiB, and for one of --whole MiB, which goes in one piece: the most that openai takes so is 512. The processor seconds of `send` have all of it: the store and the catalogue are opened, the row
of the copy is written. The sink is a process of its own that receives what comes, and looks at no byte of a file. The two take turns, so that a disturbance meets both. `send` is to take at most 1.15 of what curl takes.
"""

import argparse
import contextlib
import itertools
import multiprocessing
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

MIB = 1024 * 1024
LIMIT = 1.15
# In a small process: the kernel counts the memory of the one that starts another as held by the other, too.
MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print()
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
# What `send` compares with the file, its size and its name, is told of by no service that does not look at what comes.
FILE = '{"id": "file-NUMBER", "object": "file", "purpose": "user_data", "status": "processed"}'
# No two files have one ID.
NUMBERS = itertools.count(1)
ANSWERS = {
    "/v1/files": FILE,
    "/v1/uploads": '{"id": "upload_1"}',
    "/v1/uploads/upload_1/parts": '{"id": "part_1"}',
    "/v1/uploads/upload_1/complete": f'{{"id": "upload_1", "status": "completed", "file": {FILE}}}',
    "/upload/v1beta/files": "{}",
    "/session": '{"file": {"name": "files/NUMBER", "mimeType": "video/mp4"}}',
}


def serve_connection(connection, root):
    buffer = bytearray(MIB)
    with contextlib.suppress(ConnectionResetError), connection:
        while True:
            came = b""
            while b"\r\n\r\n" not in came:
                data = connection.recv(65536)
                if not data:
                    return
                came += data
            head, _, body = came.partition(b"\r\n\r\n")
            path = head.split()[1].decode().partition("?")[0]
            left = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1]) - len(body)
            if re.search(rb"(?i)\r\nexpect: *100-continue", head):
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            while left > 0:
                # What is received so is not even copied.
                count = connection.recv_into(buffer, min(left, MIB), socket.MSG_TRUNC)
                if count == 0:
                    return
                left -= count
            answer = ANSWERS[path].replace("NUMBER", str(next(NUMBERS))).encode()
            session = f"X-Goog-Upload-URL: {root}/session\r\nX-Goog-Upload-Status: active\r\n"
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{session}Content-Length: {len(answer)}\r\n\r\n".encode() + answer)


def serve(listening):
    root = f"http://127.0.0.1:{listening.getsockname()[1]}"
    while True:
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve_connection, args=(connection, root), daemon=True).start()


def measured(*command, **environment):
    """Processor seconds, and MiB."""
    command = [sys.executable, "-E", "-S", "-c", MEASURE, *map(str, command)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}).stdout
    seconds, peak = printed.splitlines()[-1].split()
    return float(seconds), int(peak) / 1024


class Store:
    def __init__(self, tool, base):
        self.tool, self.base = tool, base

    def upload(self, size):
        """The ID of a new file of random bytes."""
        words = [self.tool, "upload", "-", "--base-path", self.base, "--content-type", "video/mp4", "--option", "durability=none"]
        uploading = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(size):
            uploading.stdin.write(os.urandom(MIB))
        return uploading.communicate()[0].decode().strip()

    def send(self, file_id, *options):
        return measured(self.tool, "send", file_id, "--again", "--base-path", self.base, *options, OPENAI_API_KEY="a", GEMINI_API_KEY="a")

    def curl(self, file_id, url):
        return measured(shutil.which("curl"), "-sS", "--fail", "-F", "purpose=user_data", "-F", f"file=@{self.base / file_id}", url)


class Bench:
    def __init__(self, options, root, store):
        self.options, self.root, self.store = options, root, store
        self.openai = ["--to", "openai", "--base-url", f"{root}/v1"]
        self.figures = {}

    def compare(self, file_id, size, ways):
        """`ways` are what the ways of sending are called, and their options."""
        for _ in range(self.options.runs):
            for name, options in ways.items():
                self.note(size, name, self.store.send(file_id, *options))
                self.note(size, "curl -F", self.store.curl(file_id, f"{self.root}/v1/files"))

    def note(self, size, name, figures):
        self.figures.setdefault((size, name), []).append(figures)

    def run(self):
        whole = self.store.upload(self.options.whole)
        self.compare(whole, self.options.whole, {"openai": [*self.openai, "--parts-above", 8 << 30]})
        (self.store.base / whole).unlink()
        large = self.store.upload(self.options.size)
        gemini = ["--to", "gemini", "--base-url", self.root]
        self.compare(large, self.options.size, {"openai, in parts": [*self.openai, "--parts-above", 1], "gemini": gemini})

    def report(self):
        for (size, name), runs in self.figures.items():
            seconds, peak = (statistics.median(column) for column in zip(*runs))
            beside = statistics.median(theirs for theirs, _ in self.figures[size, "curl -F"])
            least = min(own for own, _ in runs) / min(theirs for theirs, _ in self.figures[size, "curl -F"])
            ratio = "" if name == "curl -F" else f"  {seconds / beside:.2f}x curl (limit {LIMIT}x), of the lowest {least:.2f}x"
            print(f"{size:5} MiB  {name:17} {seconds:6.3f} s CPU, peak {peak:5.1f} MiB{ratio}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--whole", type=int, default=500)
    parser.add_argument("directory", type=pathlib.Path)
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(dir=options.directory))
    listening = socket.create_server(("127.0.0.1", 0))
    sink = multiprocessing.Process(target=serve, args=(listening,), daemon=True)
    sink.start()
    try:
        bench = Bench(options, f"http://127.0.0.1:{listening.getsockname()[1]}", Store(options.tool, directory / "store"))
        bench.run()
        bench.report()
    finally:
        sink.kill()
        shutil.rmtree(directory)


main()
