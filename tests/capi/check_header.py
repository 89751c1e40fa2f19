#!/usr/bin/env python3
"""Checks filestore.h against its implementation and its tests.

usage: check_header.py REPOSITORY [libfilestore_c.so]

Fails, naming each function, when one has no documentation, no definition, no declaration, no guard or no test; when codes or
version differ from the C++ headers; and, with a library, when it exports anything but the declared functions.
"""

import pathlib
import re
import subprocess
import sys

GUARDS = (r"return capi::guard\(", r"return capi::guard_read\(", r"\(void\)capi::guard_read\(",
          r"capi::guard_run\(", r"capi::guard_destroy\(")
# They take no handle and no memory: there is nothing to guard.
CONSTANTS = {
    "filestore_version": "return FILESTORE_VERSION;",
    "filestore_code_name": "return capi::code_name(code);",
}


def declared_functions(header):
    """Name -> whether a doc comment stands right before it."""
    pattern = re.compile(r"^(?P<doc>(?:///[^\n]*\n)*)FILESTORE_C_API\s[^;]*?\b(?P<name>filestore_\w+)\(", re.MULTILINE)
    return {match["name"]: bool(match["doc"]) for match in pattern.finditer(header)}


def lacks_noexcept(header):
    declarations = re.findall(r"^FILESTORE_C_API\s[^;]*;", header, re.MULTILINE)
    return [text.split("(")[0].split()[-1] for text in declarations if "FILESTORE_NOEXCEPT;" not in text]


def matching_brace(text, start):
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise SystemExit("braces do not match")


def defined_functions(source):
    """Name -> body, for every function at the left margin whose name starts with filestore_."""
    pattern = re.compile(r"^[a-z][\w :*]*?[ *&](filestore_\w+)\([^;{}]*\)\s*(?:noexcept\s*)?\{", re.MULTILINE)
    functions = {}
    for match in pattern.finditer(source):
        opening = match.end() - 1
        functions[match[1]] = source[opening + 1 : matching_brace(source, opening)].strip()
    return functions


def single_statement(body):
    """Whether the only `;` outside braces and parentheses is the last character."""
    depth = 0
    for position, character in enumerate(body):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(character, 0)
        if character == ";" and depth == 0:
            return position == len(body) - 1
    return False


def is_guarded(name, body):
    if name in CONSTANTS:
        return body == CONSTANTS[name]
    return single_statement(body) and any(re.match(guard, body) for guard in GUARDS)


def codes(text, pattern):
    return {name.upper(): int(number) for name, number in re.findall(pattern, text, re.MULTILINE)}


def version_macros(text):
    return dict(re.findall(r"^#define (FILESTORE_VERSION\w*) (\S+)$", text, re.MULTILINE))


def exported_symbols(library):
    output = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in output.splitlines()}


def problems_of(repository, library):
    header = (repository / "capi/include/filestore.h").read_text()
    source = "\n".join(path.read_text() for path in sorted((repository / "capi/src").glob("*.cpp")))
    tests = "\n".join(path.read_text() for path in sorted((repository / "tests/capi").glob("*.c")))
    cpp_errors = (repository / "include/filestore/error.h").read_text()
    cpp_version = (repository / "include/filestore/version.h").read_text()
    declared = declared_functions(header)
    defined = defined_functions(source)
    if not declared or not defined:
        yield "no functions found: the check does not understand the files"

    mentioned = set(re.findall(r"\b(filestore_\w+)\(", header))
    yield from (f"{name}: not declared with FILESTORE_C_API at the left margin"
                for name in sorted(mentioned - declared.keys()))
    yield from (f"{name}: no doc comment" for name, documented in declared.items() if not documented)
    yield from (f"{name}: declared without FILESTORE_NOEXCEPT" for name in lacks_noexcept(header))
    yield from (f"{name}: declared but not defined" for name in sorted(declared.keys() - defined.keys()))
    yield from (f"{name}: defined but not declared" for name in sorted(defined.keys() - declared.keys()))
    yield from (f"{name}: the body is more than one guard" for name, body in defined.items() if not is_guarded(name, body))
    yield from (f"{name}: not called in tests/capi" for name in declared if not re.search(rf"\b{name}\(", tests))

    c_codes = codes(header, r"^#define FILESTORE_(\w+) (\d+)$")
    cpp_codes = codes(cpp_errors, r"\bX\((\w+), (\d+),")
    yield from (f"code {name}: C and C++ differ"
                for name in sorted(cpp_codes) if c_codes.get(name) != cpp_codes[name])
    if version_macros(header) != version_macros(cpp_version):
        yield "filestore.h and filestore/version.h have different versions"
    if library is not None:
        exported = exported_symbols(library)
        yield from (f"{name}: exported but not declared" for name in sorted(exported - declared.keys()))
        yield from (f"{name}: declared but not exported" for name in sorted(declared.keys() - exported))


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    repository = pathlib.Path(sys.argv[1])
    problems = list(problems_of(repository, sys.argv[2] if len(sys.argv) == 3 else None))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
