"""Each rule of layers.py finds the line that breaks it."""

import pytest

import layers

BROKEN = [
    ("src/core/text.cpp", '#include "s3/protocol/uri.h"', "core may not include s3"),
    ("src/http/event_loop.cpp", '#include "audit/catalogue.h"', "http may not include audit"),
    ("src/local/store.cpp", '#include "s3/protocol/uri.h"', "local may not include s3"),
    ("src/core/job.cpp", '#include "filestore/service.h"', "core may not include service"),
    ("src/service/service.cpp", '#include "tools/output.h"', "service may not include tools"),
    ("src/s3/client.cpp", "#include <curl/curl.h>", "only http may include <curl/curl.h>"),
    ("src/misc/thing.cpp", "", "no layer"),
    ("include/filestore/x.h", '#include "core/text.h"', "a public header may not include"),
    ("include/filestore/x.h", "#include <openssl/evp.h>", "a public header may not include"),
    ("src/s3/protocol/signing.cpp", "auto t = std::chrono::system_clock::now();", "it may not use system_clock::now"),
    ("src/s3/protocol/uri.cpp", "#include <fstream>", "it may not include <fstream>"),
    ("src/s3/policy/send_rate.cpp", "auto t = std::chrono::steady_clock::now();", "it may not use steady_clock::now"),
    ("src/core/text.cpp", "void f() { std::cerr << 1; }", "a library does not use cerr"),
    ("src/core/text.cpp", 'auto home = std::getenv("HOME");', "a library does not use getenv"),
    ("capi/src/error.cpp", "void f() { std::abort(); }", "a library does not use abort"),
]

KEPT = [
    ("src/s3/client.cpp", '#include "http/transport.h"\n#include "core/text.h"\n#include "filestore/s3_backend.h"'),
    ("src/core/text.cpp", '// std::cerr and exit() in a comment\nauto text = "abort()";'),
    ("capi/src/service.cpp", '#include "filestore/service.h"\n#include "filestore.h"\n#include "guard.h"'),
    ("tools/filestore/main.cpp", "int main() { std::exit(0); }"),
]


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(text + "\n")


@pytest.mark.parametrize("name, text, problem", BROKEN)
def test_finds_what_breaks_a_rule(tmp_path, name, text, problem):
    write(tmp_path, name, text)
    found = list(layers.problems(tmp_path))
    assert len(found) == 1
    assert found[0].startswith(f"{name}:1: ") and problem in found[0]


@pytest.mark.parametrize("name, text", KEPT)
def test_passes_what_keeps_the_rules(tmp_path, name, text):
    write(tmp_path, name, text)
    assert list(layers.problems(tmp_path)) == []
