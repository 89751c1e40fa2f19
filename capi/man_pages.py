"""Manual pages of section 3, made of the comments of filestore.h: man_pages.py HEADER DIRECTORY

`libfilestore.3` has the conventions, the codes and the types. Each group of functions, which begins with a line `// Title` (up to the first `:` or `(`), has a page; each function
has one that leads there.
"""

import pathlib
import re
import sys

CODE = re.compile(r"`([^`]*)`|\b((?:filestore|FILESTORE)_\w+)")
FUNCTION = re.compile(r"\b(filestore_\w+)\(")
CONVENTION = re.compile(r"^ ?(\d+)\. +(.*)", re.DOTALL)
MEMBER = re.compile(r"((?:^    ///.*\n)*)^    (\w[^;]*;)", re.MULTILINE)
INTRODUCTION = "libfilestore"


def plain(text):
    """Text that troff takes as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def prose(text):
    """Text with names and what stands in backticks in bold."""
    parts, end = [], 0
    for match in CODE.finditer(text):
        parts += [plain(text[end : match.start()]), f"\\fB{plain(match[1] or match[2])}\\fP"]
        end = match.end()
    return "".join(parts) + plain(text[end:])


def listing(text):
    return f".nf\n{plain(text)}\n.fi\n"


def term(name, text):
    return f".TP\n\\fB{plain(name)}\\fP\n{text}"


def comment(lines, mark):
    """Of the lines of a comment: paragraphs, and lines that are indented by four as they are."""
    text = ""
    for line in (line.removeprefix(mark).removeprefix(" ") for line in lines):
        if line.startswith("    "):
            text += f".nf\n{plain(line)}\n.fi\n"
        else:
            text += f"{prose(line.strip())}\n" if line.strip() else ".PP\n"
    return text.replace(".fi\n.nf\n", "")


class Block:
    """What stands between two empty lines: a comment, and what it is about."""

    def __init__(self, text):
        lines = text.splitlines()
        about = next((number for number, line in enumerate(lines) if not line.startswith("//")), len(lines))
        self.comment, self.code = lines[:about], "\n".join(lines[about:])

    def description(self):
        return comment(self.comment, "///")

    def function(self):
        return FUNCTION.search(self.code)[1]

    def prototype(self):
        text = self.code.removeprefix("FILESTORE_C_API ")
        return re.sub(r"\s*FILESTORE_NOEXCEPT;$", ";", re.sub(r"\n\s+", "\n    ", text))


class Group:
    def __init__(self, heading):
        title, mark, rest = re.match(r"// ([^:(\n]*)([:(]?)(.*)", heading[0]).groups()
        self.title = title.strip()
        first = f"({rest}" if mark == "(" else rest.strip()
        self.about = comment([f"// {first}"] * bool(first) + heading[1:], "//")
        self.functions = []

    def page(self):
        return "filestore-" + re.sub(r"\W+", "-", self.title.lower())


def names_of_constants(text):
    """(name, comment) of each line `#define FILESTORE_... number` with a comment."""
    for found in re.finditer(r"^((?:///.*\n)+)((?:#define FILESTORE_\w+ \w+\n)+)", text, re.MULTILINE):
        names = re.findall(r"#define (\w+)", found[2])
        yield ", ".join(names), comment(found[1].splitlines(), "///")


def members_of(block):
    return "".join(term(" ".join(code.split()), comment([line.strip() for line in lines.splitlines()], "///"))
                   for lines, code in MEMBER.findall(block.code))


def conventions_of(lines):
    """The introduction of the header, and its numbered conventions."""
    text = "\n".join(line.removeprefix("///").removeprefix(" ") for line in lines)
    introduction, rest = text.split("\n\nConventions,", 1)
    _, numbered = rest.split("\n\n", 1)
    items = [CONVENTION.match(item).groups() for item in re.split(r"\n(?= ?\d+\. )", numbered)]
    return introduction, "".join(term(f"{number}.", prose(re.sub(r"\s*\n\s*", "\n", item)) + "\n") for number, item in items)


class Header:
    def __init__(self, text):
        self.version = re.search(r'#define FILESTORE_VERSION "(.*)"', text)[1]
        self.introduction, self.conventions = conventions_of(re.search(r"(?:^///.*\n)+", text, re.MULTILINE)[0].splitlines())
        self.constants = list(names_of_constants(text))
        self.types, self.groups = [], []
        for block in map(Block, text.split('extern "C" {', 1)[1].split("\n\n")):
            self.take(block)

    def take(self, block):
        if block.code.startswith("FILESTORE_C_API"):
            self.groups[-1].functions.append(block)
        elif block.comment and block.comment[0].startswith("// "):
            self.groups.append(Group(block.comment))
        elif block.comment and block.code.startswith("typedef"):
            self.types.append(block)

    def head(self, page, names, what):
        return (f'.TH "{page.upper()}" 3 "" "libfilestore {self.version}" "libfilestore"\n'
                f".SH NAME\n{', '.join(map(plain, names))} \\- {plain(what)}\n")

    def introduction_page(self):
        text = self.head(INTRODUCTION, [INTRODUCTION], "stores files in a directory or in S3, and records what happens to them")
        text += ".SH SYNOPSIS\n" + listing("#include <filestore.h>") + "\n" + listing("cc program.c $(pkg-config --cflags --libs filestore_c)")
        text += f".SH DESCRIPTION\n{prose(self.introduction)}\n"
        text += ".PP\nThe functions, by what they are for:\n" + "".join(term(f"{group.page()}(3)", f"{plain(group.title)}\n") for group in self.groups)
        text += f".SH CONVENTIONS\nThey hold wherever a page does not say otherwise.\n{self.conventions}"
        text += ".SH CONSTANTS\n" + "".join(term(name, about) for name, about in self.constants)
        text += ".SH TYPES\n"
        for block in self.types:
            if "(*" in block.code.split("{")[0]:
                text += ".PP\n" + listing(block.prototype()) + ".RS 4\n" + block.description() + ".RE\n"
            else:
                text += f".SS {plain(block.code.split()[2])}\n{block.description()}{members_of(block)}"
        return text

    def group_page(self, group):
        names = [block.function() for block in group.functions]
        text = self.head(group.page(), [group.page(), *names], group.title[0].lower() + group.title[1:])
        text += ".SH SYNOPSIS\n" + listing("#include <filestore.h>")
        text += f".SH DESCRIPTION\n{group.about}" if group.about else ".SH DESCRIPTION\n"
        for block in group.functions:
            text += f".SS {plain(block.function())}\n" + listing(block.prototype()) + f".PP\n{block.description()}"
        return text + f".SH SEE ALSO\n\\fB{INTRODUCTION}\\fP(3) has the conventions that all functions keep, and the codes.\n"

    def pages(self):
        """(name of a file, text) of each."""
        yield f"{INTRODUCTION}.3", self.introduction_page()
        for group in self.groups:
            yield f"{group.page()}.3", self.group_page(group)
            for block in group.functions:
                yield f"{block.function()}.3", f".so man3/{group.page()}.3\n"


def main():
    header, directory = map(pathlib.Path, sys.argv[1:])
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.3"):
        old.unlink()
    for name, text in Header(header.read_text()).pages():
        (directory / name).write_text(text)


if __name__ == "__main__":
    main()
