"""How long it takes from the start of a process to the answer of its first HEAD of an object that is there, on a server of this machine: by the C library, shared and static, and by a bare libcurl program, which signs as
well. They take turns; medians, and the ratios to libcurl's. The C library is to take at most 1.3 of it.

    FILESTORE_TEST_SERVERS=DIR tests/servers/up versitygw
    tests/servers/python bench/start.py build/release DIR [--runs 200]
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
import uuid

import botocore.session
from size import ROOT, link_words, output

LIMIT = 1.3
PROGRAMS = ROOT / "bench" / "start"


def compiled(scratch, source, name, *words):
    target = scratch / name
    output("gcc", "-std=c99", "-O2", "-Wl,--gc-sections", "-Wl,--as-needed", f"-I{ROOT}/capi/include", PROGRAMS / source, "-o", target, *words)
    return target


def programs(build, scratch):
    """Name to program; the first one is what the others are compared with."""
    capi = build / "capi"
    return {
        "libcurl": compiled(scratch, "by_curl.c", "by_curl", "-lcurl"),
        "libfilestore_c.so": compiled(scratch, "by_filestore.c", "shared", f"-L{capi}", "-lfilestore_c", f"-Wl,-rpath,{capi}"),
        "libfilestore_c.a": compiled(scratch, "by_filestore.c", "static", capi / "libfilestore_c.a", *link_words(build, "filestore_c")),
    }


def server(directory):
    lines = (directory / "versitygw.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def store(variables):
    """An object; answers its key."""
    key = str(uuid.uuid4())
    keys = {"aws_access_key_id": variables["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"]}
    client = botocore.session.get_session().create_client("s3", endpoint_url=variables["FILESTORE_S3_ENDPOINT"], region_name="us-east-1", **keys)
    client.put_object(Bucket=variables["FILESTORE_S3_BUCKET"], Key=key, Body=b"x")
    return key


def seconds_of(program, words, environment):
    began = time.clock_gettime(time.CLOCK_MONOTONIC)
    answer = output(program, *words, env=environment)
    when, there = answer.split()
    if there != "1":
        raise SystemExit(f"{program}: the file should be there")
    return float(when) - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("servers", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    variables = server(options.servers)
    words = [variables["FILESTORE_S3_ENDPOINT"], variables["FILESTORE_S3_BUCKET"], store(variables)]
    with tempfile.TemporaryDirectory() as name:
        built = programs(options.build.resolve(), pathlib.Path(name))
        times = {label: [] for label in built}
        for _ in range(options.runs):
            for label, program in built.items():
                times[label].append(seconds_of(program, words, os.environ | variables))
    bare = statistics.median(times["libcurl"])
    for label, seconds in times.items():
        middle = statistics.median(seconds)
        verdict = "" if middle <= LIMIT * bare else f"  more than {LIMIT}"
        print(f"{label:20}{1000 * middle:8.2f} ms{middle / bare:8.2f} x{verdict}")


if __name__ == "__main__":
    main()
