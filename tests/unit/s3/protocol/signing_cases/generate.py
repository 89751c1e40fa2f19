#!/usr/bin/env python3
"""Writes the folders beside this script: one signing case each, with every intermediate as botocore computes it.

Needs boto3 (made with 1.44.5). Run it after a change to CASES; the files are committed.
"""

import hashlib
import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from botocore_stages import UNSIGNED_PAYLOAD, header_stages, presigned_stages  # noqa: E402

DEFAULTS = {
    "method": "GET",
    "endpoint": "https://s3.us-east-1.amazonaws.com",
    "addressing": "path",
    "bucket": "examplebucket",
    "key": "test.txt",
    "query": [],
    "headers": [],
    "region": "us-east-1",
    "access_key": "AKIAIOSFODNN7EXAMPLE",
    "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "session_token": "",
    "time": "2026-01-31T23:59:59Z",
    "expires": 3600,
}

# S3 API reference, "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query Parameters".
AWS_DOCUMENTATION = {
    "endpoint": "https://s3.amazonaws.com",
    "addressing": "virtual_host",
    "time": "2013-05-24T00:00:00Z",
}

CASES = {
    "get": {},
    "put-signed-payload": {
        "method": "PUT",
        "body": "Welcome to Amazon S3.",
        "headers": [["Content-Type", "text/plain"], ["x-amz-meta-author", "Ada"]],
    },
    "put-unsigned-payload": {"method": "PUT", "payload_hash": UNSIGNED_PAYLOAD},
    "delete": {"method": "DELETE"},
    "head": {"method": "HEAD"},
    "get-range": {"headers": [["Range", "bytes=0-9"]]},
    "key-with-space": {"key": "annual report 2026.pdf"},
    "key-with-plus": {"key": "a+b++c"},
    "key-with-percent": {"key": "100%/%2F/%zz"},
    "key-with-double-slash": {"key": "/a//b///"},
    "key-with-equals": {"key": "year=2026/month=01"},
    "key-with-question-mark": {"key": "what?is=this&that#there"},
    "key-with-dot-segments": {"key": "./a/../b/./c/.."},
    "key-with-tilde-and-marks": {"key": "~a-b_c.d!e*f'g(h)i;j:k@l,m$n"},
    "key-with-control-characters": {"key": "a\tb\nc\x7f"},
    "key-with-cjk": {"key": "書類/契約書.pdf"},
    "key-with-emoji": {"key": "📦 parcel/🧾.txt"},
    "empty-query-value": {"method": "POST", "query": [["uploads", ""]]},
    "repeated-query-name": {"query": [["tag", "b"], ["tag", "a"], ["tag", ""]], "forms": ["header"]},
    "many-query-parameters": {
        "query": [
            ["b", "2"], ["a-b", "4"], ["a", "3"], ["A", "1"], ["a.b", "5"], ["ab", "6"], ["é", "7"], ["~", "8"],
            ["a=b", "9"], ["a b", "10"], ["a+b", "&=+ /"], ["_", "%"],
        ]
    },  # fmt: skip
    "header-with-runs-of-blanks": {
        "headers": [["X-Amz-Meta-Note", "  two  blanks   and\ta tab  "], ["Content-Type", "text/plain;  charset=utf-8"]]
    },
    "header-repeated": {"headers": [["X-Amz-Meta-List", "b"], ["x-amz-meta-list", " a  a "]]},
    "header-repeated-often": {"headers": [["x-amz-meta-list", str(number)] for number in range(40, 0, -1)]},
    "session-token": {"session_token": "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ+/=="},
    "virtual-host": {"addressing": "virtual_host", "key": "photos/2026/a b.jpg"},
    "virtual-host-bucket-only": {"addressing": "virtual_host", "key": "", "query": [["location", ""]]},
    "non-default-port": {"endpoint": "http://127.0.0.1:9000"},
    "default-port-given": {"endpoint": "https://s3.us-east-1.amazonaws.com:443"},
    "ipv6-endpoint": {"endpoint": "http://[::1]:9000"},
    "endpoint-path": {"endpoint": "https://project.example/storage/v1/s3", "region": "eu-central-1"},
    "list-with-prefix": {
        "key": "",
        "query": [["list-type", "2"], ["prefix", "files/a b/"], ["max-keys", "1000"], ["continuation-token", "1/a+b=="]],
    },
    "first-second-of-a-year": {"time": "2024-01-01T00:00:00Z"},
    "aws-documentation-get-object": {**AWS_DOCUMENTATION, "headers": [["Range", "bytes=0-9"]], "forms": ["header"]},
    "aws-documentation-presigned-url": {**AWS_DOCUMENTATION, "expires": 86400},
    "leap-day": {"time": "2024-02-29T12:34:56Z"},
}


def complete(case):
    whole = {**DEFAULTS, **case}
    whole.setdefault("payload_hash", hashlib.sha256(whole.get("body", "").encode()).hexdigest())
    return whole


def write(folder, name, text):
    (folder / name).write_bytes(text.encode())


def main():
    for old in HERE.iterdir():
        if old.is_dir() and (old / "request.json").exists():
            shutil.rmtree(old)
    for name, case in CASES.items():
        whole = complete(case)
        forms = whole.pop("forms", ["header", "presigned"])
        folder = HERE / name
        folder.mkdir()
        write(folder, "request.json", json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
        for stage, text in header_stages(whole).items():
            write(folder, f"{stage}.txt", text)
        if "presigned" in forms:
            stages = presigned_stages(whole)
            for stage in ("canonical_request", "string_to_sign", "signature"):
                write(folder, f"presigned_{stage}.txt", stages[stage])
    print(f"{len(CASES)} cases written")


if __name__ == "__main__":
    main()
