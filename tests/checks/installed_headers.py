"""Checks that an installed prefix holds exactly the public headers: installed_headers.py ROOT PREFIX"""

import pathlib
import sys


def headers(directory):
    return {path.relative_to(directory).as_posix(): path.read_text() for path in directory.rglob("*.h")}


def main():
    root, prefix = map(pathlib.Path, sys.argv[1:])
    wanted = headers(root / "include") | headers(root / "capi" / "include")
    installed = headers(prefix / "include")
    for name in sorted(wanted.keys() ^ installed.keys()):
        print(f"{name}: {'not installed' if name in wanted else 'installed, but not public'}")
    for name in sorted(wanted.keys() & installed.keys()):
        if wanted[name] != installed[name]:
            print(f"{name}: the installed one differs")
    sys.exit(0 if wanted == installed else 1)


if __name__ == "__main__":
    main()
