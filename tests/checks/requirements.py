"""Checks that the tests and mutants that requirements.md names are there, and that each promise has both: requirements.py ROOT"""

import pathlib
import re
import sys


def items(text, label):
    """The names behind `- label:`, which may go on in indented lines."""
    found = re.search(rf"^- {label}: (.*(?:\n  .*)*)", text, re.MULTILINE)
    return re.split(r",\s+", found.group(1)) if found else []


def problems_of(section, tests):
    name = section.split("\n", 1)[0]
    places = {"tests": lambda item: tests / item, "mutants": lambda item: tests / "mutants" / f"{item}.patch"}
    for label, place in places.items():
        named = items(section, label)
        if not named:
            yield f"{name} has no {label}"
        for item in named:
            if not place(item).is_file():
                yield f"{name}: there is no {place(item).relative_to(tests.parent)}"


def main():
    tests = pathlib.Path(sys.argv[1]).resolve() / "tests"
    sections = (tests / "requirements.md").read_text().split("\n## ")[1:]
    problems = [problem for section in sections for problem in problems_of(section, tests)]
    for problem in problems:
        print(f"tests/requirements.md: {problem}")
    sys.exit(1 if problems or not sections else 0)


if __name__ == "__main__":
    main()
