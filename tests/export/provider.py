"""A loopback server that records what it is asked and answers as the Files API of a provider does: real ones take no test files, and none can be told to fail."""

import dataclasses
import email.parser
import hashlib
import http.server
import json
import re
import socket
import struct
import threading
import time
import urllib.parse

MIB = 1 << 20


@dataclasses.dataclass
class Fault:
    """Spoils the first request that it matches, and those behind it, `times` in all."""

    method: str
    path: str
    # The answer, in place of doing anything.
    status: int = 0
    headers: dict = dataclasses.field(default_factory=dict)
    body: dict = dataclasses.field(default_factory=lambda: {"error": {"message": "as told", "type": "test_error"}})
    # Before the body was read.
    early: bool = False
    # The connection ends behind so many bytes of the body.
    cut: int | None = None
    # What was asked is done, but the connection ends without an answer, or the answer is `status`.
    lost: bool = False
    done: bool = False
    # What was asked is done; the answer waits. Where it is `slow`, it is done behind the wait.
    held: threading.Event | None = None
    slow: bool = False
    arrived: threading.Event = dataclasses.field(default_factory=threading.Event)
    times: int = 1

    def fits(self, method, path):
        return self.times > 0 and method == self.method and re.fullmatch(self.path, path)


@dataclasses.dataclass
class Recorded:
    method: str
    path: str
    query: list
    headers: list
    fields: list = dataclasses.field(default_factory=list)
    # Field, name, type, bytes and SHA-256.
    file: tuple | None = None
    json: object = None

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)


class Cut(Exception):
    pass


class Body:
    """The body of a request, read once."""

    def __init__(self, stream, length, cut):
        self.stream, self.left, self.cut = stream, length, cut

    def read(self, count):
        wanted = min(count, self.left if self.cut is None else min(self.left, self.cut))
        if wanted == 0 and self.cut == 0:
            raise Cut
        data = self.stream.read(wanted)
        if wanted and not data:
            raise Cut
        self.left -= len(data)
        if self.cut is not None:
            self.cut -= len(data)
        return data

    def digest(self, count, into=None):
        sha = into or hashlib.sha256()
        got = 0
        while got < count:
            data = self.read(min(MIB, count - got))
            sha.update(data)
            got += len(data)
        return sha.hexdigest()


def read_form(body, boundary, recorded):
    """The fields of a form and the digest of its file, which comes last."""
    head = b""
    while True:
        end = head.find(b"\r\n\r\n")
        if end < 0:
            head += body.read(1)
            continue
        part = email.parser.BytesHeaderParser().parsebytes(head[head.index(b"\r\n") + 2 : end + 4])
        disposition = head[:end].decode()
        name = re.search(r'name="([^"]*)"', disposition)[1]
        filename = re.search(r'filename="([^"]*)"', disposition)
        tail = b"\r\n--" + boundary + b"--\r\n"
        if filename:
            size = body.left - len(tail)
            recorded.file = (name, filename[1], part["Content-Type"], size, body.digest(size))
            assert body.read(len(tail)) == tail
            return
        value = head[end + 4 :]
        while not value.endswith(b"\r\n--" + boundary):
            value += body.read(1)
        recorded.fields.append((name, value[: -len(boundary) - 4].decode()))
        head = b"--" + boundary


class Provider:
    def __init__(self, kind):
        self.kind = kind
        self.requests, self.faults = [], []
        self.files, self.uploads, self.sessions = {}, {}, {}
        self.page_size = 1000
        # So many lists lack what was made last, as of a service whose parts agree later.
        self.stale_lists = 0
        # Of files that come with none of their own, in seconds.
        self.lifetime = None
        # So many bytes are missing from what is made of a file.
        self.cut_off = 0
        # Others pass over when a file is to expire, or answer a file that they had before for the same bytes.
        self.knows_lifetimes = True
        self.keeps_bytes_once = False
        # What is answered of files that are not there, in place of the provider's own words.
        self.other_words = None
        # What spoils the bytes that go to sessions, one after the other.
        self.session_faults, self.session_cuts = [], []
        self.number = 0
        self.lock = threading.RLock()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            rbufsize = MIB

            def handle_expect_100(self):
                fault = provider.fault_for(self.command, urllib.parse.urlsplit(self.path).path)
                return True if fault and fault.early else super().handle_expect_100()

            def answer(self):
                try:
                    provider.handle(self)
                except Cut:
                    self.close_connection = True
                    # A reset, as of a server that dies.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *arguments):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def root(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def url(self):
        """The base URL, as clients are given it."""
        return self.root + ("/v1" if self.kind == "openai" else "")

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def fault_for(self, method, path):
        return next((fault for fault in self.faults if fault.fits(method, path)), None)

    def asked(self, method=None, path=".*"):
        return [request for request in self.requests if method in (None, request.method) and re.fullmatch(path, request.path)]

    def add_file(self, name, **more):
        with self.lock:
            self.number += 1
            file_id = {"openai": "file-{}", "anthropic": "file_0{}", "gemini": "files/f{}"}[self.kind].format(self.number)
            self.files[file_id] = {"name": name, "created": int(time.time()), **more}
            if "size" in more:
                self.files[file_id]["size"] -= self.cut_off
            return file_id

    def names(self):
        return [file["name"] for file in self.files.values()]

    def handle(self, handler):
        parts = urllib.parse.urlsplit(handler.path)
        recorded = Recorded(handler.command, parts.path, urllib.parse.parse_qsl(parts.query), list(handler.headers.items()))
        with self.lock:
            fault = self.fault_for(handler.command, parts.path)
            if fault:
                fault.times -= 1
            self.requests.append(recorded)
        if fault and fault.early:
            return self.answer_early(handler, fault)
        session = self.sessions.get(dict(recorded.query).get("upload_id"))
        if session and recorded.header("x-goog-upload-offset") is not None:
            if self.session_faults:
                fault = Fault("POST", ".*", **self.session_faults.pop(0))
            elif self.session_cuts:
                fault = Fault("POST", ".*", cut=self.session_cuts.pop(0))
        body = Body(handler.rfile, int(handler.headers.get("Content-Length", 0)), fault.cut if fault else None)
        if session:
            self.read_session(recorded, body, session)
        else:
            self.read(recorded, body)
        if fault and fault.status and not fault.done:
            return self.send(handler, fault.status, fault.headers, fault.body)
        if fault and fault.slow:
            self.wait_out(fault)
        with self.lock:
            status, headers, answer = self.act_on_session(recorded, session) if session else self.act(recorded)
        if fault and fault.held and not fault.slow:
            self.wait_out(fault)
        if fault and fault.lost:
            raise Cut
        if fault and fault.done:
            return self.send(handler, fault.status, fault.headers, fault.body)
        return self.send(handler, status, headers, answer)

    @staticmethod
    def wait_out(fault):
        fault.arrived.set()
        fault.held.wait(60)

    def answer_early(self, handler, fault):
        """What still comes is read, as bytes that nobody reads would reset the connection before the answer has arrived."""
        self.send(handler, fault.status, {**fault.headers, "Connection": "close"}, fault.body)
        handler.close_connection = True
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_WR)
        while handler.connection.recv(MIB):
            pass

    @staticmethod
    def read(recorded, body):
        kind = recorded.header("content-type") or ""
        if kind.startswith("multipart/form-data"):
            return read_form(body, kind.split("boundary=")[1].encode(), recorded)
        data = b""
        while body.left:
            data += body.read(body.left)
        recorded.json = json.loads(data) if data else None
        return None

    @staticmethod
    def read_session(recorded, body, session):
        """What has come counts, also where the rest does not come."""
        recorded.file = ("", "", "", body.left, None)
        while body.left:
            data = body.read(min(MIB, body.left))
            session["sha"].update(data)
            session["received"] += len(data)

    @staticmethod
    def send(handler, status, headers, answer):
        data = json.dumps(answer).encode()
        handler.send_response(status)
        for key, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            handler.send_header(key, value)
        handler.end_headers()
        handler.wfile.write(data)

    def shown(self, file_id):
        file = self.files[file_id]
        if self.kind == "openai":
            return {"id": file_id, "object": "file", "bytes": file.get("size", 0), "created_at": file["created"], "filename": file["name"], "purpose": file.get("purpose", "user_data"), "status": "processed", **({"expires_at": file["expires"]} if "expires" in file else {})}
        if self.kind == "anthropic":
            expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(file["expires"])) if "expires" in file else None
            return {"id": file_id, "type": "file", "filename": file["name"], "mime_type": file.get("type", "text/plain"), "size_bytes": file.get("size", 0), "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(file["created"])), "downloadable": False, "expires_at": expires}
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(file["created"] + 48 * 3600))
        return {"name": file_id, "displayName": file["name"], "mimeType": file.get("type", "text/plain"), "sizeBytes": str(file.get("size", 0)), "createTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(file["created"])), "expirationTime": expires, "uri": f"{self.root}/v1beta/{file_id}", "state": "ACTIVE"}

    def act(self, recorded):
        path = re.sub(r"^/v1(beta)?(?=/)", "", recorded.path)
        if path == "/files" and recorded.method == "POST":
            return self.create(recorded)
        if path == "/files":
            return 200, {}, self.page(dict(recorded.query))
        if path.startswith("/files/") and recorded.method == "DELETE":
            return self.remove(urllib.parse.unquote(path[len("/files/") :]))
        if path.startswith("/uploads"):
            return self.upload(path.split("/")[2:], recorded)
        if path.startswith("/upload/"):
            return self.begin_session(recorded)
        return 404, {}, {"error": {"message": "there is no such path", "type": "not_found"}}

    def create(self, recorded):
        fields = dict(recorded.fields)
        _, name, kind, size, sha = recorded.file
        seconds = fields.get("expires_after[seconds]", fields.get("expires_in_seconds", self.lifetime))
        expires = {} if seconds is None or not self.knows_lifetimes else {"expires": int(time.time()) + int(seconds)}
        same = next((file_id for file_id, file in self.files.items() if self.keeps_bytes_once and file.get("sha") == sha), None)
        if same:
            return 200, {}, self.shown(same)
        return 200, {"request-id": "req_1"}, self.shown(self.add_file(name, size=size, sha=sha, type=kind, purpose=fields.get("purpose"), **expires))

    def remove(self, name):
        file_id = f"files/{name}" if self.kind == "gemini" else name
        if self.files.pop(file_id, None) is None:
            return 404, {}, self.missing()
        return 200, {}, {"openai": {"id": file_id, "object": "file", "deleted": True}, "anthropic": {"id": file_id, "type": "file_deleted"}, "gemini": {}}[self.kind]

    def missing(self):
        message = "there is no such file"
        if self.other_words is not None:
            return self.other_words
        if self.kind == "gemini":
            return {"error": {"code": 404, "message": message, "status": "NOT_FOUND"}}
        return {"type": "error", "error": {"message": message, "type": "not_found_error" if self.kind == "anthropic" else "invalid_request_error"}}

    def page(self, query):
        ids = list(self.files)
        if self.stale_lists:
            self.stale_lists -= 1
            ids.pop()
        if self.kind == "openai":
            ids.reverse()
        after = query.get("after") or query.get("page") or query.get("pageToken")
        begin = ids.index(after) + 1 if after else 0
        page = ids[begin : begin + self.page_size]
        more = begin + self.page_size < len(ids)
        files = [self.shown(file_id) for file_id in page]
        if self.kind == "gemini":
            return {**({"files": files} if files else {}), **({"nextPageToken": page[-1]} if more else {})}
        answer = {"object": "list", "data": files, "has_more": more, "first_id": page[0] if page else None, "last_id": page[-1] if page else None}
        return {**answer, "next_page": page[-1] if more else None} if self.kind == "anthropic" else answer

    def upload(self, words, recorded):
        if not words:
            self.number += 1
            upload_id = f"upload_{self.number}"
            self.uploads[upload_id] = {"about": recorded.json, "parts": {}, "status": "pending"}
            return 200, {}, {"id": upload_id, "object": "upload", "status": "pending"}
        upload = self.uploads[words[0]]
        if upload["status"] != "pending":
            return 400, {}, {"error": {"message": f"the upload is {upload['status']}", "type": "invalid_request_error"}}
        if words[1] == "parts":
            part_id = f"part_{len(upload['parts']) + 1}"
            upload["parts"][part_id] = recorded.file
            return 200, {}, {"id": part_id, "object": "upload.part", "upload_id": words[0]}
        if words[1] == "cancel":
            upload["status"] = "cancelled"
            return 200, {}, {"id": words[0], "status": "cancelled"}
        parts = [upload["parts"][part_id] for part_id in recorded.json["part_ids"]]
        size = sum(part[3] for part in parts)
        if size != upload["about"]["bytes"]:
            return 400, {}, {"error": {"message": "bytes are missing", "type": "invalid_request_error"}}
        upload["status"] = "completed"
        seconds = upload["about"].get("expires_after", {}).get("seconds")
        expires = {"expires": int(time.time()) + seconds} if seconds and self.knows_lifetimes else {}
        file_id = self.add_file(upload["about"]["filename"], size=size, **expires, parts=[part[4] for part in parts], purpose=upload["about"]["purpose"])
        return 200, {}, {"id": words[0], "status": "completed", "file": self.shown(file_id)}

    def begin_session(self, recorded):
        self.number += 1
        session_id = f"s{self.number}"
        self.sessions[session_id] = {"about": recorded.json["file"], "sha": hashlib.sha256(), "received": 0, "size": int(recorded.header("x-goog-upload-header-content-length")), "file": None}
        url = f"{self.root}{recorded.path}?upload_id={session_id}&upload_protocol=resumable"
        return 200, {"X-Goog-Upload-URL": url, "X-Goog-Upload-Status": "active"}, {}

    def act_on_session(self, recorded, session):
        command = recorded.header("x-goog-upload-command")
        offset = recorded.header("x-goog-upload-offset")
        if offset is not None and int(offset) + recorded.file[3] != session["received"]:
            return 400, {}, {"error": {"message": "bytes of another place", "status": "INVALID_ARGUMENT"}}
        if command == "query":
            state = "final" if session["file"] else "active"
            return 200, {"X-Goog-Upload-Status": state, "X-Goog-Upload-Size-Received": str(session["received"])}, {}
        if "finalize" in command and session["received"] == session["size"]:
            about = session["about"]
            # A session makes one file, also where its end comes twice.
            session["file"] = session["file"] or self.add_file(about["display_name"], size=session["size"], sha=session["sha"].hexdigest(), type=about["mime_type"])
            return 200, {"X-Goog-Upload-Status": "final"}, {"file": self.shown(session["file"])}
        return 200, {"X-Goog-Upload-Status": "active"}, {}
