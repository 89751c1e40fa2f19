"""Checks what the shared libraries export and need: symbols.py LIBFILESTORE_C LIBFILESTORE VERSION"""

import subprocess
import sys



def output(*command):
    return subprocess.check_output(command, text=True)


def exported(library):
    """(type, name) of each symbol."""
    lines = output("nm", "--dynamic", "--defined-only", "--demangle", library).splitlines()
    return [tuple(line.split(maxsplit=2)[1:]) for line in lines]


def dynamic_section(library):
    return output("readelf", "--dynamic", "--wide", library)


def check_needs(library):
    """What few programs use is loaded by those: every start of a program waits for what its libraries need."""
    if "[libmagic" in dynamic_section(library):
        yield "is linked with libmagic"


def check_c_library(library, version):
    soname = f"libfilestore_c.so.{version.split('.')[0]}"
    names = {name for _, name in exported(library)}
    if not names:
        yield "exports nothing"
    for name in sorted(names):
        if not name.startswith("filestore_"):
            yield f"exports {name}"
    dynamic = dynamic_section(library)
    if "NODELETE" not in dynamic:
        yield "is not linked with -z nodelete"
    if f"[{soname}]" not in dynamic:
        yield f"has not the SONAME {soname}"
    if "NEEDED" in dynamic and "[libfilestore.so" in dynamic:
        yield "needs libfilestore.so"


def is_ours(kind, name):
    if "filestore::" in name:
        return True
    return kind in "WVu" and ("std::" in name or name.startswith("operator"))


def check_cpp_library(library, version):
    symbols = exported(library)
    if not any(name.startswith("filestore::") for _, name in symbols):
        yield "exports nothing of filestore::"
    for kind, name in symbols:
        if not is_ours(kind, name):
            yield f"exports {kind} {name}"
    if f"[libfilestore.so.{version}]" not in dynamic_section(library):
        yield f"has not the SONAME libfilestore.so.{version}"


def main():
    c_library, cpp_library, version = sys.argv[1:]
    found = [f"{c_library} {problem}" for problem in check_c_library(c_library, version)]
    found += [f"{library} {problem}" for library in (c_library, cpp_library) for problem in check_needs(library)]
    found += [f"{cpp_library} {problem}" for problem in check_cpp_library(cpp_library, version)]
    print("\n".join(found) or "only what is meant to be exported is")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
