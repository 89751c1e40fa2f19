"""A service under test, and calls of it that no client library makes better."""

import contextlib
import http.client
import json
import pathlib
import re
import signal
import socket
import ssl
import uuid

import contract


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:500]!r}"

    def header(self, name):
        return self.headers.get(name.lower())

    def json(self):
        return json.loads(self.body)


class Service:
    # Whether its answers are those of the document.
    is_ours = True

    def __init__(self, process, base):
        self.process = process
        self.base = pathlib.Path(base)
        line = process.stdout.readline().decode()
        found = re.fullmatch(r"listening on (https?)://([\d.]+):(\d+)\n", line)
        assert found, (line, process.communicate())
        self.scheme, self.host, self.port = found[1], found[2].replace("0.0.0.0", "127.0.0.1"), int(found[3])
        # Whom to trust, of https.
        self.trusted = None
        self.address = f"{self.host}:{self.port}"

    @classmethod
    def of_tool(cls, tool, store, *options):
        arguments = ["serve", "--listen", "127.0.0.1:0", *options, *store.options]
        return cls(tool.start(*arguments, environment=store.environment), getattr(store, "base", tool.directory))

    def call(self, method, path, body=None, headers=None):
        """One request on a connection of its own. `path` and headers are sent as they are."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        if self.scheme == "https":
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=60, context=ssl.create_default_context(cafile=self.trusted))
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            sent = {"Host": self.address, **(headers or {})}
            if body is not None and "Content-Length" not in sent:
                sent["Content-Length"] = str(len(body))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, names, response.read())
            if self.is_ours:
                contract.check(method, path, answer.status, answer.headers, answer.body)
            return answer
        finally:
            connection.close()

    def stop(self, number=signal.SIGTERM, may_say=()):
        """Ends it as a user would. `may_say`: how lines begin that it may have told before."""
        self.process.send_signal(number)
        self.ended(may_say)

    def ended(self, may_say=()):
        """Waits for its end, which must be a good one."""
        out, err = self.process.communicate(timeout=120)
        # Of files whose names do not agree with what they hold.
        known = tuple(f"filestore: {begin}".encode() for begin in ("warning: ", *may_say))
        told = [line for line in err.splitlines() if not line.startswith(known)]
        assert (self.process.returncode, out, told) == (0, b"", []), (self.process.returncode, out, err)

    def descriptors(self):
        """How many are open. A local store keeps some of those that files are locked by, as many as were in use at a time: they are left out."""
        directory = pathlib.Path(f"/proc/{self.process.pid}/fd")
        targets = []
        for descriptor in directory.iterdir():
            with contextlib.suppress(FileNotFoundError):
                targets.append(descriptor.readlink())
        return sum(target.parts[-2:] != (".filestore", "lock") for target in targets)

    def connect(self):
        """A socket."""
        return socket.create_connection((self.host, self.port), timeout=60)

    def upload(self, content, name="a.txt", content_type="text/plain"):
        """The ID of a new file."""
        answer = self.call("POST", "/upload", *form(file_part(content, name, content_type)))
        assert answer.status == 200, answer
        return answer.json()["file_id"]

    def record(self, file_id):
        """What the local store keeps of a file, but for what is ours."""
        record = json.loads((self.base / "metadata" / f"{file_id}.json").read_text(encoding="utf-8"))
        record.pop("filestore", None)
        return record


BOUNDARY = "----boundary-f00d"


def part(content, *headers):
    """A part of a form, its headers as they are to be sent."""
    head = "".join(f"{header}\r\n" for header in headers)
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + content


def file_part(content, name="a.txt", content_type="text/plain", field="file"):
    return part(
        content,
        f'Content-Disposition: form-data; name="{field}"; filename="{name}"',
        *([f"Content-Type: {content_type}"] if content_type is not None else []),
    )


def form_body(*parts, end=None, boundary=BOUNDARY):
    lead = f"--{boundary}\r\n".encode()
    body = b"".join(lead + part + b"\r\n" for part in parts)
    return body + (f"--{boundary}--\r\n".encode() if end is None else end)


def form(*parts, **options):
    """Body and headers of a form."""
    return form_body(*parts, **options), {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_id():
    return str(uuid.uuid4())
