"""Checks that each source file stands in a CMakeLists.txt, and so is built: source_lists.py ROOT"""

import pathlib
import re
import sys

DIRECTORIES = ["src", "capi", "tools", "tests", "bench"]


def main():
    root = pathlib.Path(sys.argv[1])
    listed, sources = set(), set()
    for directory in DIRECTORIES:
        for path in (root / directory).rglob("*"):
            if path.name == "CMakeLists.txt":
                listed |= {(path.parent / name).resolve() for name in re.findall(r"[\w./]+\.(?:cpp|c)\b", path.read_text())}
            elif path.suffix in (".cpp", ".c"):
                sources.add(path.resolve())
    missing = sorted(sources - listed)
    for path in missing:
        print(f"{path.relative_to(root.resolve())} stands in no CMakeLists.txt")
    sys.exit(1 if missing or not sources else 0)


if __name__ == "__main__":
    main()
