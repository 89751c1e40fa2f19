"""A person at the page: finds things by what they are called, and sees what goes wrong behind them."""

import re

from playwright.sync_api import expect

expect.set_options(timeout=30_000)

# What a browser notes of answers that tests want.
WANTED = re.compile(r"the server responded with a status of ((401|403|413|415|423|501)|404 .*/delete/|404 .*/uploads/)|net::ERR_(CONNECTION_|EMPTY_RESPONSE|ABORTED|INCOMPLETE)")


class Visit:
    def __init__(self, context, service, axe):
        self.context = context
        self.service = service
        self.axe = axe
        self.errors = []
        self.requests = []
        self.page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("console", lambda message: self.note(f"{message.text} {message.location['url']}") if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.note(str(error)))
        self.page.on("request", lambda request: self.requests.append(request))
        # From the beginning: the browser is told of it only once somebody listens.
        self.choosers = []
        self.page.on("filechooser", lambda chooser: self.choosers.append(chooser))
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.network = context.new_cdp_session(self.page)
        self.network.send("Network.enable")

    def note(self, text):
        if not WANTED.search(text):
            self.errors.append(text)

    def close(self):
        self.context.close()
        assert self.errors == []
        for request in self.requests:
            assert request.url.startswith((f"{self.service.scheme}://{self.service.address}/", "blob:")), request.url

    def find(self, selector):
        return self.page.locator(selector)

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def slow_down(self, bytes_per_second=None):
        """How fast uploads are; as fast as can be without a number."""
        speed = -1 if bytes_per_second is None else bytes_per_second
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": speed}
        self.network.send("Network.emulateNetworkConditions", conditions)

    # Uploads

    def choose(self, *files):
        self.page.set_input_files("#chosen", [str(file) for file in files])

    def upload(self, name):
        """The row of an upload."""
        return self.find("#upload-list > li").filter(has=self.page.locator(f'[title="{name}"]'))

    def expect_state(self, name, state):
        expect(self.upload(name)).to_have_attribute("data-state", state)

    def sent(self, name):
        return self.upload(name).locator("progress").evaluate("bar => bar.value")

    def wait_until_sent(self, name, least):
        self.page.wait_for_function("([name, least]) => document.querySelector(`#upload-list [title='${name}']`).closest('li').querySelector('progress').value >= least", arg=[name, least])

    def patches(self):
        """Where each piece began that was sent."""
        return [int(request.headers["upload-offset"]) for request in self.requests if request.method == "PATCH"]

    # The list

    def expect_names(self, *names):
        """In that order."""
        expect(self.find("#rows .shown-name")).to_have_count(len(names))
        assert self.names() == list(names)

    def names(self):
        return self.find("#rows .shown-name").evaluate_all("names => names.map(name => name.title)")

    def focused(self):
        return self.page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id || document.activeElement.textContent")

    def tab_to(self, name, key="Tab"):
        """As who has no pointer."""
        for _ in range(60):
            self.press(key)
            if self.page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()") == name:
                return
        raise AssertionError(f"{name} is not reached by {key}")

    def toast(self):
        return self.find(".toast p").last

    def assert_accessible(self):
        # Not by a script of the page, which its policy would not let run.
        found = self.page.evaluate(self.axe + "; axe.run({resultTypes: ['violations']})")
        told = [(one["id"], one["help"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
        assert told == []

    def picture(self, path):
        self.page.screenshot(path=path, animations="disabled")
