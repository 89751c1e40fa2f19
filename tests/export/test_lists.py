"""Lists of providers that are not as their APIs say: what was sent is found in them all the same, or they are given up."""

import unicodedata

import pytest
from provider import Fault
from test_send import only


@pytest.fixture
def lost(start):
    """A provider that has the file, and whose answer is lost."""
    provider = start("openai")
    provider.faults.append(Fault("POST", "/v1/files", lost=True))
    return provider


def change_pages(provider, change):
    page = provider.page
    provider.page = lambda query: change(page(query))


def test_a_list_that_goes_round_ends(quick, exporting, lost):
    change_pages(lost, lambda page: {**page, "data": [lost.shown(file_id) for file_id in lost.files], "has_more": True})
    outcome, told, message = quick.send(lost, exporting.upload())
    assert (outcome, told) == ("failed", "outcome_unknown") and "has no end" in message
    assert len(lost.asked("GET")) == 2


def test_a_file_on_two_pages_is_one(quick, exporting, lost):
    change_pages(lost, lambda page: {**page, "data": page["data"] * 2})
    assert quick.send(lost, exporting.upload())[::2] == ["sent", "new"]


def test_the_files_of_others_may_have_any_id(quick, exporting, lost):
    lost.files["file with blanks"] = {"name": "another", "created": 1}
    lost.page_size = 1
    file_id = exporting.upload()
    assert quick.send(lost, file_id)[::2] == ["sent", "new"]
    assert len(lost.files) == 2 and only(exporting.sent(file_id))["state"] == "sent"


def test_names_may_be_written_in_another_way(quick, exporting, lost):
    change_pages(lost, lambda page: {**page, "data": [{**file, "filename": unicodedata.normalize("NFD", file["filename"])} for file in page["data"]]})
    assert quick.send(lost, exporting.upload(name="\u00dcn\u00ef.txt"))[::2] == ["sent", "new"]
    assert len(lost.files) == 1
