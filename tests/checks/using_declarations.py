"""Checks that each using declaration of a source is used in that source: using_declarations.py ROOT

clang-tidy tells it of the main file only, and under the sanitizers that is one that includes the sources of a folder."""

import pathlib
import re
import sys

DIRECTORIES = ["src", "capi", "tools"]
DECLARATION = re.compile(r"^\s*using (?:\w+|::)*::(\w+);", re.MULTILINE)
NO_CODE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"')


def unused(text):
    code = NO_CODE.sub("", text)
    names = DECLARATION.findall(code)
    rest = DECLARATION.sub("", code)
    return [name for name in names if not re.search(rf"\b{name}\b", rest)]


def main():
    root = pathlib.Path(sys.argv[1])
    sources = [path for directory in DIRECTORIES for path in sorted((root / directory).rglob("*.cpp"))]
    texts = {path: path.read_text() for path in sources}
    left = [(path, name) for path, text in texts.items() for name in unused(text)]
    for path, name in left:
        print(f"{path.relative_to(root)} declares that it uses {name}, and does not")
    sys.exit(1 if left or not any(DECLARATION.search(text) for text in texts.values()) else 0)


if __name__ == "__main__":
    main()
