"""boto3 as it comes, which is what the original used."""

import os
import sys

import boto3
from botocore.config import Config
from measure import REGION, Job, run

READ_SIZE = 1 << 18


def expect(condition):
    if not condition:
        raise ValueError("another answer than was expected")


def client_of(job):
    config = Config(s3={"addressing_style": "path"}, max_pool_connections=max(10, job.concurrency))
    keys = {"aws_access_key_id": job.access_key, "aws_secret_access_key": job.secret_key}
    authority = os.environ.get("SSL_CERT_FILE")
    return boto3.client("s3", endpoint_url=job.endpoint, region_name=REGION, config=config, verify=authority, **keys)


class Calls:
    def __init__(self, job):
        self.job = job
        self.client = client_of(job)
        self.payload = job.payload()

    def put(self, number):
        where = (self.job.bucket, self.job.key(number))
        if self.job.file:
            self.client.upload_file(self.job.file, *where)
        elif self.job.pipe:
            self.client.upload_fileobj(sys.stdin.buffer, *where)
        else:
            self.client.put_object(Bucket=where[0], Key=where[1], Body=self.payload)

    def get(self, number):
        where = (self.job.bucket, self.job.key(number))
        if self.job.file:
            self.client.download_file(*where, self.job.file)
        else:
            body = self.client.get_object(Bucket=where[0], Key=where[1])["Body"]
            expect(sum(len(piece) for piece in body.iter_chunks(READ_SIZE)) == self.job.size)

    def head(self, number):
        answer = self.client.head_object(Bucket=self.job.bucket, Key=self.job.key(number))
        expect(answer["ContentLength"] == self.job.size)

    def delete(self, number):
        self.client.delete_object(Bucket=self.job.bucket, Key=self.job.key(number))

    def list(self, _):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.job.bucket, Prefix=self.job.list_prefix())
        expect(sum(len(page.get("Contents", [])) for page in pages) == self.job.size)


def main():
    job = Job(sys.argv[1:])
    run(job, getattr(Calls(job), job.operation))


if __name__ == "__main__":
    main()
