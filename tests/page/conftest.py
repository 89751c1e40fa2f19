"""The web page in a real browser, on a service of its own for each test."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import sync_playwright

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(TESTS / "cli"), str(TESTS / "serve")]
pytest.register_assert_rewrite("visit")

from service import Service
from stores import LocalStore
from tool_fixture import tool  # noqa: F401
from visit import Visit


@pytest.fixture(scope="session")
def browser():
    program = shutil.which("chromium")
    assert program, "the Debian package chromium is missing"
    # As root, and in a container with little shared memory.
    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=options)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core, which looks for what keeps people out."""
    path = subprocess.run([TESTS / "servers" / "tools", "axe-core"], check=True, capture_output=True, text=True).stdout.strip()
    return pathlib.Path(path).read_text(encoding="utf-8")


@pytest.fixture
def local(tmp_path):
    return LocalStore(tmp_path)


@pytest.fixture
def start(tool, local):
    """Starts a service: start(*options, port=0, listen=...)"""

    def start(*options, port=0, store=True):
        arguments = ["serve", "--listen", f"127.0.0.1:{port}", "--option", "durability=none", *options, *(local.options if store else [])]
        return Service(tool.start(*arguments), local.base)

    return start


@pytest.fixture
def service(start):
    return start()


@pytest.fixture
def visit(browser, axe):
    """Opens the page: visit(service, **what playwright calls options of a context)"""
    opened = []

    def visit(service, path="/", **options):
        options = {"viewport": {"width": 1180, "height": 820}, "locale": "en-GB", "reduced_motion": "reduce", **options}
        made = Visit(browser.new_context(**options), service, axe)
        opened.append(made)
        made.page.goto(f"{service.scheme}://{service.address}{path}")
        return made

    yield visit
    for made in opened:
        made.close()


@pytest.fixture
def page(visit, service):
    return visit(service)


@pytest.fixture(scope="session")
def pictures():
    directory = pathlib.Path(os.environ.get("FILESTORE_PAGE_PICTURES", "build/page"))
    directory.mkdir(parents=True, exist_ok=True)
    return directory
