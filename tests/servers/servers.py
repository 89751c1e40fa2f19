"""Starts and ends real S3 servers for the tests.

    servers.py install [NAME...]  puts in place what they need
    servers.py up [NAME...]       starts each on a free loopback port and makes buckets in it: one with versions, one that
                                  anybody may read, where the server can, and a plain one
    servers.py down [NAME...]     ends them

Without a name: the servers of every run, or with FILESTORE_TEST_ALL_SERVERS all that there are; `down` ends all.

The state is in $FILESTORE_TEST_SERVERS (build/release/servers by default). Each server has there
    NAME.wanted  that an S3 server shall run: a test fails that finds this and no NAME.env
    NAME.env     the environment of a test that uses it, a KEY=VALUE a line
    NAME.url     in its place the URL of toxiproxy's control interface, or of the project of postgrest
    NAME.pid     the process: its number and its start time, so that no other process of that number is ever ended
    NAME.log     what it printed
    NAME.data/   what it stores
"""

import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
from recipes import ACCESS_KEY, AUTHORITY_FILE, BUCKET, RECIPES, REGION, SECRET_KEY, CannotStart, free_port

HERE = pathlib.Path(__file__).resolve().parent
DEFAULT_DIRECTORY = HERE.parent.parent / "build" / "release" / "servers"
DIRECTORY = pathlib.Path(os.environ.get("FILESTORE_TEST_SERVERS") or DEFAULT_DIRECTORY)

ATTEMPTS = 3
SECONDS_TO_START = 120
SECONDS_TO_END = 10


def start_time(pid):
    """The start time of a process in clock ticks since boot; None where there is no such process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else fields[18]


def authority_of(name):
    """The file that the certificate of a server is checked with; None for one without TLS."""
    return str(DIRECTORY / f"{name}.data" / AUTHORITY_FILE) if RECIPES[name].over_tls else None


def answers(name, endpoint):
    authority = authority_of(name)
    context = ssl.create_default_context(cafile=authority) if authority else None
    try:
        urllib.request.urlopen(endpoint, timeout=5, context=context).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def client_of(name, endpoint):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        verify=authority_of(name),
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )


def make_bucket(client, bucket):
    try:
        client.create_bucket(Bucket=bucket)
    except client.exceptions.BucketAlreadyOwnedByYou:
        # An attempt before this one was broken off later.
        pass


def try_to(action, **arguments):
    """What not every server can; the tests see whether it has been done."""
    try:
        action(**arguments)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        pass


def make_versioned_bucket(client, bucket):
    make_bucket(client, bucket)
    try_to(client.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def make_public_bucket(client, bucket):
    """Anybody may read in it."""
    make_bucket(client, bucket)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    try_to(client.put_bucket_policy, Bucket=bucket, Policy=policy)
    try_to(client.put_bucket_acl, Bucket=bucket, ACL="public-read")


def announce(name, endpoint):
    """Writes how tests reach a server that is ready, and says whether it is."""
    if not answers(name, endpoint):
        return False
    if not RECIPES[name].speaks_s3:
        write(f"{name}.url", endpoint + "\n")
        return True
    client = client_of(name, endpoint)
    try:
        make_bucket(client, BUCKET)
        make_versioned_bucket(client, f"{BUCKET}-versioned")
        make_public_bucket(client, f"{BUCKET}-public")
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
        # Some listen before they are ready.
        return False
    write_environment(name, endpoint)
    return True


def becomes_ready(name, process, endpoint):
    give_up = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < give_up and process.poll() is None:
        if announce(name, endpoint):
            # What answered may be another program that took the port first.
            return process.poll() is None
        time.sleep(0.1)
    return False


def write(file_name, text):
    partial = DIRECTORY / f"{file_name}.partial"
    partial.write_text(text)
    partial.rename(DIRECTORY / file_name)


def write_environment(name, endpoint):
    environment = {
        "FILESTORE_S3_SERVER": name,
        "FILESTORE_S3_ENDPOINT": endpoint,
        "FILESTORE_S3_CA_FILE": authority_of(name) or "",
        "FILESTORE_S3_BUCKET": BUCKET,
        "FILESTORE_S3_VERSIONED_BUCKET": f"{BUCKET}-versioned",
        "FILESTORE_S3_PUBLIC_BUCKET": f"{BUCKET}-public",
        "FILESTORE_S3_REGION": REGION,
        "FILESTORE_S3_ACCESS_KEY": ACCESS_KEY,
        "FILESTORE_S3_SECRET_KEY": SECRET_KEY,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "FILESTORE_S3_CHECKS_SIGNATURES": str(int(RECIPES[name].checks_signatures)),
    }
    write(f"{name}.env", "".join(f"{key}={value}\n" for key, value in environment.items()))


def launch(name, installed, port):
    data = DIRECTORY / f"{name}.data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    command, environment = RECIPES[name].command(installed, port, data)
    with open(DIRECTORY / f"{name}.log", "wb") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    (DIRECTORY / f"{name}.pid").write_text(f"{process.pid} {start_time(process.pid)}\n")
    return process


def up(name):
    """Another program may take the free port first, so there are several attempts."""
    down(name)
    if RECIPES[name].speaks_s3:
        (DIRECTORY / f"{name}.wanted").touch()
    installed = RECIPES[name].install()
    for _ in range(ATTEMPTS):
        port = free_port()
        endpoint = f"{'https' if RECIPES[name].over_tls else 'http'}://127.0.0.1:{port}"
        process = launch(name, installed, port)
        if becomes_ready(name, process, endpoint):
            print(f"{name}: {endpoint} pid {process.pid}")
            return
        end(name)
    raise CannotStart("it printed:\n" + (DIRECTORY / f"{name}.log").read_text(errors="replace"))


def end_process(pid, started):
    for number, seconds in ((signal.SIGTERM, SECONDS_TO_END), (signal.SIGKILL, SECONDS_TO_END)):
        if start_time(pid) != started:
            return
        os.kill(pid, number)
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and start_time(pid) == started:
            time.sleep(0.05)


def end(name):
    for kind in ("env", "url"):
        (DIRECTORY / f"{name}.{kind}").unlink(missing_ok=True)
    pid_file = DIRECTORY / f"{name}.pid"
    if pid_file.exists():
        pid, started = pid_file.read_text().split()
        end_process(int(pid), started)
        pid_file.unlink()
    shutil.rmtree(DIRECTORY / f"{name}.data", ignore_errors=True)


def down(name):
    end(name)
    for kind in ("wanted", "log"):
        (DIRECTORY / f"{name}.{kind}").unlink(missing_ok=True)


def install(name):
    RECIPES[name].install()


def wanted_names():
    everything = bool(os.environ.get("FILESTORE_TEST_ALL_SERVERS"))
    return [name for name, recipe in RECIPES.items() if everything or recipe.everyday]


VERBS = {"install": install, "up": up, "down": down}


def main(arguments):
    verb, *names = arguments or [""]
    if verb not in VERBS or not set(names) <= set(RECIPES):
        sys.exit(f"usage: servers.py install|up|down [NAME...], with names of: {' '.join(RECIPES)}")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in names or (RECIPES if verb == "down" else wanted_names()):
        try:
            VERBS[verb](name)
        except CannotStart as reason:
            print(f"the server {name} cannot be started: {reason}", file=sys.stderr)
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main(sys.argv[1:])
