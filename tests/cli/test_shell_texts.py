"""What the command tells man and shells: all that it has, in a language that they understand."""

import os
import pty
import re
import select
import subprocess
import time

import pytest
from command import assert_fails, assert_succeeds

ENOUGH_SECONDS = 60


def text_of(tool, *arguments):
    shown = tool.run(*arguments)
    assert_succeeds(shown)
    return shown.out.decode()


@pytest.fixture
def commands(tool):
    """Each command with its options, as --help has them."""
    listed = text_of(tool, "--help").split("Commands:")[1].split("Exit codes")[0]
    names = re.findall(r"^  (\w+)", listed, re.MULTILINE)
    assert len(names) > 15
    return {name: re.findall(r"^  (?:-\w,)?(--[\w-]+)", text_of(tool, name, "--help"), re.MULTILINE) for name in names}


def test_the_manual_has_every_command_and_option(tool, commands):
    page = tool.directory / "filestore.1"
    page.write_text(text_of(tool, "--man"))
    formatted = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-c", page], check=True, capture_output=True, text=True)
    assert formatted.stderr == ""
    plain = re.sub(".\b", "", formatted.stdout)
    for name, options in commands.items():
        section = re.split(rf"^   {name}$", plain, flags=re.MULTILINE)[1]
        section = re.split(r"^ {0,3}\S", section, flags=re.MULTILINE)[0]
        assert [option for option in options if not re.search(rf"{option}\b", section)] == [], name


def completed_by_bash(tool, *words):
    script = tool.directory / "filestore.bash"
    script.write_text(text_of(tool, "--completion", "bash"))
    ask = f'. {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _filestore; printf "%s\\n" "${{COMPREPLY[@]}}"'
    asked = subprocess.run(["bash", "-uc", ask, "bash", "filestore", *words], check=True, capture_output=True, text=True, cwd=tool.directory)
    assert asked.stderr == ""
    return asked.stdout.split()


def test_bash_completes_commands_and_their_options(tool, commands):
    assert sorted(completed_by_bash(tool, "")) == sorted(commands)
    assert completed_by_bash(tool, "uplo") == ["upload"]
    for name, options in commands.items():
        assert set(options) <= set(completed_by_bash(tool, name, "--")), name
    assert "--parallel" not in completed_by_bash(tool, "metadata", "--pa")


def test_bash_completes_files_where_files_are_wanted(tool):
    (tool.directory / "given.yaml").touch()
    (tool.directory / "given").mkdir()
    assert completed_by_bash(tool, "upload", "given.") == ["given.yaml"]
    assert completed_by_bash(tool, "--config", "given.") == ["given.yaml"]
    assert completed_by_bash(tool, "--base-path", "giv") == ["given"]
    assert completed_by_bash(tool, "--bucket", "giv") == []


class Zsh:
    """An interactive shell that knows nothing but our completion."""

    def __init__(self, directory):
        child, self.terminal = pty.fork()
        if child == 0:
            os.chdir(directory)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(directory)})
        self.child = child
        self.said = ""
        self.type(f"fpath=({directory} $fpath); autoload -Uz compinit && compinit -u -D; print REA''DY\n", "READY")

    def type(self, text, until):
        """Types, and waits for a text."""
        self.said = ""
        os.write(self.terminal, text.encode())
        deadline = time.monotonic() + ENOUGH_SECONDS
        while until not in self.said:
            assert time.monotonic() < deadline, self.said
            if select.select([self.terminal], [], [], 1)[0]:
                self.said += os.read(self.terminal, 65536).decode(errors="replace")

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.child, 0)


def test_zsh_completes_commands_and_their_options(tool, commands):
    script = tool.directory / "_filestore"
    script.write_text(text_of(tool, "--completion", "zsh"))
    subprocess.run(["zsh", "-n", script], check=True)
    shell = Zsh(tool.directory)
    try:
        shell.type("filestore uplo\t", "upload ")
        shell.type("--na\t", "--name")
        shell.type("\x15filestore \t", "unsend")
        assert [name for name in commands if name not in shell.said] == []
    finally:
        shell.close()


def test_other_shells_are_refused(tool):
    assert_fails(tool.run("--completion", "fish"), 2, "--completion")
