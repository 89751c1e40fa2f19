"""Copies at providers by the C API."""

import json
import os
import subprocess

from conftest import KEY, is_sent_name


def test_a_c_program_sends_a_file_and_takes_it_back(tmp_path, provider):
    program = subprocess.run([os.environ["FILESTORE_EXPORT_C"], tmp_path / "storage", provider.kind, provider.url, KEY],
                             capture_output=True, text=True, timeout=60)
    assert (program.returncode, program.stderr) == (0, "") and KEY not in program.stdout, program
    first, sent, second, copies, settled, none = map(json.loads, program.stdout.splitlines())
    assert sent == 12 and first["was_there"] is False and first["state"] == "sent"
    assert second.pop("was_there") is True and copies == [second]
    assert {**first, "was_there": True} == {**second, "was_there": True}
    assert is_sent_name(first["sent_name"], "from_c-", first["file_id"], ".txt")
    assert [copy["number"] for copy in settled["removed"]] == [first["number"]]
    assert (settled["found"], settled["waiting"], settled["forgotten"], none) == ([], [], 0, [])
    assert provider.files == {}
