"""Who uses the page: by keyboard, with a screen reader, in the dark, on a phone, with a key, and with bad intent."""

import pytest
from playwright.sync_api import expect
from test_access import new_key
from test_access import start as start_with
from test_files import put

HOSTILE = [
    "<img src=x onerror=window.hit=1>.txt",
    "\"><script>window.hit=1</script>.txt",
    "' onfocus=window.hit=1 autofocus='.txt",
    "javascript:window.hit=1",
    "../../etc/passwd",
    "{{7*7}}${7*7}.txt",
    "\u202egpj.exe",
    "x" * 250 + ".txt",
]


def test_by_keyboard_only(visit, service, local, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"Remember the milk.\n")
    page = visit(service)
    expect(page.find("#empty")).to_be_visible()
    page.tab_to("Upload files")
    with page.page.expect_event("filechooser"):
        page.press("Enter")
    page.choosers[0].set_files(path)
    page.expect_state("notes.txt", "done")
    page.expect_names("notes.txt")
    page.tab_to("Dismiss: notes.txt")
    page.press("Enter")
    expect(page.find("#uploads")).to_be_hidden()
    assert page.focused() == "choose"
    page.tab_to("Search files by name, type or ID")
    page.page.keyboard.type("notes")
    page.tab_to("Delete: notes.txt")
    page.press("Space")
    expect(page.find("#delete-dialog")).to_be_visible()
    page.press("Enter")
    expect(page.find("#delete-dialog")).to_be_hidden()
    assert page.focused() == "Delete: notes.txt" and len(local.stored()) == 1
    page.press("Enter")
    page.tab_to("Delete")
    page.press("Enter")
    expect(page.find("#rows > tr")).to_have_count(0)
    assert local.stored() == {}


def test_a_row_keeps_the_focus_while_files_come(visit, service):
    put(service, "first.txt", b"x")
    page = visit(service)
    page.button("Delete: first.txt").focus()
    page.page.set_input_files("#chosen", [{"name": "second.txt", "mimeType": "text/plain", "buffer": b"y"}])
    page.expect_names("second.txt", "first.txt")
    assert page.focused() == "Delete: first.txt"


def test_what_happens_is_read_out(visit, service):
    page = visit(service)
    page.page.set_input_files("#chosen", [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"y"}])
    expect(page.page.get_by_role("status")).to_have_text("Stored: a.txt")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1180, 375])
def test_light_and_dark_wide_and_narrow(visit, service, pictures, scheme, width):
    put(service, "Budget 2026.csv", b"a,b\n" * 9000, "text/csv")
    put(service, "A rather long name of a picture from the holidays in the mountains.jpg", b"\xff\xd8" + b"x" * 70_000, "image/jpeg")
    page = visit(service, color_scheme=scheme, viewport={"width": width, "height": 780}, has_touch=width < 500)
    page.page.set_input_files("#chosen", [{"name": "notes of today.txt", "mimeType": "text/plain", "buffer": b"y" * 500}])
    page.expect_state("notes of today.txt", "done")
    expect(page.find("#rows > tr")).to_have_count(3)
    red = int(page.page.evaluate("getComputedStyle(document.body).backgroundColor").split("(")[1].split(",")[0])
    assert (red < 60) == (scheme == "dark")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    page.picture(pictures / f"{'phone' if width < 500 else 'wide'}-{scheme}.png")
    page.assert_accessible()
    if width < 500:
        small = page.find("button:visible, a:visible").evaluate_all("all => all.filter(one => one.getBoundingClientRect().height < 24 || one.getBoundingClientRect().width < 24).map(one => one.outerHTML)")
        assert [html for html in small if "file-name" not in html] == []
        page.find("#sort").select_option("size")
        assert page.names()[0].startswith("A rather long name")


def test_names_are_only_text(visit, service):
    for name in HOSTILE:
        put(service, name, b"stored\n")
    page = visit(service)
    chosen = [{"name": f"chosen {name.replace('/', '_')}", "mimeType": "text/plain", "buffer": b"y"} for name in HOSTILE]
    page.page.set_input_files("#chosen", chosen)
    expect(page.find("#upload-list > [data-state=done]")).to_have_count(len(HOSTILE))
    expect(page.find("#rows > tr")).to_have_count(2 * len(HOSTILE))
    assert set(HOSTILE) | {file["name"] for file in chosen} == set(page.names())
    assert set(page.find("#rows .shown-name").all_text_contents()) == set(page.names())
    for name in HOSTILE:
        page.find("#search").fill(name)
        page.find("#rows tr:last-child .deletes").click()
        expect(page.find("#delete-dialog")).to_contain_text(name)
        page.find("#delete-dialog [value=delete]").click()
        expect(page.toast()).to_contain_text(name)
    page.find("#search").fill("<img src=x onerror=window.hit=1> of nothing")
    expect(page.find("#unmatched")).to_be_visible()
    assert page.page.evaluate("[window.hit, document.scripts.length, document.querySelectorAll('img').length]") == [None, 1, 1]


def test_no_markup_and_no_other_script_can_come_in(visit, service):
    page = visit(service)
    expect(page.find("#empty")).to_be_visible()
    refused = page.page.evaluate("() => { try { document.body.innerHTML = '<b>x</b>'; return 'taken' } catch (error) { return error.name } }")
    assert refused == "TypeError"
    added = page.page.evaluate(
        "() => { const script = document.createElement('script'); script.append('window.hit = 1');"
        " try { document.body.append(script) } catch (error) { return error.name } return window.hit ?? null }"
    )
    assert added != 1 and page.page.evaluate("window.hit") is None
    page.errors.clear()


# Keys


@pytest.fixture
def keys(tool):
    return {name: new_key(tool, name, scopes) for name, scopes in (("full", ["read", "write", "delete"]), ("reader", ["read"]))}


@pytest.fixture
def keyed(tool, local, keys):
    return start_with(tool, local, keys=[entry for _, entry in keys.values()])


def give_key(page, key):
    expect(page.find("#key-dialog")).to_be_visible()
    page.page.get_by_label("Key or token").fill(key)
    page.press("Enter")


def test_a_key_is_asked_for_and_kept_for_the_tab(visit, keyed, keys, pictures):
    key = keys["full"][0]
    put(keyed, "kept.txt", b"kept", headers={"X-Api-Key": key})
    page = visit(keyed)
    expect(page.find("#key-dialog")).to_be_visible()
    assert page.focused() == "key"
    page.picture(pictures / "key.png")
    page.assert_accessible()
    give_key(page, "filestore_" + "0" * 64)
    expect(page.find("#key-problem")).to_contain_text("does not take that key")
    give_key(page, key)
    page.expect_names("kept.txt")
    stored = page.page.evaluate("[JSON.stringify(localStorage), document.cookie, JSON.stringify(sessionStorage)]")
    assert key not in stored[0] + stored[1] and key in stored[2]
    page.page.reload()
    page.expect_names("kept.txt")
    expect(page.find("#key-dialog")).to_be_hidden()
    another = page.context.new_page()
    another.goto(page.page.url)
    expect(another.locator("#key-dialog")).to_be_visible()
    another.close()
    page.button("Forget key").click()
    expect(page.find("#key-dialog")).to_be_visible()
    assert page.page.evaluate("sessionStorage.length") == 0
    assert not any(key in request.url for request in page.requests)


def test_with_a_key_files_go_in_and_out(visit, keyed, keys, local):
    page = visit(keyed)
    give_key(page, keys["full"][0])
    page.page.set_input_files("#chosen", [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"with a key"}])
    page.expect_state("a.txt", "done")
    with page.page.expect_download() as download:
        page.button("Download: a.txt").click()
    assert download.value.suggested_filename == "a.txt"
    assert open(download.value.path(), "rb").read() == b"with a key"
    page.button("Delete: a.txt").click()
    page.button("Delete").click()
    expect(page.find("#rows > tr")).to_have_count(0)
    assert local.stored() == {}


def test_a_key_that_may_only_read(visit, keyed, keys):
    put(keyed, "kept.txt", b"kept", headers={"X-Api-Key": keys["full"][0]})
    page = visit(keyed)
    give_key(page, keys["reader"][0])
    page.page.set_input_files("#chosen", [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"}])
    page.expect_state("a.txt", "failed")
    expect(page.upload("a.txt").locator(".words")).to_contain_text("This key may not write")
    page.button("Delete: kept.txt").click()
    page.button("Delete").click()
    expect(page.toast()).to_contain_text("This key may not delete")


def test_who_has_no_key_sees_why_there_is_nothing(visit, keyed):
    page = visit(keyed)
    expect(page.find("#key-dialog")).to_be_visible()
    page.press("Escape")
    expect(page.find("#failed")).to_be_visible()
    page.button("Try again").click()
    expect(page.find("#key-dialog")).to_be_visible()
