"""What botocore signs, stage by stage, for a request in the form of signing_cases/*/request.json."""

import datetime
from unittest import mock
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.utils import percent_encode

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"


class _Recorder:
    """Keeps what each stage answered."""

    def __init__(self, *arguments, **named_arguments):
        super().__init__(*arguments, **named_arguments)
        self.stages = {}

    def canonical_request(self, request):
        self.stages["canonical_request"] = super().canonical_request(request)
        return self.stages["canonical_request"]

    def string_to_sign(self, request, canonical_request):
        self.stages["string_to_sign"] = super().string_to_sign(request, canonical_request)
        return self.stages["string_to_sign"]

    def signature(self, string_to_sign, request):
        self.stages["signature"] = super().signature(string_to_sign, request)
        return self.stages["signature"]


class _HeaderAuth(_Recorder, S3SigV4Auth):
    pass


class _QueryAuth(_Recorder, S3SigV4QueryAuth):
    pass


def frozen_time(case):
    time = datetime.datetime.strptime(case["time"], "%Y-%m-%dT%H:%M:%SZ")
    return mock.patch("botocore.auth.get_current_datetime", lambda *_, **__: time)


def object_url(case):
    endpoint = urlsplit(case["endpoint"])
    host, path = endpoint.netloc, endpoint.path.rstrip("/")
    if case["addressing"] == "virtual_host":
        host = f"{case['bucket']}.{host}"
    else:
        path += "/" + case["bucket"]
    if case["key"] or not path:
        path += "/" + percent_encode(case["key"], safe="/-_.~")
    return f"{endpoint.scheme}://{host}{path}"


def _credentials(case):
    return Credentials(case["access_key"], case["secret_key"], case["session_token"] or None)


def _request(case):
    request = AWSRequest(
        method=case["method"],
        url=object_url(case),
        data=case["body"].encode() if "body" in case else b"",
        params=[(name, value) for name, value in case["query"]],
    )
    for name, value in case["headers"]:
        request.headers[name] = value
    return request


def header_stages(case):
    """canonical_request, string_to_sign, signature and the header authorization."""
    request = _request(case)
    signs_payload = case["payload_hash"] != UNSIGNED_PAYLOAD
    request.context["client_config"] = Config(s3={"payload_signing_enabled": signs_payload})
    auth = _HeaderAuth(_credentials(case), "s3", case["region"])
    with frozen_time(case):
        auth.add_auth(request)
    return {**auth.stages, "authorization": request.headers["Authorization"]}


def presigned_stages(case):
    """canonical_request, string_to_sign, signature and the presigned url. botocore keeps one value a query name here."""
    request = _request({**case, "body": ""})
    auth = _QueryAuth(_credentials(case), "s3", case["region"], expires=case["expires"])
    with frozen_time(case):
        auth.add_auth(request)
    return {**auth.stages, "url": request.url}
