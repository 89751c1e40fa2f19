"""The packages of the providers and the command ask the same server for the same: their requests are compared field by field."""

import anthropic
import openai
import pytest
from command import assert_succeeds
from conftest import KEY
from google import genai
from google.genai import types
from provider import MIB

CONTENT = b"what a model is to read"
# What a client says of itself, and of its connection.
OF_CLIENTS = {"accept", "accept-encoding", "connection", "content-length", "host", "user-agent", "x-goog-api-client", "expect"}
# Of the name on the client's disk, which a stored file has none of.
OF_DISKS = {"x-goog-upload-file-name"}
KEYS = {"authorization", "x-api-key", "x-goog-api-key"}


def fields_of(request):
    """All that an API sees. The header that has the key differs between versions of one client."""
    headers = {name.lower(): value for name, value in request.headers}
    kept = {name: value for name, value in headers.items() if name not in OF_CLIENTS | OF_DISKS | KEYS and not name.startswith("x-stainless")}
    kind = kept.pop("content-type", None)
    return {
        "method": request.method,
        "path": request.path,
        "query": sorted(request.query),
        "headers": kept,
        # Clients declare a type also where there is no body.
        "content-type": kind.split(";")[0] if kind and (request.fields or request.file or request.json) else None,
        "key": [value.removeprefix("Bearer ") for name, value in headers.items() if name in KEYS],
        "fields": request.fields,
        "file": request.file,
        "json": request.json,
    }


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")


def sent_as(ours, file_id):
    """The name that ours was given: its mark is another each time."""
    first = ours.requests[0]
    name = first.file[1] if first.file else first.json.get("filename") or first.json["file"]["display_name"]
    assert file_id in name
    return name


def assert_same(ours, theirs, capsys, package):
    """And prints how many fields were compared."""
    compared = 0
    assert len(ours.requests) == len(theirs.requests) > 0
    for our, their in zip(ours.requests, theirs.requests):
        our, their = fields_of(our), fields_of(their)
        assert our == their
        compared += len(our) - 1 + len(our["headers"])
    with capsys.disabled():
        print(f"\n{package}: {len(ours.requests)} requests, {compared} fields equal")


@pytest.mark.parametrize("expires", [None, 7200])
def test_openai(exporting, start, capsys, expires):
    ours, theirs = start("openai"), start("openai")
    file_id = exporting.upload(CONTENT)
    lifetime = ["--expires", f"{expires}s"] if expires else []
    assert_succeeds(exporting.send(ours, file_id, "--purpose", "assistants", *lifetime))
    assert_succeeds(exporting.tool.run("unsend", file_id))

    client = openai.OpenAI(api_key=KEY, base_url=theirs.url, max_retries=0)
    after = {"expires_after": {"anchor": "created_at", "seconds": expires}} if expires else {}
    made = client.files.create(file=(sent_as(ours, file_id), CONTENT, "text/plain"), purpose="assistants", **after)
    assert client.files.delete(made.id).deleted
    assert_same(ours, theirs, capsys, f"openai {openai.__version__}")


def test_openai_in_parts(exporting, start, capsys):
    ours, theirs = start("openai"), start("openai")
    content = CONTENT * 3 * MIB
    file_id = exporting.upload(content, "large.txt")
    assert_succeeds(exporting.send(ours, file_id, "--parts-above", str(MIB), "--expires", "1h"))

    client = openai.OpenAI(api_key=KEY, base_url=theirs.url, max_retries=0)
    upload = client.uploads.create(bytes=len(content), filename=sent_as(ours, file_id), mime_type="text/plain", purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600})
    parts = [client.uploads.parts.create(upload.id, data=content[at : at + 64 * MIB]).id for at in range(0, len(content), 64 * MIB)]
    client.uploads.complete(upload.id, part_ids=parts)
    assert len(parts) == 2
    assert_same(ours, theirs, capsys, f"openai {openai.__version__}")


@pytest.mark.parametrize("expires", [None, 7200])
def test_anthropic(exporting, start, capsys, expires):
    ours, theirs = start("anthropic"), start("anthropic")
    file_id = exporting.upload(CONTENT)
    lifetime = ["--expires", f"{expires}s"] if expires else []
    assert_succeeds(exporting.send(ours, file_id, *lifetime))
    assert_succeeds(exporting.tool.run("unsend", file_id))

    # Of the API's versions that which has the beta of files, by its documentation.
    client = anthropic.Anthropic(api_key=KEY, base_url=theirs.url, max_retries=0, default_headers={"anthropic-version": "2023-06-01"})
    betas = ["files-api-2025-04-14"]
    after = {"expires_in_seconds": expires} if expires else {}
    made = client.beta.files.upload(file=(sent_as(ours, file_id), CONTENT, "text/plain"), betas=betas, **after)
    client.beta.files.delete(made.id, betas=betas)
    assert_same(ours, theirs, capsys, f"anthropic {anthropic.__version__}")


def test_gemini(exporting, start, capsys):
    ours, theirs = start("gemini"), start("gemini")
    file_id = exporting.upload(CONTENT)
    assert_succeeds(exporting.send(ours, file_id))
    assert_succeeds(exporting.tool.run("unsend", file_id))

    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=theirs.url, api_version="v1beta"))
    path = exporting.tool.directory / "report.txt"
    made = client.files.upload(file=path, config={"display_name": sent_as(ours, file_id), "mime_type": "text/plain"})
    client.files.delete(name=made.name)
    # The client repeats headers of its first request, the key among them, to the session, whose URL stands for all that.
    first = theirs.requests[0].headers
    for request in theirs.requests:
        if request.query:
            request.headers = [header for header in request.headers if header not in first]
    assert_same(ours, theirs, capsys, f"google-genai {genai.version.__version__}")


def test_their_lists_and_ours_read_alike(exporting, quick, start):
    """What the clients make of the server's pages is what ours finds: the server answers as they expect."""
    for kind in ("openai", "anthropic", "gemini"):
        provider = start(kind)
        names = [f"file {number}" for number in range(5)]
        for name in names:
            provider.add_file(name)
        provider.page_size = 2
        if kind == "openai":
            found = [file.filename for file in openai.OpenAI(api_key=KEY, base_url=provider.url).files.list(limit=2)]
            found.reverse()
        elif kind == "anthropic":
            found = [file.filename for file in anthropic.Anthropic(api_key=KEY, base_url=provider.url).beta.files.list(betas=["files-api-2025-04-14"])]
        else:
            client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=provider.url, api_version="v1beta"))
            found = [file.display_name for file in client.files.list(config={"page_size": 2})]
        assert found == names
