"""Lists of providers that are not as their APIs say: what was sent is found in them all the same, or they are given up."""

import pytest
from command import assert_succeeds
from provider import Fault
from test_kill import kill_while_the_answer_waits
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


def test_names_may_be_written_in_lower_case(quick, exporting, lost):
    change_pages(lost, lambda page: {**page, "data": [{**file, "filename": file["filename"].lower()} for file in page["data"]]})
    assert quick.send(lost, exporting.upload(name="\u00dcni \u5b63.TXT"))[::2] == ["sent", "new"]
    assert len(lost.files) == 1


def by_tokens(provider, query):
    """As xAI."""
    begin = int(query.get("pagination_token", 0))
    ids = list(provider.files)
    more = {"pagination_token": str(begin + 2)} if begin + 2 < len(ids) else {"pagination_token": None}
    return {"data": [provider.shown(file_id) for file_id in ids[begin : begin + 2]], **more}


def by_numbers(provider, query):
    """As Mistral."""
    begin = 2 * int(query.get("page", 0))
    ids = list(provider.files)
    return {"object": "list", "data": [provider.shown(file_id) for file_id in ids[begin : begin + 2]], "total": len(ids)}


def change_paging(provider, paging):
    for number in range(5):
        provider.add_file(f"another {number}")
    provider.page = lambda query: paging(provider, query)


@pytest.mark.parametrize("paging", [by_tokens, by_numbers])
def test_compatible_services_page_in_their_ways(quick, exporting, lost, paging):
    change_paging(lost, paging)
    file_id = exporting.upload()
    assert quick.send(lost, file_id)[::2] == ["sent", "new"]
    assert len(lost.files) == 6
    # What says that a file is not there is compared with all pages.
    lost.faults.append(Fault("DELETE", ".*", status=404, body={"detail": "Not Found"}))
    assert exporting.tool.run("delete", file_id).code == 0
    assert only(exporting.sent(file_id))["state"] == "removing" and len(lost.files) == 6
    assert_succeeds(exporting.tool.run("unsend"), b"")
    assert len(lost.files) == 5 and exporting.sent() == []


def test_pages_by_number_move_when_files_go(quick, exporting, lost):
    """What was sent is on no page of the first reading: the file before it, which would have begun the last page, has moved to one that was read."""
    change_paging(lost, by_numbers)
    lost.files.popitem()
    by_number = lost.page

    def page(query):
        shown = by_number(query)
        if query.get("page") == "1" and len(lost.files) == 5:
            del lost.files[next(iter(lost.files))]
        return shown

    lost.page = page
    file_id = exporting.upload()
    assert quick.send(lost, file_id)[::2] == ["sent", "new"]
    assert len(lost.asked("POST")) == 1 and only(exporting.sent(file_id))["state"] == "sent"


def test_what_is_found_needs_no_second_reading(quick, exporting, lost):
    """Of a list that never rests."""
    change_paging(lost, by_numbers)
    by_number = lost.page

    def page(query):
        shown = by_number(query)
        lost.add_file("another")
        return shown

    lost.page = page
    assert quick.send(lost, exporting.upload())[::2] == ["sent", "new"]


def test_a_service_may_list_the_files_of_one_purpose_only(quick, exporting, lost):
    """As Zhipu."""
    act, lists = lost.act, []

    def act_strictly(recorded):
        if recorded.method != "GET":
            return act(recorded)
        query = dict(recorded.query)
        lists.append(query.get("purpose"))
        if "purpose" not in query or int(query.get("limit", 20)) > 100 or query.get("order", "created_at") != "created_at":
            return 400, {}, {"error": {"code": "1214", "message": "purpose"}}
        status, headers, page = act(recorded)
        return status, headers, {**page, "data": [file for file in page["data"] if file["purpose"] == query["purpose"]]}

    lost.act = act_strictly
    lost.add_file("another", purpose="batch")
    file_id = exporting.upload()
    assert quick.send(lost, file_id, "purpose=file-extract")[::2] == ["sent", "new"]
    assert len(lost.files) == 2 and only(exporting.sent(file_id))["state"] == "sent"
    assert lists == [None, "file-extract"]


def test_pages_that_cannot_be_asked_for_prove_nothing(quick, exporting, lost):
    change_paging(lost, lambda provider, query: by_numbers(provider, {}))
    file_id = exporting.upload()
    outcome, told, message = quick.send(lost, file_id)
    assert (outcome, told) == ("failed", "outcome_unknown") and "has no end" in message
    assert only(exporting.sent(file_id))["state"] == "unsettled" and len(lost.asked("POST")) == 1


@pytest.mark.parametrize("name", ["notes on {}", "{}.md", "notes on {}.md", "\u00fcber {}"])
def test_a_file_that_only_has_the_name_in_its_own_is_not_ours(quick, exporting, start, name):
    provider = start("openai")
    file_id = exporting.upload(name="\u00dcni.txt")
    kill_while_the_answer_waits(quick, provider, file_id)
    provider.files.clear()
    other_id = provider.add_file(name.format(only(exporting.sent(file_id))["sent_name"]), size=999)
    assert quick.settle(provider, file_id)[0]["found"] == 0
    assert only(provider.files) == other_id and only(exporting.sent(file_id))["state"] == "unsettled"
