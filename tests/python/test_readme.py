import os
import pathlib
import re
import subprocess
import sys

import pytest
from conftest import server

PACKAGE = pathlib.Path(__file__).parents[2] / "examples/python"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", (PACKAGE / "README.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(2))
def test_the_examples_run_as_printed(number, tmp_path):
    assert len(EXAMPLES) == 2
    (tmp_path / "example.py").write_text(EXAMPLES[number])
    ended = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True,
                           env={**os.environ, **server(), "PYTHONPATH": str(PACKAGE)})
    expected = ["5 b'hello'\nb'import io\\n'\nnot_found False\n", "b'number 0'\n"]
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", expected[number])
