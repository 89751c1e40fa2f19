"""Answers beside what the document of the service says of them: every answer that a test of this directory gets is compared."""

import functools
import json
import pathlib
import re
import urllib.parse

import jsonschema
import referencing
import referencing.jsonschema

SERVE = pathlib.Path(__file__).parent.parent.parent / "tools" / "filestore" / "serve"
METHODS = {"get", "head", "put", "post", "patch", "delete", "options"}
# The HTTP library's own, of requests that it does not hand on.
UNREAD = {400, 413, 414, 431}


@functools.cache
def document():
    return json.loads((SERVE / "docs" / "openapi.json").read_text(encoding="utf-8"))


def operations():
    """{(method, path): operation}"""
    return {(method.upper(), path): item[method] for path, item in document()["paths"].items() for method in METHODS & set(item)}


def routes():
    """{(method, path): (scope, style of errors)}, as the table of the sources has them."""
    table = (SERVE / "routes.cpp").read_text(encoding="utf-8")
    found = re.findall(r'Route\{"([A-Z]+)",\s*"([^"]+)",\s*Scope::(\w+),\s*ErrorStyle::(\w+),', table)
    return {(method, path): (scope, style) for method, path, scope, style in found}


def resolved(value):
    if "$ref" not in value:
        return value
    at = document()
    for key in value["$ref"].removeprefix("#/").split("/"):
        at = at[key]
    return at


@functools.cache
def registry():
    resource = referencing.Resource(contents=document(), specification=referencing.jsonschema.DRAFT202012)
    return referencing.Registry().with_resource("urn:api", resource)


def absolute(schema):
    """With references that can be followed from outside the document."""
    return json.loads(json.dumps(schema).replace('"#/', '"urn:api#/'))


def operation_of(method, target):
    # As the service does it, so that an encoded slash makes another path.
    path = urllib.parse.unquote(target.split("?", 1)[0], errors="replace")
    for (known, template), operation in operations().items():
        if known == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path, re.DOTALL):
            return operation
    return None


def media_of(content, kind):
    return content.get(kind) or content.get("*/*")


def check(method, target, status, headers, body):
    operation = operation_of(method, target)
    kind = headers.get("content-type", "").split(";")[0]
    if operation is None or (status in UNREAD and kind == ""):
        return
    told = (method, target, status, headers, body[:500])
    assert str(status) in operation["responses"], ("the document does not know of this status", told)
    response = resolved(operation["responses"][str(status)])
    if "content" not in response:
        assert body == b"", ("the document does not know of a body", told)
        return
    media = media_of(response["content"], kind)
    assert media is not None, ("the document does not know of this type", told)
    if kind.endswith("json") and media["schema"]:
        jsonschema.Draft202012Validator(absolute(media["schema"]), registry=registry()).validate(json.loads(body))
