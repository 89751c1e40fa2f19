#!/usr/bin/env python3
"""Signs random requests with sign_tool and with botocore, and compares every stage.

usage: botocore_crosscheck.py PATH_TO_SIGN_TOOL [COUNT] [SEED]
       botocore_crosscheck.py --count     prints COUNT where it is not given; more where FILESTORE_TEST_LONG is set

Stops at the first difference, says which stage and shows both sides; exit status 1. Needs boto3.
"""

import difflib
import hashlib
import json
import os
import random
import subprocess
import sys
from urllib.parse import parse_qsl, urlsplit

import boto3
from botocore.config import Config

from botocore_stages import UNSIGNED_PAYLOAD, frozen_time, header_stages, presigned_stages

ENDPOINTS = (
    "https://s3.us-east-1.amazonaws.com",
    "http://localhost",
    "https://storage.example:443",
    "http://storage.example:9000",
    "https://storage.example:80",
    "https://Project.Example/storage/v1/s3",
    "https://project.example:8443/s3/",
)
ADDRESS_ENDPOINTS = ("http://127.0.0.1:9000", "http://[::1]:9000", "https://[2001:db8::1]/s3")
BUCKETS = ("bucket", "my-bucket-1", "dotted.bucket.name", "123")
REGIONS = ("us-east-1", "eu-central-1", "auto")
ALPHABETS = (
    "abcXYZ019",
    "-._~",
    "/",
    "./",
    " +%=?&#",
    "!*'();:@$,[]{}|\\^`\"<>",
    "\t\n\r\x01\x7f",
    "äßéñ",
    "書類契約",
    "📦🧾👩‍👩‍👧",
)
HEADER_NAMES = ("Content-Type", "Range", "If-Match", "Cache-Control", "x-amz-meta-note", "X-Amz-Meta-Note", "x-amz-acl")
CLIENT_OPERATIONS = {"GET": "get_object", "PUT": "put_object", "HEAD": "head_object", "DELETE": "delete_object"}

DEFAULT_COUNT = 20_000 if os.environ.get("FILESTORE_TEST_LONG") else 2000


def random_text(rng, longest):
    alphabets = rng.sample(ALPHABETS, rng.randint(1, 4))
    return "".join(rng.choice(rng.choice(alphabets)) for _ in range(rng.randint(0, longest)))


def random_header_value(rng):
    return "".join(rng.choice("ab Z09;=/\"  \t,") for _ in range(rng.randint(0, 30)))


def random_query(rng):
    """Names differ: botocore's presigning keeps one value a name, and repeated names are a case of signing_cases."""
    query = {}
    for _ in range(rng.choice((0, 0, 1, 2, 12))):
        name = rng.choice(("prefix", "max-keys", "uploadId", random_text(rng, 8)))
        if name:
            query[name] = rng.choice(("", random_text(rng, 20)))
    return [[name, value] for name, value in query.items()]


def random_time(rng):
    return f"{rng.randint(2000, 2099)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T" + (
        f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}Z"
    )


def random_case(rng):
    addressing = rng.choice(("path", "virtual_host"))
    body = random_text(rng, 40)
    payload_hash = rng.choice((UNSIGNED_PAYLOAD, hashlib.sha256(body.encode()).hexdigest()))
    return {
        "method": rng.choice(("GET", "PUT", "HEAD", "DELETE", "POST")),
        "endpoint": rng.choice(ENDPOINTS if addressing == "virtual_host" else ENDPOINTS + ADDRESS_ENDPOINTS),
        "addressing": addressing,
        "bucket": rng.choice(BUCKETS),
        "key": random_text(rng, 60),
        "query": random_query(rng),
        "headers": [[rng.choice(HEADER_NAMES), random_header_value(rng)] for _ in range(rng.choice((0, 1, 3, 6)))],
        "body": body,
        "payload_hash": payload_hash,
        "access_key": "".join(rng.choice("ABCDEFGHIJ0123456789") for _ in range(20)),
        "secret_key": "".join(rng.choice("abcXYZ019/+") for _ in range(40)),
        "session_token": "".join(rng.choice("abcXYZ019/+=") for _ in range(rng.choice((0, 0, 300)))),
        "region": rng.choice(REGIONS),
        "time": random_time(rng),
        "expires": rng.choice((1, 3600, 604800)),
    }


def signed_by_tool(tool, cases):
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([tool], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(cases):
        sys.exit(f"sign_tool answered {len(answers)} of {len(cases)} requests")
    return answers


def url_parts(url):
    """A URL as text that does not depend on the order of its query parameters, nor on the case of its host and a default port."""
    parts = urlsplit(url)
    default_port = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, default_port) else f":{parts.port}"
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    return "\n".join([parts.scheme, f"{parts.hostname}{port}", parts.path, *(f"{name}={value}" for name, value in query)])


def client_url(case):
    """What a boto3 client presigns: its public way, which also builds host and path."""
    client = boto3.client(
        "s3",
        region_name=case["region"],
        endpoint_url=case["endpoint"],
        aws_access_key_id=case["access_key"],
        aws_secret_access_key=case["secret_key"],
        aws_session_token=case["session_token"] or None,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual" if case["addressing"] == "virtual_host" else "path"},
        ),
    )
    with frozen_time(case):
        return client.generate_presigned_url(
            CLIENT_OPERATIONS[case["method"]],
            Params={"Bucket": case["bucket"], "Key": case["key"]},
            ExpiresIn=case["expires"],
        )


def fits_client(case):
    """The client presigns single operations, and takes path addressing where a dotted bucket has no valid TLS name."""
    if case["addressing"] == "virtual_host" and "." in case["bucket"]:
        return False
    return case["key"] and case["method"] in CLIENT_OPERATIONS and not case["query"] and not case["headers"]


def fail(number, case, form, stage, expected, actual):
    print(f"request {number}, {form} form, {stage} differs", file=sys.stderr)
    print(json.dumps(case, ensure_ascii=True), file=sys.stderr)
    difference = difflib.unified_diff(
        expected.splitlines(), actual.splitlines(), "botocore", "filestore", lineterm="", n=99
    )
    print("\n".join(difference), file=sys.stderr)
    sys.exit(1)


def compare(number, case, form, expected, actual):
    for stage, text in expected.items():
        if stage == "url":
            text, answer = url_parts(text), url_parts(actual["url"])
        else:
            answer = actual[stage]
        if text != answer:
            fail(number, case, form, stage, text, answer)


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    if sys.argv[1] == "--count":
        print(DEFAULT_COUNT)
        return
    count = int(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT_COUNT
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    cases = [random_case(rng) for _ in range(count)]
    through_client = 0
    for number, (case, actual) in enumerate(zip(cases, signed_by_tool(sys.argv[1], cases))):
        compare(number, case, "header", header_stages(case), actual["header"])
        compare(number, case, "presigned", presigned_stages(case), actual["presigned"])
        if fits_client(case):
            compare(number, case, "client", {"url": client_url(case)}, actual["presigned"])
            through_client += 1
    print(f"{count} requests of seed {seed} agree with botocore in every stage, {through_client} through its client")


if __name__ == "__main__":
    main()
