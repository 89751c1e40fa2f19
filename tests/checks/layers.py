"""Checks the structure of the sources: layers.py ROOT

Prints each line that goes against a rule below, and then fails.
"""

import pathlib
import re
import sys

# A layer, and the layers that it may include: the arrows go down only.
BOTTOM = {"core"}
TRANSPORT = BOTTOM | {"http"}
PARTS = {"local", "s3", "audit"}
SERVICES = TRANSPORT | PARTS
LAYERS = {
    "core": BOTTOM,
    "http": TRANSPORT,
    "local": TRANSPORT | {"local"},
    "s3": TRANSPORT | {"s3"},
    "audit": TRANSPORT | {"audit"},
    "service": SERVICES | {"service"},
    "export": SERVICES | {"export"},
    "capi": SERVICES | {"service", "export", "capi"},
    "tools": SERVICES | {"service", "export", "tools"},
}

# A public header belongs to core unless it is named here.
PUBLIC_HEADER_LAYERS = {"file_exporter.h": "export", "local_backend.h": "local", "s3_backend.h": "s3", "s3_client.h": "s3", "s3_options.h": "s3", "s3_credentials.h": "s3", "schedule.h": "service", "service.h": "service", "validation.h": "service"}

# Libraries that only one layer may include.
CONFINED_LIBRARIES = {
    "curl/": "http",
    "sqlite3.h": "audit",
    "yaml-cpp/": "service",
    "date/": "service",
    "magic.h": "service",
    "pugixml.hpp": "s3",
    "CLI/": "tools",
    "microhttpd.h": "tools",
}

STANDARD_HEADER = re.compile(r"[a-z_]+|(std(def|int|bool))\.h")

# Protocols are pure: what goes in comes out, without input, output, clock or environment.
PROTOCOLS = ("src/s3/protocol/", "src/audit/postgrest/", "src/export/protocol/")
# So are the policies, but for their locks.
POLICY = "src/s3/policy/"
PROTOCOL_INCLUDES = re.compile(
    r"<(unistd\.h|fcntl\.h|sys/.*|netdb\.h|poll\.h|fstream|iostream|filesystem|cstdio|stdio\.h|thread|mutex)>"
    r'|"(http/.*|core/(descriptor|descriptor_stream|staged_file|reactor|thread_pool)\.h)"'
)
PROTOCOL_WORDS = re.compile(
    r"\b(getenv|secure_getenv|environ|clock_gettime|gettimeofday|(system|steady)_clock\s*::\s*now|Clock|fopen|open|read|write|socket|sleep_for)\b"
    r"(?=\s*\()|\b(fstream|ifstream|ofstream|environ|this_thread)\b"
)

LIBRARY_WORDS = re.compile(
    r"\b(?:std::)?(cerr|cout|clog|abort|exit|_exit|_Exit|quick_exit|terminate|printf|fprintf|vfprintf|puts|fputs|perror"
    r"|getenv|secure_getenv|environ|setenv|signal|sigaction|sigprocmask|pthread_sigmask)\b(?!\s*[:=]|\.h)"
)
ALLOWED_WORDS = {
    # The one place that reads the environment; its header says who may call it.
    "src/core/environment.cpp": {"getenv"},
    # A program that gives keys is started with the environment of this one.
    "src/s3/credentials/child_process.cpp": {"environ"},
    # Holds SIGPIPE back while a thread writes that may be a caller's, on that thread only.
    "src/core/broken_pipe_signal.cpp": {"pthread_sigmask"},
    # The same for SIGXFSZ.
    "src/core/file_size_signal.cpp": {"pthread_sigmask"},
    # A thread of the library takes no signal that is meant for the program.
    "src/core/worker_thread.cpp": {"pthread_sigmask"},
}

COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', re.MULTILINE)


def sources(root, *directories):
    for directory in directories:
        for path in sorted((root / directory).rglob("*")):
            if path.suffix in (".h", ".cpp", ".c"):
                yield path.relative_to(root).as_posix(), path.read_text()


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def code_only(text):
    """The text without comments, strings and includes, with its lines in place."""

    def blank(match):
        return "\n" * match.group().count("\n") or " "

    return COMMENT_OR_TEXT.sub(blank, INCLUDE.sub(blank, text))


def layer_of_file(name):
    parts = pathlib.PurePosixPath(name).parts
    if parts[:2] == ("include", "filestore"):
        return PUBLIC_HEADER_LAYERS.get(parts[-1], "core")
    return parts[1] if parts[0] == "src" else parts[0]


def layer_of_include(included):
    """None for a header beside the including file and for one of another library."""
    first, _, rest = included.partition("/")
    if first == "filestore":
        return PUBLIC_HEADER_LAYERS.get(rest, "core")
    return first if rest and first in LAYERS else None


def check_layers(name, text):
    layer = layer_of_file(name)
    if layer not in LAYERS:
        yield 1, f"lies in {layer}, which is no layer"
        return
    for match in INCLUDE.finditer(text):
        line, included = line_of(text, match.start()), match.group(1)
        target = layer_of_include(included[1:-1]) if included[0] == '"' else None
        if target and target not in LAYERS[layer]:
            yield line, f"{layer} may not include {target}: {included}"
        for library, owner in CONFINED_LIBRARIES.items():
            if included[1:].startswith(library) and layer != owner:
                yield line, f"only {owner} may include {included}"


def check_public_header(text):
    for match in INCLUDE.finditer(text):
        included = match.group(1)
        public = included.startswith('"filestore/') if included[0] == '"' else STANDARD_HEADER.fullmatch(included[1:-1])
        if not public:
            yield line_of(text, match.start()), f"a public header may not include {included}"


def check_protocol(text, allowed_include=None):
    for match in INCLUDE.finditer(text):
        if PROTOCOL_INCLUDES.fullmatch(match.group(1)) and match.group(1) != allowed_include:
            yield line_of(text, match.start()), f"a protocol is pure; it may not include {match.group(1)}"
    code = code_only(text)
    for match in PROTOCOL_WORDS.finditer(code):
        yield line_of(code, match.start()), f"a protocol is pure; it may not use {match.group()}"


def check_words(name, text):
    code = code_only(text)
    for match in LIBRARY_WORDS.finditer(code):
        if match.group(1) not in ALLOWED_WORDS.get(name, ()):
            yield line_of(code, match.start()), f"a library does not use {match.group(1)}"


def problems(root):
    for name, text in sources(root, "include", "src", "capi", "tools"):
        found = list(check_layers(name, text))
        if name.startswith(("include/", "capi/include/")):
            found += check_public_header(text)
        if name.startswith(PROTOCOLS):
            found += check_protocol(text)
        if name.startswith(POLICY):
            found += check_protocol(text, allowed_include="<mutex>")
        if not name.startswith("tools/"):
            found += check_words(name, text)
        for line, problem in found:
            yield f"{name}:{line}: {problem}"


def main():
    found = list(problems(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "the layers are kept")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
