"""Requests whose end a proxy may see elsewhere than the service does (request smuggling): refused, and their connections closed, so that what follows is nobody's request."""

import re

import contract
import pytest

CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
# What follows on the same connection, where it is taken for a request, is 404.
NEXT = b"GET /next HTTP/1.1\r\nHost: {host}\r\n\r\n"
LENGTH = str(len(NEXT)).encode()


def put(head, body):
    return b"PUT /files HTTP/1.1\r\nHost: {host}\r\n" + head + b"\r\n" + body


REFUSED = {
    "a length beside chunks": put(b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "chunks beside a length": put(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", CHUNKS),
    "two lengths, the first 0": put(b"Content-Length: 0\r\nContent-Length: " + LENGTH + b"\r\n", b""),
    "two lengths, the last 0": put(b"Content-Length: " + LENGTH + b"\r\nContent-Length: 0\r\n", b""),
    "the same length twice": put(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    "a list of lengths": put(b"Content-Length: 5, 5\r\n", b"hello"),
    "a sign": put(b"Content-Length: +5\r\n", b"hello"),
    "a hexadecimal length": put(b"Content-Length: 0x5\r\n", b"hello"),
    "an empty length": put(b"Content-Length: \r\n", b""),
    "a space after a name": put(b"Content-Length : " + LENGTH + b"\r\n", b""),
    "a space after the name of an encoding": put(b"Transfer-Encoding : chunked\r\n", CHUNKS),
    "a space before a name": put(b" Transfer-Encoding: chunked\r\n", CHUNKS),
    "another encoding": put(b"Transfer-Encoding: xchunked\r\n", CHUNKS),
    "another encoding first": put(b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS),
    "another encoding last": put(b"Transfer-Encoding: chunked, identity\r\n", CHUNKS),
    "two encodings": put(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKS),
    "an encoding in quotes": put(b'Transfer-Encoding: "chunked"\r\n', CHUNKS),
    "a control character before an encoding": put(b"Transfer-Encoding: \x0bchunked\r\n", CHUNKS),
    "chunks in HTTP/1.0": put(b"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", CHUNKS).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a carriage return alone": put(b"X: a\rContent-Length: 5\r\n", b""),
    "no colon": put(b"Nonsense\r\nContent-Length: 5\r\n", b"hello"),
    "a second host": put(b"Host: other.example\r\nContent-Length: 5\r\n", b"hello"),
    "a hexadecimal chunk in C": put(b"Transfer-Encoding: chunked\r\n", b"0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk of more than 64 bits": put(b"Transfer-Encoding: chunked\r\n", b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "a space after the size of a chunk": put(b"Transfer-Encoding: chunked\r\n", b"5 \r\nhello\r\n0\r\n\r\n"),
    "more fields than are read": put(b"".join(b"X-%d: y\r\n" % number for number in range(3000)), b""),
    "another version": put(b"Content-Length: 5\r\n", b"hello").replace(b"HTTP/1.1", b"http/1.1"),
    "tabs in the first line": put(b"Content-Length: 5\r\n", b"hello").replace(b"PUT /files ", b"PUT\t/files\t"),
    "a folded length": put(b"Content-Length:\r\n " + LENGTH + b"\r\n", b""),
    "a length in two lines": put(b"Content-Length: 1\r\n 2\r\n", b""),
    "a length folded by a tab": put(b"Content-Length:\r\n\t" + LENGTH + b"\r\n", b""),
    "a folded encoding": put(b"Transfer-Encoding:\r\n chunked\r\n", CHUNKS),
    "a name that goes on in the next line": put(b"Transfer-Encodin: chunked\r\n g\r\n", CHUNKS),
    "a host that is put together": put(b"Content-Length: 5\r\n", b"hello").replace(b"Host: {host}", b"Hos: {host}\r\n t"),
    "a folded last line": put(b"Content-Length: 0\r\nX: a\r\n b\r\n", b""),
    "a folded line of blanks": put(b"Content-Length: 0\r\nX: a\r\n \r\nY: b\r\n", b""),
    "a zero byte in a length": put(b"Content-Length: 4\0\r\n", b"hell"),
    "a zero byte in an encoding": put(b"Transfer-Encoding: chunked\0x\r\n", CHUNKS),
    "a zero byte in a name": put(b"X\0: a\r\nContent-Length: 0\r\n", b""),
    "a zero byte before the end of the head": put(b"Content-Length: 0\r\nX: a\0Content-Length: 5\r\n", b""),
    "a zero byte in the target": put(b"Content-Length: 0\r\n", b"").replace(b"/files ", b"/files\0x "),
    "a zero byte in the query": put(b"Content-Length: 0\r\n", b"").replace(b"/files ", b"/files?a=b\0c "),
    "a zero byte in the method": put(b"Content-Length: 0\r\n", b"").replace(b"PUT", b"PUT\0"),
    "a zero byte in the version": put(b"Content-Length: 0\r\n", b"").replace(b"HTTP/1.1", b"HTTP/1.1\0"),
    "a line feed alone": put(b"X: a\nContent-Length: 0\r\n", b""),
    "a line feed alone behind the first line": put(b"Content-Length: 0\r\n", b"").replace(b"HTTP/1.1\r\n", b"HTTP/1.1\n"),
    "a line feed alone at the end of the head": b"PUT /files HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\n",
    "two spaces in the first line": put(b"Content-Length: 0\r\n", b"").replace(b"PUT ", b"PUT  "),
    "two targets": put(b"Content-Length: 5\r\n", b"hello").replace(b"/files ", b"/files x "),
}

# What libmicrohttpd reads although a proxy may find another end. It may be taken, and is the last on its connection.
LAST = {
    "a line feed behind the size of a chunk": put(b"Transfer-Encoding: chunked\r\n", b"5\nhello\r\n0\r\n\r\n"),
    "a line feed behind a chunk": put(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\n0\r\n\r\n"),
    "a line feed behind the last chunk": put(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\n\r\n"),
    "a line feed in place of a trailer": put(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\n"),
    "a line feed in an extension": put(b"Transfer-Encoding: chunked\r\n", b"5;a\nhello\r\n0\r\n\r\n"),
    "a request in an extension": put(b"Transfer-Encoding: chunked\r\n", b"5;\nhello\r\n%x;\r\n0\r\n\r\n" % (len(NEXT) + 7)),
    "only line feeds": put(b"Transfer-Encoding: chunked\r\n", b"5\nhello\n0\n\n"),
}

# What is said in another way, but leaves no doubt.
TAKEN = {
    "a length": put(b"Content-Length: 5\r\n", b"hello"),
    "chunks": put(b"Transfer-Encoding: chunked\r\n", CHUNKS),
    "a tab before an encoding": put(b"Transfer-Encoding:\tchunked\r\n", CHUNKS),
    "blanks around a value": put(b"Content-Length: \t 5\r\nX:y\r\nY: \r\nZ:\r\nW: a b \t\r\n", b"hello"),
    "a query": put(b"Content-Length: 5\r\n", b"hello").replace(b"/files ", b"/files?a=b&c=%00&&d "),
    "cookies": put(b"Cookie: a=b; c=d\r\nCookie: e\r\nContent-Length: 5\r\n", b"hello"),
    "capital letters": put(b"TRANSFER-ENCODING: CHUNKED\r\n", CHUNKS),
    "an extension of a chunk": put(b"Transfer-Encoding: chunked\r\n", b"5;a=b\r\nhello\r\n0\r\n\r\n"),
    "a length in the trailer": put(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n"),
}


def get(head, target=b"/healthz"):
    return b"GET " + target + b" HTTP/1.1\r\n" + head + b"\r\n"


HOST = b"Host: {host}\r\n"
LENGTHS = [b"+4", b"4a", b"-1", b"0x4", b"4, 4", b"", b"4 4", b"\xb2"]

# What is refused, and by which status.
UNUSABLE = {
    **{f"POST with a length of {length}": (b"POST /cleanup HTTP/1.1\r\n" + HOST + b"Content-Length: " + length + b"\r\n\r\n", 400) for length in LENGTHS},
    **{f"PUT with a length of {length}": (put(b"Content-Length: " + length + b"\r\n", b"hello"), 400) for length in LENGTHS},
    "a length of more than 64 bits": (put(b"Content-Length: 99999999999999999999\r\n", b"hello"), 413),
    "no host": (get(b""), 400),
    "no host, but other fields": (get(b"X: y\r\n"), 400),
    "an empty host": (get(b"Host:\r\n"), 403),
    "a second host": (get(HOST + HOST), 400),
    "a control character": (get(HOST + b"X: \x01\r\n"), 400),
    "a space in the target": (get(HOST, b"/healthz x"), 400),
    "many cookies": (get(HOST + b"Cookie: " + b"a=b; " * 2000 + b"\r\n"), 431),
    "one long cookie": (get(HOST + b"Cookie: a=" + b"b" * 70_000 + b"\r\n"), 431),
    "many fields": (get(HOST + b"".join(b"X-%d: y\r\n" % number for number in range(3000))), 431),
    "a long field": (get(HOST + b"X: " + b"y" * 200_000 + b"\r\n"), 431),
    "a long target": (get(HOST, b"/" + b"x" * 200_000), 414),
    "many parameters that are too long": (get(HOST, b"/healthz?" + b"a&" * 100_000), 414),
    "another version": (get(HOST).replace(b"1.1", b"2.0"), 505),
    "no version": (b"GET /healthz\r\n" + HOST + b"\r\n", 400),
}

# What libmicrohttpd closes the connection for.
UNANSWERED = {"one word": b"hello\r\n\r\n", "a method": b"GET\r\n" + HOST + b"\r\n", "a tab for a space": b"GET\t/healthz\tHTTP/1.1\r\n" + HOST + b"\r\n"}


def answers_to(service, request):
    """Every byte, once the service has closed the connection."""
    with service.connect() as connection:
        connection.sendall(request.replace(b"{host}", service.address.encode()))
        connection.settimeout(20)
        answers = b""
        try:
            while got := connection.recv(65_536):
                answers += got
        except ConnectionResetError:
            pass
    return answers


def only_status(answers):
    """Of bytes that are one answer, and not one more."""
    head, end, body = answers.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert end and re.fullmatch(rb"HTTP/1\.1 \d{3} [A-Za-z ]+", lines[0]), answers
    fields = [line.partition(b": ")[::2] for line in lines[1:]]
    names = [name.lower() for name, value in fields]
    assert len(names) == len(set(names)), answers
    assert int(dict(zip(names, (value for name, value in fields)))[b"content-length"]) == len(body), answers
    return int(lines[0][9:12])


def statuses(service, request):
    """Of every answer to a request and what follows it."""
    return re.findall(rb"HTTP/1\.1 (\d+) ", answers_to(service, request + NEXT))


@pytest.mark.parametrize("name", REFUSED)
def test_a_doubtful_end(service, local, name):
    answers = answers_to(service, REFUSED[name] + NEXT)
    if name == "tabs in the first line":
        assert answers == b""
    else:
        assert only_status(answers) in (400, 413, 431)
    assert not local.base.exists() or local.stored() == {}
    service.stop()


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_head_that_is_of_no_use(service, name):
    request, status = UNUSABLE[name]
    # Not every client asks to be told that its connection ends.
    answers = answers_to(service, request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") if status == 403 else request)
    assert only_status(answers) == status
    service.stop()


@pytest.mark.parametrize("route", contract.routes(), ids=" ".join)
def test_a_refused_head_is_an_error_of_its_route(service, route):
    method, path = route
    answer = service.call(method, path.replace("{file_id}", "x"), headers={"X": "\x01"})
    assert answer.status == 400
    if method != "HEAD":
        style = contract.routes()[route][1]
        told = list(answer.json())
        assert "detail" in told if style == "problem" else told == {"original": ["detail"], "openai": ["error"]}[style]
    service.stop()


@pytest.mark.parametrize("name", UNANSWERED)
def test_no_head_of_http(service, name):
    assert answers_to(service, UNANSWERED[name]) == b""
    service.stop()


def test_a_head_that_is_of_no_use_beside_one_that_comes(service):
    """What is wrong with one is not told another."""
    with service.connect() as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert only_status(answers_to(service, put(b"Content-Length: x\r\n", b""))) == 400
        slow.sendall(b"Host: " + service.address.encode() + b"\r\nConnection: close\r\n\r\n")
        assert only_status(slow.makefile("rb").read()) == 200
    service.stop()


@pytest.mark.parametrize("parameters", [b"a&" * 2000, b"&" * 2000, b"a=b&" * 20_000, b"%00&+=%"])
def test_many_parameters(service, parameters):
    answers = answers_to(service, get(HOST + b"Connection: close\r\n", b"/healthz?" + parameters))
    assert only_status(answers) == 200
    service.stop()


@pytest.mark.parametrize("name", LAST)
def test_nothing_follows_chunks(service, local, name):
    assert statuses(service, LAST[name]) in ([b"201"], [b"400"], [])
    service.stop()
    assert not local.base.exists() or list(local.stored().values()) in ([b"hello"], [])


@pytest.mark.parametrize("name", TAKEN)
def test_a_plain_end(service, local, name):
    with service.connect() as connection:
        connection.sendall((TAKEN[name] + NEXT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")).replace(b"{host}", service.address.encode()))
        answers = connection.makefile("rb").read()
    # Behind chunks the connection ends.
    assert re.findall(rb"HTTP/1\.1 (\d+) ", answers) == ([b"201"] if b"chunked" in TAKEN[name].lower() else [b"201", b"404"])
    assert list(local.stored().values()) == [b"hello"]
    service.stop()
