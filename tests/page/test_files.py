"""The list of what is stored, and what can be done with it."""

import json
import os
import struct
import time
import urllib.parse
import zlib

import pytest
from playwright.sync_api import expect
from stores import fill

NAMES = ["Budget 2026.csv", "holiday.jpg", "notes.txt"]
BODIES = {"Budget 2026.csv": b"a,b\n1,2\n" * 200, "holiday.jpg": b"\xff\xd8\xff\xe0" + b"x" * 70_000, "notes.txt": b"Remember the milk.\n"}
TYPES = {"csv": "text/csv", "jpg": "image/jpeg", "txt": "text/plain"}


def picture(width, height, colour):
    """A PNG."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + b"".join(bytes(colour(x / width, y / height)) for x in range(width)) for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def sunset(x, y):
    """Something to look at."""
    if y > 0.72 - 0.12 * abs(x - 0.4):
        return 38, 52, 74
    return 250 - int(60 * y), 170 - int(70 * y), 120 + int(40 * x)


def put(service, name, body, content_type="text/plain", headers=None):
    answer = service.call("PUT", f"/files?filename={urllib.parse.quote(name, safe='')}", body, {"Content-Type": content_type, **(headers or {})})
    assert answer.status == 201, answer
    return answer.json()["file_id"]


@pytest.fixture
def ids(service):
    """The files of NAMES, by name; the last one is the newest."""
    made = {}
    for name in NAMES:
        made[name] = put(service, name, BODIES[name], TYPES[name.split(".")[1]])
        # Files of one tick of the system's clock are of one age.
        time.sleep(0.02)
    return made


@pytest.fixture
def page(visit, service, ids):
    made = visit(service, permissions=["clipboard-read", "clipboard-write"])
    made.expect_names(*reversed(NAMES))
    return made


def cells(page, name):
    return page.find("#rows tr").filter(has=page.find(f'[title="{name}"]')).locator("td").all_inner_texts()


def test_what_the_list_tells(page, pictures):
    assert [text.replace("\n", "") for text in cells(page, "Budget 2026.csv")[:4]] == ["Budget 2026.csv", "CSV table", "1.6 KB", "just now"]
    expect(page.find("#totals")).to_have_text("3 files · 72 KB")
    page.picture(pictures / "list.png")


def test_small_pictures_are_shown(visit, service, pictures):
    put(service, "sunset.png", picture(80, 80, sunset), "image/png")
    put(service, "broken.png", b"no picture", "image/png")
    put(service, "drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>window.hit=1</script></svg>", "image/svg+xml")
    put(service, "Budget 2026.xlsx", b"x" * 48_200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    put(service, "concert.mp3", b"x" * 4_300_000, "audio/mpeg")
    put(service, "backup.tar.gz", b"x" * 12_000, "application/gzip")
    put(service, "a trip to the lake, all of the second week.mp4", b"x" * 22_000_000, "video/mp4")
    page = visit(service)
    expect(page.find(".mark.pictured")).to_have_count(1)
    expect(page.find("#rows img")).to_have_count(1)
    page.picture(pictures / "kinds.png")


def test_download(page, ids):
    with page.page.expect_download() as download:
        page.find(f'[aria-label="Download: holiday.jpg"]').click()
    assert download.value.suggested_filename == "holiday.jpg"
    assert open(download.value.path(), "rb").read() == BODIES["holiday.jpg"]


def test_a_file_is_looked_at(page, ids):
    with page.context.expect_page() as opened:
        page.page.get_by_role("link", name="notes.txt", exact=True).click()
    opened.value.wait_for_load_state()
    assert opened.value.url.endswith(f"/files/{ids['notes.txt']}/content")
    assert opened.value.inner_text("body").strip() == "Remember the milk."


def test_delete(page, local, ids, pictures):
    dialog = page.find("#delete-dialog")
    page.button("Delete: holiday.jpg").click()
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("holiday.jpg")
    assert page.focused() == "Keep it"
    page.picture(pictures / "delete.png")
    page.assert_accessible()
    page.button("Keep it").click()
    expect(dialog).to_be_hidden()
    page.button("Delete: holiday.jpg").click()
    page.press("Escape")
    expect(dialog).to_be_hidden()
    assert len(local.stored()) == 3
    page.button("Delete: holiday.jpg").click()
    page.button("Delete").click()
    page.expect_names("notes.txt", "Budget 2026.csv")
    expect(page.toast()).to_have_text("Deleted: holiday.jpg")
    assert set(local.stored()) == {ids["notes.txt"], ids["Budget 2026.csv"]}
    assert page.focused() == "Delete: Budget 2026.csv"


def test_a_deletion_is_undone(visit, start, local):
    service = start("--option", "soft_delete_grace=1h")
    file_id = put(service, "notes.txt", b"kept")
    page = visit(service)
    page.button("Delete: notes.txt").click()
    page.button("Delete").click()
    expect(page.find("#rows > tr")).to_have_count(0)
    page.assert_accessible()
    page.button("Undo").click()
    page.expect_names("notes.txt")
    expect(page.toast()).to_have_text("Brought back: notes.txt")
    assert page.focused() == "Delete: notes.txt"
    assert service.call("GET", f"/download/{file_id}").body == b"kept"


def test_a_deletion_for_good_is_not_said_to_be_undone(page):
    page.button("Delete: notes.txt").click()
    page.button("Delete").click()
    expect(page.toast()).to_have_text("Deleted: notes.txt")
    expect(page.button("Undo")).to_have_count(0)


def test_a_deletion_that_fails_says_why(page, service, local):
    service.process.kill()
    service.process.wait()
    page.button("Delete: notes.txt").click()
    page.button("Delete").click()
    expect(page.toast()).to_contain_text("Not deleted: notes.txt. The service cannot be reached.")
    page.expect_names(*reversed(NAMES))


def test_a_file_that_has_gone_meanwhile_is_gone(page, service, ids):
    service.call("DELETE", f"/delete/{ids['notes.txt']}")
    page.button("Delete: notes.txt").click()
    page.button("Delete").click()
    page.expect_names("holiday.jpg", "Budget 2026.csv")


def test_search(page, ids):
    for words, found in (("BUDG", ["Budget 2026.csv"]), ("picture", ["holiday.jpg"]), ("text/", ["notes.txt", "Budget 2026.csv"]), (ids["notes.txt"][:13], ["notes.txt"]), ("csv 2026", ["Budget 2026.csv"]), ("", list(reversed(NAMES)))):
        page.find("#search").fill(words)
        page.expect_names(*found)
    page.find("#search").fill("<b>nothing")
    expect(page.find("#unmatched")).to_contain_text("“<b>nothing”")
    page.assert_accessible()
    page.button("Show all files").click()
    page.expect_names(*reversed(NAMES))
    assert page.focused() == "Search files by name, type or ID"


def test_sort(page):
    by_name = sorted(NAMES, key=str.lower)
    page.button("Name").click()
    page.expect_names(*by_name)
    page.button("Name").click()
    page.expect_names(*reversed(by_name))
    expect(page.find("th[data-sort=name]")).to_have_attribute("aria-sort", "descending")
    page.button("Size").click()
    page.expect_names("holiday.jpg", "Budget 2026.csv", "notes.txt")
    page.button("Type").click()
    page.expect_names("Budget 2026.csv", "holiday.jpg", "notes.txt")


def test_look_again(page, service):
    put(service, "from elsewhere.txt", b"x")
    page.button("Look for new files").click()
    page.expect_names("from elsewhere.txt", *reversed(NAMES))


def clipboard(page):
    return page.page.evaluate("navigator.clipboard.readText()")


def test_a_link_to_the_service(page, service, ids):
    page.button("Copy link: notes.txt").click()
    expect(page.toast()).to_have_text("Link copied. It leads to the file on this service.")
    assert clipboard(page) == f"http://{service.address}/download/{ids['notes.txt']}"


def test_a_signed_link(visit, start):
    service = start("--option", "url_base=http://files.example", "--option", "url_key=" + "k" * 32)
    file_id = put(service, "a.txt", b"x")
    page = visit(service, permissions=["clipboard-read", "clipboard-write"])
    page.button("Copy link: a.txt").click()
    expect(page.toast()).to_contain_text("Whoever has it can read the file until")
    assert clipboard(page).startswith("http://files.example") and file_id in clipboard(page)


def test_a_link_where_the_clipboard_is_closed(visit, service, ids):
    page = visit(service)
    page.page.evaluate("() => { Object.defineProperty(navigator, 'clipboard', {value: undefined}) }")
    page.button("Copy link: notes.txt").click()
    expect(page.find("#link-dialog")).to_be_visible()
    expect(page.find("#link")).to_have_value(f"http://{service.address}/download/{ids['notes.txt']}")
    assert page.page.evaluate("getSelection().toString()").endswith(ids["notes.txt"])
    page.assert_accessible()
    page.button("Done").click()
    expect(page.find("#link-dialog")).to_be_hidden()


def test_a_service_that_is_away(page, service, start):
    service.process.kill()
    service.process.wait()
    page.button("Look for new files").click()
    expect(page.find("#failed")).to_contain_text("The service cannot be reached. Check that it runs")
    expect(page.find("#empty")).to_be_hidden()
    page.assert_accessible()
    start(port=service.port)
    page.button("Try again").click()
    page.expect_names(*reversed(NAMES))


def test_a_large_store_comes_in_pages(visit, start, local):
    ids = fill(local, 1250)
    for number, file_id in enumerate(ids):
        sidecar = json.loads(local.sidecar(file_id).read_text())
        sidecar["original_path"] = f"file {number:04}.txt"
        local.sidecar(file_id).write_text(json.dumps(sidecar))
        os.utime(local.data(file_id), (1_700_000_000 - number, 1_700_000_000 - number))
    page = visit(start())
    expect(page.find("#totals")).to_contain_text("1,000 files and more")
    expect(page.find("#rows > tr")).to_have_count(200)
    lists = [request.url for request in page.requests if "/files?" in request.url]
    assert len(lists) == 10 and all("limit=100" in url for url in lists) and len(set(lists)) == 10
    # What is searched is also found behind what is loaded.
    page.find("#search").fill("1249.txt")
    page.expect_names("file 1249.txt")
    page.find("#search").fill("")
    expect(page.find("#totals")).to_contain_text("1,250 files ·")
    expect(page.find("#shown")).to_have_text("200 of 1,250 files shown")
    page.button("Show more").click()
    expect(page.find("#rows > tr")).to_have_count(400)
    assert page.names() == [f"file {number:04}.txt" for number in range(400)]
