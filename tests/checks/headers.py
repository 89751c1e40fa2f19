"""Checks that each public header stands alone: headers.py ROOT

Each is compiled alone and twice, as C++20 by both compilers with the project's warnings as errors, and with nothing but
the public include directories. filestore.h is also compiled as strict C99.
"""

import pathlib
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only"]
CPP = ["-std=c++20", "-pedantic-errors", "-x", "c++"]
C = ["-std=c99", "-pedantic-errors", "-Wstrict-prototypes", "-x", "c"]
CPP_COMPILERS = ["g++", "clang++-16"]
C_COMPILERS = ["gcc", "clang-16"]


def compiles(compiler, language, include_directory, header):
    source = f"#include <{header}>\n#include <{header}>\n"
    if language is C:
        source += "int unit_is_not_empty;\n"
    command = [compiler, *language, *WARNINGS, "-I", str(include_directory), "-"]
    result = subprocess.run(command, input=source, text=True, capture_output=True)
    if result.returncode:
        print(f"{compiler} {language[0]} {header}:\n{result.stderr}")
    return result.returncode == 0


def main():
    root = pathlib.Path(sys.argv[1])
    cpp_headers = sorted((root / "include" / "filestore").glob("*.h"))
    jobs = [(compiler, CPP, root / "include", f"filestore/{header.name}") for compiler in CPP_COMPILERS for header in cpp_headers]
    c_include = root / "capi" / "include"
    jobs += [(compiler, C, c_include, "filestore.h") for compiler in C_COMPILERS]
    jobs += [(compiler, CPP, c_include, "filestore.h") for compiler in CPP_COMPILERS]
    good = [compiles(*job) for job in jobs]
    print(f"{sum(good)} of {len(jobs)} compilations succeeded")
    sys.exit(0 if cpp_headers and all(good) else 1)


if __name__ == "__main__":
    main()
