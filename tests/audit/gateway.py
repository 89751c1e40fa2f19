"""Between the command and the project: spoils requests and answers."""

import http.client
import http.server
import ssl
import threading
import typing
import urllib.parse


class Request(typing.NamedTuple):
    method: str
    path: str
    body: bytes


class Gateway:
    """Between the command and the project: `before` and `after` may answer a request in the project's place (True: no answer at all), before or after the project has.

    Answers of the project are cut after `cut_behind(request)` bytes, where that is a number. With a `certificate`, a directory of certificates.make(), it speaks TLS.
    """

    def __init__(self, url, certificate=None):
        self.target = urllib.parse.urlsplit(url)
        self.requests = []
        self.before = lambda request: None
        self.after = lambda request: None
        self.cut_behind = lambda request: None
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, body)
                gateway.requests.append(request)
                spoilt = gateway.before(request)
                if spoilt is None:
                    status, headers, answer = gateway.forward(self.command, self.path, body, self.headers)
                    spoilt = gateway.after(request)
                if spoilt is True:
                    self.close_connection = True
                    return
                if spoilt is not None:
                    status, headers, answer = spoilt
                lines = [f"HTTP/1.1 {status} of the project", *(f"{name}: {value}" for name, value in headers.items()), f"Content-Length: {len(answer)}"]
                whole = "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + answer
                cut = gateway.cut_behind(request)
                self.close_connection = cut is not None
                self.wfile.write(whole[:cut])

            do_GET = do_POST = do_PATCH = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Commands end without a farewell.
        self.server.handle_error = lambda *_: None
        scheme = "http"
        if certificate is not None:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate / "public.crt", certificate / "private.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forward(self, method, path, body, headers):
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=60)
        kept = {name: value for name, value in headers.items() if name.lower() not in ("host", "connection", "content-length")}
        connection.request(method, path, body, kept)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        kept = {name: answer.headers[name] for name in ("Content-Type", "Content-Range") if name in answer.headers}
        return answer.status, kept, text

    def lose(self, method, count, hook):
        """Of the first `count` requests of a kind."""
        left = [count]

        def spoil(request):
            if request.method == method and left[0] > 0:
                left[0] -= 1
                return True
            return None

        setattr(self, hook, spoil)
