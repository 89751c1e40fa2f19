"""Services on a local store and on an S3 server, by the Python module of examples/python."""

import os
import pathlib
import sys
import uuid

import pytest

PACKAGE = pathlib.Path(__file__).parents[2] / "examples/python"
sys.path.insert(0, str(PACKAGE))
# Behind, for its provider alone.
sys.path.append(str(pathlib.Path(__file__).parents[1] / "export"))

import filestore
from provider import Provider

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def server():
    lines = (pathlib.Path(os.environ["FILESTORE_TEST_SERVERS"]) / "versitygw.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def s3_settings(directory):
    variables = server()
    return {
        "backend": "s3", "endpoint": variables["FILESTORE_S3_ENDPOINT"], "bucket_name": variables["FILESTORE_S3_BUCKET"],
        "aws_access_key": variables["AWS_ACCESS_KEY_ID"], "aws_secret_key": variables["AWS_SECRET_ACCESS_KEY"], "region": "us-east-1",
        "key_prefix": f"python-{uuid.uuid4()}/", "catalogue_path": directory / "catalogue.sqlite",
    }


@pytest.fixture(params=["local", "s3"])
def settings(request, tmp_path):
    return {"base_path": tmp_path / "store"} if request.param == "local" else s3_settings(tmp_path)


@pytest.fixture
def is_s3(settings):
    return "backend" in settings


@pytest.fixture
def service(settings):
    with filestore.Service(**settings) as opened:
        yield opened


@pytest.fixture
def local(tmp_path):
    with filestore.Service(base_path=tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def provider():
    opened = Provider("openai")
    yield opened
    opened.close()
