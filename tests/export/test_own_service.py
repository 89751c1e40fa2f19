"""Files go to the Files API of `filestore serve`, as to that of any service that is compatible with OpenAI: two programs of ours that share nothing but the protocol."""

import contextlib
import os
import subprocess

import openai
import pytest
import yaml
from access import new_key
from command import assert_fails, assert_succeeds
from conftest import is_sent_name
from provider import MIB
from relay import Relay
from service import Service
from stores import LocalStore
from test_send import only
from waiting import wait_until

CONTENT = os.urandom(3 * MIB + 5)
SMALL = b'{"a": 1}\n'
PARTS = ["--parts-above", str(MIB)]


class Near:
    """A store with a file, and the command that sends it."""

    def __init__(self, exporting, options, environment):
        self.exporting, self.options = exporting, options
        exporting.tool.environment.update(environment)

    def run(self, *words, **more):
        return self.exporting.tool.run(*words, *self.options, **more)

    def upload(self, content=CONTENT, name="report.bin", kind="application/octet-stream", *words):
        (self.exporting.tool.directory / name).write_bytes(content)
        outcome = self.run("upload", name, "--content-type", kind, *words)
        assert_succeeds(outcome)
        return only(outcome.lines)

    def send(self, far, file_id, *words, **more):
        return self.run("send", file_id, "--to", "openai", "--base-url", far.url, *words, **more)

    def sent(self, file_id):
        return self.exporting.sent(file_id, *self.options)


class Far:
    """The service that takes files, on a store of its own, and a way to it."""

    # As a provider's.
    kind = "openai"

    def __init__(self, tool, store, directory, *options):
        self.tool, self.store, self.options = tool, store, options
        self.key, entry = new_key(tool)
        self.weak_key, weak_entry = new_key(tool, "weak", scopes=("read", "write"))
        tool.environment["OPENAI_API_KEY"] = self.key
        # Elsewhere than where the sending command would look.
        self.config = directory / "far.yaml"
        self.config.write_text(yaml.safe_dump({"storage": {"serve": {"keys": [entry, weak_entry]}}}))
        self.config.chmod(0o600)
        self.launch()
        self.relay = Relay(f"http://{self.service.address}")
        self.url = f"{self.relay.endpoint}/v1"

    def close(self):
        self.relay.close()

    def launch(self):
        self.service = Service.of_tool(self.tool, self.store, "--config", self.config, *self.options)
        self.client = openai.OpenAI(base_url=f"http://{self.service.address}/v1", api_key=self.key, max_retries=0)

    def die_and_return(self):
        """On another port, which the relay knows."""
        self.service.process.kill()
        self.service.process.communicate()
        self.launch()
        self.relay.target = (self.service.host, self.service.port)

    def files(self):
        return list(self.client.files.list())

    def content(self, file_id):
        return self.client.files.content(file_id).read()

    def wait_for_an_answer(self):
        wait_until(lambda: self.relay.held > 0, self.service.process)


@pytest.fixture(params=["local to local", "local to s3", "s3 to local"])
def stores(request, tmp_path):
    """From where, and to where. None is the store of the working directory."""
    near, far = request.param.split(" to ")
    gateway = request.getfixturevalue("gateway") if "s3" in (near, far) else None
    return gateway if near == "s3" else None, gateway if far == "s3" else LocalStore(tmp_path / "far")


@pytest.fixture
def near(exporting, stores):
    store = stores[0]
    return Near(exporting, store.options if store else [], store.environment if store else {})


@pytest.fixture
def at_hand(exporting):
    """The local store alone."""
    return Near(exporting, [], {})


@pytest.fixture
def start_far(exporting, tmp_path):
    """Starts services; the ways to them end with the test."""
    with contextlib.ExitStack() as stack:

        def one(store, *options):
            far = Far(exporting.tool, store, tmp_path, *options)
            stack.callback(far.close)
            return far

        yield one


@pytest.fixture
def far(start_far, stores):
    return start_far(stores[1])


@pytest.fixture
def far_away(start_far, tmp_path):
    """On a local store."""
    return start_far(LocalStore(tmp_path / "far"))


@pytest.mark.parametrize("words", [[], PARTS], ids=["whole", "parts"])
@pytest.mark.parametrize("content", [SMALL, CONTENT], ids=["small", "large"])
def test_a_file_arrives_and_goes_with_its_source(near, far, words, content):
    file_id = near.upload(content, "März.jsonl", "application/jsonl")
    outcome = near.send(far, file_id, "--purpose", "batch", "--expires", "2h", *words)
    assert_succeeds(outcome)
    file = only(far.files())
    assert outcome.lines == [file.id]
    assert is_sent_name(file.filename, "M_rz-", file_id, ".jsonl")
    assert (file.purpose, file.bytes) == ("batch", len(content))
    assert file.expires_at == file.created_at + 7200 and far.content(file.id) == content
    copy = only(near.sent(file_id))
    assert (copy["state"], copy["provider_id"], copy["sent_name"], copy["purpose"]) == ("sent", file.id, file.filename, "batch")
    assert "expires_at" in copy

    # Not a second time.
    again = near.send(far, file_id, "--purpose", "batch", *words)
    assert again.lines == [file.id] and far.files() == [file]

    assert_succeeds(near.run("delete", file_id), b"")
    assert far.files() == [] and near.sent(file_id) == []
    far.service.stop()
    assert file.id.removeprefix("file-") not in far.store.stored()
    far.store.catalogue.assert_nothing_open()


def test_a_copy_is_taken_back(near, far):
    file_id = near.upload()
    assert_succeeds(near.send(far, file_id))
    assert_succeeds(near.send(far, file_id, "--again"))
    assert len(far.files()) == 2 and len(near.sent(file_id)) == 2
    assert_succeeds(near.run("unsend", file_id), b"")
    assert far.files() == [] and near.sent(file_id) == []
    assert_succeeds(near.run("exists", file_id))


def test_names(at_hand, far_away):
    for name in ('a "b"%22.txt', "a\nb\r.txt", "a;b=c'.txt", "日本語.txt", ".txt", "x" * 240 + ".txt"):
        file_id = at_hand.upload(SMALL, name, "text/plain")
        assert_succeeds(at_hand.send(far_away, file_id))
        assert far_away.files()[0].filename == only(at_hand.sent(file_id))["sent_name"]


def test_parts_of_64_mib(at_hand, far_away):
    content = CONTENT * 24
    file_id = at_hand.upload(content)
    assert_succeeds(at_hand.send(far_away, file_id, *PARTS))
    file = only(far_away.files())
    assert file.bytes == len(content) and far_away.content(file.id) == content


def test_a_wrong_key(at_hand, far_away):
    file_id = at_hand.upload()
    for words in ([], PARTS):
        outcome = at_hand.send(far_away, file_id, *words, environment={"OPENAI_API_KEY": "wrong"})
        assert_fails(outcome, 5, file_id, "openai answered 401")
    assert far_away.files() == [] and at_hand.sent(file_id) == []


def test_a_key_that_may_not_delete(at_hand, far_away):
    weak = {"environment": {"OPENAI_API_KEY": far_away.weak_key}}
    file_id = at_hand.upload()
    assert_succeeds(at_hand.send(far_away, file_id, **weak))
    assert_fails(at_hand.run("unsend", file_id, **weak), 5, file_id, "403")
    assert only(at_hand.sent(file_id))["state"] == "removing" and len(far_away.files()) == 1
    # Until there is one that may.
    assert_succeeds(at_hand.run("unsend"))
    assert far_away.files() == [] and at_hand.sent(file_id) == []


@pytest.mark.parametrize("words", [[], PARTS], ids=["whole", "parts"])
@pytest.mark.parametrize("rule, status", [("max_size=1000", 413), ("denied_extensions=bin", 415), ("allowed_types=text/plain", 415)])
def test_what_the_other_side_refuses(at_hand, start_far, tmp_path, words, rule, status):
    far = start_far(LocalStore(tmp_path / "far"), "--option", rule)
    file_id = at_hand.upload()
    assert_fails(at_hand.send(far, file_id, *words), 4, file_id, f"openai answered {status}")
    assert far.files() == [] and at_hand.sent(file_id) == []
    fits = at_hand.upload(SMALL, "a.txt", "text/plain")
    assert_succeeds(at_hand.send(far, fits))
    assert only(far.files()).bytes == len(SMALL)


# Of the request that makes the file.
LAST_REQUEST = {"whole": b"POST /v1/files ", "parts": b"/complete HTTP/1.1"}
QUICK_PARTS = {"whole": [], "parts": ["parts-above=1", f"part-size={MIB}"]}


@contextlib.contextmanager
def an_answer_held(quick, far, file_id, way):
    """The service has the file, and the one that sends it does not know that."""
    far.relay.hold_behind(LAST_REQUEST[way])
    words = quick.command(far, file_id, QUICK_PARTS[way])
    sending = subprocess.Popen(words, env=quick.tool.environment, cwd=quick.tool.directory, stdout=subprocess.PIPE, text=True)
    try:
        far.wait_for_an_answer()
        wait_until(lambda: len(far.files()) == 1, sending)
        yield sending
    finally:
        sending.kill()
        sending.communicate()


def told(sending):
    return sending.communicate(timeout=60)[0].split()


@pytest.mark.parametrize("way", LAST_REQUEST)
@pytest.mark.parametrize("dies", [False, True], ids=["lost", "service dies"])
def test_a_lost_answer_makes_no_second_copy(quick, at_hand, far_away, way, dies):
    file_id = at_hand.upload()
    with an_answer_held(quick, far_away, file_id, way) as sending:
        if dies:
            far_away.die_and_return()
        far_away.relay.lose()
        file = only(far_away.files())
        assert told(sending) == ["sent", file.id, "new"]
    assert far_away.files() == [file] and far_away.content(file.id) == CONTENT
    copy = only(at_hand.sent(file_id))
    assert (copy["state"], copy["provider_id"]) == ("sent", file.id)


@pytest.mark.parametrize("way", LAST_REQUEST)
@pytest.mark.parametrize("then", ["send", "settle", "delete"])
def test_the_sender_is_killed(quick, at_hand, far_away, way, then):
    file_id = at_hand.upload()
    with an_answer_held(quick, far_away, file_id, way) as sending:
        sending.kill()
    far_away.relay.lose()
    file = only(far_away.files())
    assert only(at_hand.sent(file_id))["state"] == "unsettled"
    if then == "send":
        assert at_hand.send(far_away, file_id).lines == [file.id]
    else:
        assert_succeeds(at_hand.run(*(["unsend"] if then == "settle" else ["delete", file_id])), b"")
    assert far_away.files() == ([] if then == "delete" else [file])
    assert [copy["provider_id"] for copy in at_hand.sent(file_id)] == ([] if then == "delete" else [file.id])
