"""The API of OpenAI by its own client, and calls that this client would not make."""

import openai
from service import form, part

FILE_HEAD = 'Content-Disposition: form-data; name="file"; filename="{}"'


def client_of(service, key="any"):
    return openai.OpenAI(base_url=f"http://{service.address}/v1", api_key=key, max_retries=0)


def field(name, value):
    return part(value.encode(), f'Content-Disposition: form-data; name="{name}"')


def file_field(content, name="a.bin", kind="application/octet-stream"):
    return part(content, FILE_HEAD.format(name), f"Content-Type: {kind}")


def data_field(content):
    return part(content, 'Content-Disposition: form-data; name="data"; filename="part"')


def create(service, *fields, headers=None):
    body, kind = form(*fields)
    return service.call("POST", "/v1/files", body, {**kind, **(headers or {})})


def stored(service, content=b"content", purpose="user_data", name="a.bin"):
    """The object of a new file."""
    answer = create(service, field("purpose", purpose), file_field(content, name))
    assert answer.status == 200, answer
    return answer.json()


def refused(answer, status, param=None):
    """The message of an error."""
    error = answer.json()["error"]
    assert (answer.status, error["param"]) == (status, param), answer
    return error["message"]


def content_of(service, file_id):
    answer = service.call("GET", f"/v1/files/{file_id}/content")
    assert answer.status == 200, answer
    return answer.body


def nothing_stored(service):
    listed = service.call("GET", "/files").json()["files"]
    return listed == [] and service.call("GET", "/v1/files").json()["data"] == []
