"""What is measured: the cells of the matrix."""

from dataclasses import dataclass

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Cell:
    part: str
    operation: str
    size: int
    count: int
    concurrency: int
    # Of bodies: memory, file or pipe.
    way: str = "memory"
    tls: bool = False
    # sink, or the name of a real server.
    server: str = "sink"

    @property
    def title(self):
        size = {KIB * 4: "4 KiB", MIB: "1 MiB", MIB * 64: "64 MiB", GIB: "1 GiB"}.get(self.size, f"{self.size:,}")
        words = [self.operation, size]
        if self.way != "memory":
            words.append({"put": "from a ", "get": "to a "}[self.operation] + self.way)
        words.append(f"x {self.count:,}" if self.part == "scaling" else f"c{self.concurrency}")
        return " ".join(words + ["over TLS"] * self.tls)


def small(scale, **where):
    for operation in ("put", "get", "head", "delete"):
        for concurrency in (1, 8, 64):
            yield Cell("small", operation, 4 * KIB, int(4000 * scale), concurrency, **where)


def medium(scale, **where):
    for operation in ("put", "get"):
        for concurrency in (1, 8, 64):
            yield Cell("medium", operation, MIB, int(600 * scale), concurrency, **where)


def large(scale, **where):
    for operation in ("put", "get"):
        for concurrency in (1, 8):
            yield Cell("large", operation, 64 * MIB, max(2, int(24 * scale)), concurrency, **where)
    yield Cell("large", "put", GIB, 1, 1, **where)
    yield Cell("large", "get", GIB, 1, 1, **where)


def files(_, **where):
    for operation, way in (("put", "file"), ("get", "file"), ("put", "pipe")):
        yield Cell("files", operation, GIB, 1, 1, way=way, **where)


def lists(scale, **where):
    yield Cell("lists", "list", 10_000, max(1, int(20 * scale)), 1, **where)


def tls(scale):
    for operation in ("put", "get"):
        yield Cell("tls", operation, 4 * KIB, int(4000 * scale), 8, tls=True)
        yield Cell("tls", operation, 64 * MIB, max(2, int(12 * scale)), 1, tls=True)


def scaling(scale):
    for count in (1, 10, 100, 1_000, 10_000, int(100_000 * scale)):
        yield Cell("scaling", "put", 4 * KIB, count, 8)


def server(scale):
    for operation in ("put", "get", "head", "delete"):
        yield Cell("server", operation, 4 * KIB, int(1500 * scale), 8, server="versitygw")
    for operation in ("put", "get"):
        yield Cell("server", operation, MIB, int(120 * scale), 8, server="versitygw")
        yield Cell("server", operation, 64 * MIB, max(2, int(6 * scale)), 1, server="versitygw")


def start(_):
    yield Cell("start", "head", 4 * KIB, 1, 1)


PARTS = {
    "start": start,
    "small": small,
    "medium": medium,
    "large": large,
    "files": files,
    "lists": lists,
    "tls": tls,
    "scaling": scaling,
    "server": server,
}


def cells_of(names, scale):
    return [cell for name in names for cell in PARTS[name](scale)]
