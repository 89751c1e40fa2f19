import os
import re
import subprocess
import sys

import pytest
from conftest import PACKAGE, server

EXAMPLES = re.findall(r"^```python\n(.*?)^```$", (PACKAGE / "README.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(4))
def test_the_examples_run_as_printed(number, tmp_path, provider):
    assert len(EXAMPLES) == 4
    (tmp_path / "example.py").write_text(EXAMPLES[number])
    ended = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True,
                           env={**os.environ, **server(), "PYTHONPATH": str(PACKAGE), "PROVIDER_URL": provider.url, "OPENAI_API_KEY": "key"})
    expected = ["5 b'hello'\nb'import io\\n'\nnot_found False\n", "b'number 0'\n", "b'hello' [5]\n", "sent 1\n1\n1\n"]
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", expected[number])
