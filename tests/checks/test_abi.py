"""What abi.py says of headers that break the promise of capi/ABI.md."""

import pathlib
import re

import abi
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def header():
    return (ROOT / "capi" / "include" / "filestore.h").read_text()


@pytest.fixture
def differences(tmp_path):
    """Of a header's text: those of names, then those of types."""

    def compare(text):
        changed = tmp_path / "filestore.h"
        changed.write_text(text)
        promised = abi.Abi(ROOT, changed)
        library = abi.witness(changed, tmp_path)
        return list(abi.differences_of_names(promised, library)), "".join(abi.differences_of_types(promised))

    return compare


def replaced(text, old, new):
    """Once, and surely."""
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def without_function(text, name):
    return re.sub(rf"^FILESTORE_C_API[^;]*\b{name}\([^;]*;", "", text, flags=re.MULTILINE)


def test_the_header_is_the_recorded_one(header, differences):
    assert differences(header) == ([], "")


def test_a_removed_function_is_reported(header, differences):
    names, types = differences(without_function(header, "filestore_download_path"))
    assert names == ["filestore_download_path is recorded since 0.1.0, and is missing"]
    assert "1 Removed" in types


def test_a_function_that_nobody_recorded_is_reported(header, differences):
    added = "FILESTORE_C_API int32_t filestore_new(int32_t number) FILESTORE_NOEXCEPT;\n"
    first = "FILESTORE_C_API const char* filestore_version(void)"
    names, types = differences(replaced(header, first, added + first))
    assert names == ["filestore_new is not recorded: abi.py --record"]
    assert "1 Added" in types


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("#define FILESTORE_ID_SIZE 37\n", "#define FILESTORE_ID_SIZE 38\n", "FILESTORE_ID_SIZE is 38, and was 37 since 0.1.0"),
        ("#define FILESTORE_NOT_FOUND 2\n", "", "FILESTORE_NOT_FOUND is recorded since 0.1.0, and is missing"),
        ("#define FILESTORE_OK 0\n", "#define FILESTORE_OK 0\n#define FILESTORE_NEW 99\n", "FILESTORE_NEW is not recorded: abi.py --record"),
    ],
)
def test_a_changed_constant_is_reported(header, differences, old, new, told):
    assert differences(replaced(header, old, new)) == ([told], "")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    uint64_t abilities;", "    uint32_t abilities;", "uint64_t abilities"),
        ("    void (*destroy)(void* context);", "    void* reserved;\n    void (*destroy)(void* context);", "type size changed"),
        ("    int32_t (*list)(void* context, filestore_backend_call* call);", "", "data member deletion"),
        ("void (*close_reader)(void* context, void* reader);", "void (*close_reader)(void* reader);", "close_reader"),
        ("const char* report, int32_t code,", "const char* report, int64_t code,", "filestore_settled_function"),
    ],
)
def test_a_changed_layout_or_signature_is_reported(header, differences, old, new, told):
    names, types = differences(replaced(header, old, new))
    assert names == []
    assert told in types


@pytest.mark.parametrize(
    ("since", "now", "is_same"),
    [("0.1.0", "0.1.7", True), ("0.1.0", "0.2.0", False), ("0.9.0", "1.0.0", False), ("1.0.0", "1.7.2", True), ("1.9.9", "2.0.0", False)],
)
def test_what_a_version_promises(since, now, is_same):
    assert abi.same_promise(since, now) == is_same
