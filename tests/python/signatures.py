"""Checks that the signatures of examples/python are those of filestore.h: signatures.py ROOT. With --write they are written instead."""

import difflib
import pathlib
import subprocess
import sys

from pycparser import c_ast, c_parser

# What ctypes needs to know of a parameter or a result.
LETTERS = {"void": "v", "int32_t": "i", "uint32_t": "I", "int64_t": "q", "uint64_t": "Q", "size_t": "z"}
STANDARD_TYPES = "".join(f"typedef long {name};\n" for name in ["size_t", *LETTERS.keys() - {"void", "size_t"}])
HEAD = '''"""The functions and constants of filestore.h, and the table of a backend, by `./dev bindings`: of each function the result, and the parameters, as letters (see _library.py)."""

'''


def parsed(header):
    text = subprocess.run(["gcc", "-E", "-P", "-nostdinc", "-D__attribute__(x)=", "-x", "c", "-"], input=without_includes(header), check=True,
                          capture_output=True, text=True).stdout
    return c_parser.CParser().parse(STANDARD_TYPES + text)


def without_includes(header):
    return "\n".join(line for line in header.read_text().splitlines() if not line.startswith("#include"))


def letter(kind, callbacks):
    if isinstance(kind, (c_ast.PtrDecl, c_ast.ArrayDecl)):
        name = getattr(getattr(kind.type, "type", None), "names", [None])[0]
        return "s" if name == "char" and "const" in kind.type.quals else "p"
    name = kind.type.names[0]
    return "p" if name in callbacks else LETTERS[name]


def letters(function, callbacks):
    parameters = function.args.params if function.args else []
    arguments = "".join(letter(parameter.type, callbacks) for parameter in parameters)
    return letter(function.type, callbacks) + " " + arguments.removesuffix("v")


def is_callback(node):
    return isinstance(node, c_ast.Typedef) and isinstance(node.type, c_ast.PtrDecl) and isinstance(node.type.type, c_ast.FuncDecl)


def members(struct, callbacks):
    """Of a table of functions: a letter for what is no function."""
    for member in struct.decls:
        is_function = isinstance(member.type, c_ast.PtrDecl) and isinstance(member.type.type, c_ast.FuncDecl)
        yield member.name, letters(member.type.type, callbacks) if is_function else letter(member.type, callbacks)


def backend_table(tree, callbacks):
    found = next(node for node in tree.ext if getattr(node, "name", None) == "filestore_backend_table")
    return members(found.type.type, callbacks)


def table(name, entries):
    return f"{name} = {{\n" + "".join(f'    "{key}": "{value}",\n' for key, value in entries) + "}\n"


def constants(header):
    """Numbers alone: FILESTORE_NAME -> value."""
    for line in header.read_text().splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "#define" and words[2].isdigit() and "_VERSION_" not in words[1]:
            yield words[1].removeprefix("FILESTORE_"), int(words[2])


def generated(header):
    tree = parsed(header)
    callbacks = {node.name: node.type.type for node in tree.ext if is_callback(node)}
    functions = [(node.name, letters(node.type, callbacks)) for node in tree.ext
                 if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl)]
    numbers = "".join(f"{name} = {value}\n" for name, value in constants(header))
    heard = [(name, letters(callback, callbacks)) for name, callback in callbacks.items()]
    return HEAD + numbers + "\n" + "\n".join([table("CALLBACKS", heard), table("BACKEND_TABLE", backend_table(tree, callbacks)), table("FUNCTIONS", functions)])


def main():
    root = pathlib.Path(next(argument for argument in sys.argv[1:] if argument != "--write"))
    path = root / "examples/python/filestore/_header.py"
    wanted = generated(root / "capi/include/filestore.h")
    if "--write" in sys.argv[1:]:
        path.write_text(wanted)
        return 0
    difference = list(difflib.unified_diff(path.read_text().splitlines(), wanted.splitlines(), str(path.relative_to(root)), "of filestore.h", lineterm=""))
    if difference:
        print("\n".join(difference))
        print("The signatures are not those of the header: ./dev bindings writes them.", file=sys.stderr)
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
