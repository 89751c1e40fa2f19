"""Checks the manual pages of the C functions that are installed: check_man_pages.py REPOSITORY PREFIX

Fails where a function has none, where a page leads nowhere, does not tell of what leads to it or of all words of its comment, or is not as troff wants it.
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys

FUNCTION = re.compile(r"^((?:///.*\n)+)FILESTORE_C_API\s[^;]*?\b(filestore_\w+)\(", re.MULTILINE)


def words_of(text):
    return re.findall(r"\w+", text)


def formatted(page):
    """The words of a page as a reader sees it, and what troff has to say of it."""
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rHY=0", "-rLL=10000n", page], check=False, capture_output=True, text=True)
    return words_of(done.stdout), done.stderr


def holds(words, part):
    """Whether the words hold those of the part, one behind the other."""
    return f" {' '.join(part)} " in f" {' '.join(words)} "


def problems_of(repository, prefix):
    header = (repository / "capi" / "include" / "filestore.h").read_text()
    directory = prefix / "share" / "man"
    pages = {page for page in (directory / "man3").glob("*.3") if not page.read_text().startswith(".so ")}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        read = dict(zip(pages, pool.map(formatted, pages)))
    for page, (_, warnings) in read.items():
        if warnings:
            yield f"{page.name}: {warnings.strip()}"
    functions = FUNCTION.findall(header)
    if not functions:
        yield "no functions found: the check does not understand the header"
    for comment, name in functions:
        link = directory / "man3" / f"{name}.3"
        if not link.is_file():
            yield f"{name} has no page"
            continue
        page = directory / link.read_text().strip().removeprefix(".so ")
        if page not in read:
            yield f"{link.name} leads to {page.name}, which is no page"
        elif not holds(read[page][0], words_of(comment)) or name not in read[page][0]:
            yield f"{page.name} does not say what the header says of {name}"


def main():
    problems = list(problems_of(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
