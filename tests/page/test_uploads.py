"""Files go in: several at once, refused, paused, interrupted, and gone on with."""

import os

import pytest
from playwright.sync_api import expect

SLOW = 4_000_000


@pytest.fixture
def files(tmp_path):
    """files(name=content) makes them, and answers where they are."""

    def files(**contents):
        paths = []
        for name, content in contents.items():
            path = tmp_path / name.replace("__", ".")
            path.write_bytes(content)
            paths.append(path)
        return paths

    return files


def bodies(local):
    return sorted(local.stored().values())


def test_three_files(page, local, files, pictures):
    contents = {"notes__txt": b"Remember the milk.\n", "table__csv": b"a,b\n1,2\n" * 9000, "film__mp4": b"\0\0\0\x18ftypmp42" + os.urandom(9_000_000)}
    expect(page.find("#empty")).to_be_visible()
    page.picture(pictures / "empty.png")
    page.slow_down(SLOW)
    page.choose(*files(**contents))
    page.wait_until_sent("film.mp4", 3_000_000)
    page.expect_state("film.mp4", "sending")
    expect(page.upload("film.mp4").locator(".words")).to_contain_text("MB/s")
    page.expect_state("notes.txt", "done")
    page.picture(pictures / "upload-in-progress.png")
    page.slow_down()
    for name in ("notes.txt", "table.csv", "film.mp4"):
        page.expect_state(name, "done")
    expect(page.find("#uploads-title")).to_have_text("3 files stored")
    assert bodies(local) == sorted(contents.values())
    assert sorted(page.names()) == ["film.mp4", "notes.txt", "table.csv"]
    page.button("Clear finished").click()
    expect(page.find("#uploads")).to_be_hidden()


def test_an_empty_file_and_one_of_several_pieces(page, local, files):
    large = os.urandom(40_000_000)
    page.choose(*files(empty__txt=b"", large__bin=large))
    page.expect_state("empty.txt", "done")
    page.expect_state("large.bin", "done")
    assert bodies(local) == [b"", large]


def test_a_file_that_is_refused_says_why(visit, start, local, files, pictures):
    page = visit(start("--option", "type_policy=strict", "--option", "max_size=5000"))
    page.choose(*files(holiday__png=b"<html><script>alert(1)</script></html>", long__txt=b"x" * 6000, good__txt=b"a text\n"))
    page.expect_state("good.txt", "done")
    page.expect_state("holiday.png", "failed")
    words = page.upload("holiday.png").locator(".words")
    expect(words).to_contain_text("text/html")
    expect(words).to_contain_text("Choose a file of another type")
    page.expect_state("long.txt", "failed")
    expect(page.upload("long.txt").locator(".words")).to_contain_text("Choose a smaller file.")
    page.expect_names("good.txt")
    assert bodies(local) == [b"a text\n"]
    # A rule refuses it again.
    expect(page.button("Try again: holiday.png")).to_be_hidden()
    page.picture(pictures / "refused.png")
    page.assert_accessible()
    page.button("Dismiss: holiday.png").click()
    expect(page.upload("holiday.png")).to_have_count(0)


def test_pause_and_resume(page, local, files):
    body = os.urandom(12_000_000)
    page.slow_down(SLOW)
    page.choose(*files(film__mp4=body))
    page.wait_until_sent("film.mp4", 2_000_000)
    page.button("Pause: film.mp4").click()
    page.expect_state("film.mp4", "paused")
    assert page.focused() == "Resume: film.mp4"
    assert local.stored() == {}
    held = page.sent("film.mp4")
    page.page.wait_for_timeout(300)
    assert page.sent("film.mp4") == held
    page.slow_down()
    page.button("Resume: film.mp4").click()
    page.expect_state("film.mp4", "done")
    assert bodies(local) == [body]
    # It went on, and did not begin anew.
    assert page.patches()[0] == 0 and page.patches()[-1] > 0


def test_cancel(page, local, files):
    page.slow_down(SLOW)
    page.choose(*files(film__mp4=os.urandom(12_000_000)))
    page.wait_until_sent("film.mp4", 1_000_000)
    with page.page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        page.button("Cancel: film.mp4").click()
    assert deleted.value.status == 204
    expect(page.find("#uploads")).to_be_hidden()
    assert page.page.evaluate("localStorage.getItem('filestore.uploads')") == "{}"
    local.assert_empty()


def test_a_reload_of_the_page(page, local, files):
    body = os.urandom(12_000_000)
    paths = files(film__mp4=body)
    page.slow_down(SLOW)
    page.choose(*paths)
    page.wait_until_sent("film.mp4", 2_000_000)
    page.page.reload()
    row = page.find("#upload-list > li")
    expect(row).to_have_attribute("data-state", "left")
    expect(row).to_contain_text("Choose the same file again")
    page.assert_accessible()
    page.slow_down()
    page.choose(*paths)
    page.expect_state("film.mp4", "done")
    assert bodies(local) == [body]
    assert page.patches()[-1] > 0
    expect(page.find("#upload-list > li")).to_have_count(1)
    page.page.reload()
    page.expect_names("film.mp4")
    expect(page.find("#uploads")).to_be_hidden()


def test_what_is_left_can_be_discarded(page, local, files):
    page.slow_down(SLOW)
    page.choose(*files(film__mp4=os.urandom(12_000_000)))
    page.wait_until_sent("film.mp4", 1_000_000)
    page.page.reload()
    with page.page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.button("Discard: film.mp4").click()
    expect(page.find("#uploads")).to_be_hidden()
    local.assert_empty()


def test_the_service_is_killed_and_started_again(visit, start, local, files, pictures):
    service = start()
    page = visit(service)
    body = os.urandom(16_000_000)
    page.slow_down(SLOW)
    page.choose(*files(film__mp4=body))
    page.wait_until_sent("film.mp4", 3_000_000)
    service.process.kill()
    service.process.wait()
    page.expect_state("film.mp4", "retrying")
    expect(page.upload("film.mp4").locator(".words")).to_contain_text("Connection lost")
    page.picture(pictures / "connection-lost.png")
    start(port=service.port)
    page.slow_down()
    page.expect_state("film.mp4", "done")
    assert bodies(local) == [body]
    assert page.patches()[-1] > 0
    page.expect_names("film.mp4")


def test_the_last_answer_is_lost(page, local, files):
    """The file is stored, and is not stored again."""
    lost = []

    def lose(route):
        if route.request.method != "PATCH" or lost:
            return route.continue_()
        lost.append(route.fetch().status)
        route.abort("connectionreset")

    page.page.route("**/uploads/*", lose)
    page.choose(*files(notes__txt=b"Remember the milk.\n"))
    page.expect_state("notes.txt", "done")
    assert lost == [204] and bodies(local) == [b"Remember the milk.\n"]
    page.expect_names("notes.txt")


def test_an_upload_that_the_service_has_forgotten_begins_anew(page, service, local, files):
    body = os.urandom(12_000_000)
    page.slow_down(SLOW)
    page.choose(*files(film__mp4=body))
    page.wait_until_sent("film.mp4", 2_000_000)
    page.button("Pause: film.mp4").click()
    (upload,) = {request.url for request in page.requests if request.method == "PATCH"}
    assert service.call("DELETE", "/uploads/" + upload.split("/")[-1], headers={"Tus-Resumable": "1.0.0"}).status == 204
    page.slow_down()
    page.button("Resume: film.mp4").click()
    page.expect_state("film.mp4", "done")
    assert bodies(local) == [body]


def test_what_has_expired_is_not_offered(page):
    page.page.evaluate("localStorage.setItem('filestore.uploads', JSON.stringify({a: {url: '/uploads/a', name: 'old.bin', size: 9, sent: 3, expires: Date.now() - 1}}))")
    page.page.reload()
    expect(page.find("#empty")).to_be_visible()
    expect(page.find("#uploads")).to_be_hidden()
    assert page.page.evaluate("localStorage.getItem('filestore.uploads')") == "{}"


def test_a_store_that_takes_only_whole_files(page, local, files):
    page.page.route("**/uploads", lambda route: route.fulfill(status=501, content_type="application/problem+json", body="{}"))
    body = os.urandom(12_000_000)
    page.slow_down(SLOW)
    page.choose(*files(film__mp4=body))
    page.wait_until_sent("film.mp4", 2_000_000)
    page.button("Pause: film.mp4").click()
    expect(page.upload("film.mp4").locator(".words")).to_contain_text("begins anew")
    page.slow_down()
    page.button("Resume: film.mp4").click()
    page.expect_state("film.mp4", "done")
    assert bodies(local) == [body]
    page.expect_names("film.mp4")


def test_pause_all(page, local, files):
    contents = {f"f{number}__bin": os.urandom(2_000_000) for number in range(5)}
    page.slow_down(SLOW)
    page.choose(*files(**contents))
    expect(page.find("#upload-list > [data-state=sending]")).to_have_count(3)
    page.button("Pause all").click()
    expect(page.find("#upload-list > [data-state=paused]")).to_have_count(5)
    page.slow_down()
    page.button("Resume all").click()
    expect(page.find("#upload-list > [data-state=done]")).to_have_count(5)
    assert bodies(local) == sorted(contents.values())


def test_files_and_folders_are_dropped(page, local):
    """By the list of files; a test can drop no folder."""
    page.page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["one"], "one.txt", {type: "text/plain"}));
            transfer.items.add(new File(["two"], "two.txt", {type: "text/plain"}));
            const tell = (name) => document.body.dispatchEvent(new DragEvent(name, {dataTransfer: transfer, bubbles: true, cancelable: true}));
            tell("dragenter");
            window.veiled = getComputedStyle(document.getElementById("veil")).pointerEvents && document.documentElement.classList.contains("dropping");
            tell("drop");
        }"""
    )
    assert page.page.evaluate("window.veiled") is True
    page.expect_state("one.txt", "done")
    page.expect_state("two.txt", "done")
    assert bodies(local) == [b"one", b"two"]
    assert page.page.evaluate("document.documentElement.className") == ""


def test_types_and_names_are_recorded(page, service, files):
    page.choose(*files(notes__txt=b"Remember the milk.\n"))
    page.expect_state("notes.txt", "done")
    (file_id,) = [entry["file_id"] for entry in service.call("GET", "/files").json()["files"]]
    told = service.call("GET", f"/files/{file_id}").json()
    assert (told["original_path"], told["content_type"]) == ("notes.txt", "text/plain")
    assert told["metadata"] == {"filename": "notes.txt", "content_type": "text/plain"}
