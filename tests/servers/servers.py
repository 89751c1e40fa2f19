"""Starts and ends real S3 servers for the tests.

    servers.py up NAME...      starts each on a free loopback port and makes a bucket in it
    servers.py down [NAME...]  ends them; all without a name

The state is in $FILESTORE_TEST_SERVERS (build/release/servers by default). Each running server has there
    NAME.env    the environment of a test that uses it, a KEY=VALUE a line
    NAME.pid    the process: its number and its start time, so that no other process of that number is ever ended
    NAME.log    what it printed
    NAME.data/  what it stores
"""

import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
import botocore.config

HERE = pathlib.Path(__file__).resolve().parent
DEFAULT_DIRECTORY = HERE.parent.parent / "build" / "release" / "servers"
DIRECTORY = pathlib.Path(os.environ.get("FILESTORE_TEST_SERVERS") or DEFAULT_DIRECTORY)

ACCESS_KEY = "testaccess"
SECRET_KEY = "testsecret1234"
REGION = "us-east-1"
ATTEMPTS = 3
SECONDS_TO_START = 60
SECONDS_TO_END = 10


def tool(name):
    return subprocess.check_output([HERE / "tools", name], text=True).strip()


def versitygw(port, data):
    files, versions = data / "files", data / "versions"
    files.mkdir(parents=True)
    versions.mkdir()
    command = [tool("versitygw"), "--quiet", "--keep-alive", "--health", "/healthz"]
    command += ["--port", f"127.0.0.1:{port}", "--region", REGION, "--virtual-domain", "localhost"]
    command += ["posix", "--versioning-dir", str(versions), str(files)]
    return command, {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}


def moto(port, data):
    data.mkdir(parents=True)
    return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], {}


SERVERS = {"versitygw": versitygw, "moto": moto}
CHECKS_SIGNATURES = {"versitygw"}


def start_time(pid):
    """The start time of a process in clock ticks since boot; None where there is no such process."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state == "Z" else fields[18]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(endpoint):
    try:
        urllib.request.urlopen(endpoint, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def wait_until_it_answers(process, endpoint):
    give_up = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < give_up and process.poll() is None:
        if answers(endpoint):
            return process.poll() is None
        time.sleep(0.1)
    return False


def make_bucket(endpoint):
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )
    bucket = f"filestore-test-{secrets.token_hex(6)}"
    client.create_bucket(Bucket=bucket)
    return bucket


def write_environment(name, endpoint, bucket):
    environment = {
        "FILESTORE_S3_SERVER": name,
        "FILESTORE_S3_ENDPOINT": endpoint,
        "FILESTORE_S3_BUCKET": bucket,
        "FILESTORE_S3_REGION": REGION,
        "FILESTORE_S3_ACCESS_KEY": ACCESS_KEY,
        "FILESTORE_S3_SECRET_KEY": SECRET_KEY,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "FILESTORE_S3_CHECKS_SIGNATURES": "1" if name in CHECKS_SIGNATURES else "0",
    }
    lines = "".join(f"{key}={value}\n" for key, value in environment.items())
    partial = DIRECTORY / f"{name}.env.partial"
    partial.write_text(lines)
    partial.rename(DIRECTORY / f"{name}.env")


def launch(name, port):
    data = DIRECTORY / f"{name}.data"
    shutil.rmtree(data, ignore_errors=True)
    command, environment = SERVERS[name](port, data)
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
    for _ in range(ATTEMPTS):
        port = free_port()
        endpoint = f"http://127.0.0.1:{port}"
        process = launch(name, port)
        if wait_until_it_answers(process, endpoint):
            bucket = make_bucket(endpoint)
            write_environment(name, endpoint, bucket)
            print(f"{name}: {endpoint} bucket {bucket} pid {process.pid}")
            return
        down(name, keep_log=True)
    log = (DIRECTORY / f"{name}.log").read_text(errors="replace")
    sys.exit(f"{name} did not start; it printed:\n{log}")


def end_process(pid, started):
    for number, seconds in ((signal.SIGTERM, SECONDS_TO_END), (signal.SIGKILL, SECONDS_TO_END)):
        if start_time(pid) != started:
            return
        os.kill(pid, number)
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and start_time(pid) == started:
            time.sleep(0.05)


def down(name, keep_log=False):
    (DIRECTORY / f"{name}.env").unlink(missing_ok=True)
    pid_file = DIRECTORY / f"{name}.pid"
    if pid_file.exists():
        pid, started = pid_file.read_text().split()
        end_process(int(pid), started)
        pid_file.unlink()
    shutil.rmtree(DIRECTORY / f"{name}.data", ignore_errors=True)
    if not keep_log:
        (DIRECTORY / f"{name}.log").unlink(missing_ok=True)


def main(arguments):
    verb, *names = arguments or [""]
    unknown = [name for name in names if name not in SERVERS]
    if verb not in ("up", "down") or unknown or (verb == "up" and not names):
        sys.exit(f"usage: servers.py up NAME... | down [NAME...], with names of: {' '.join(SERVERS)}")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name in names or SERVERS:
        up(name) if verb == "up" else down(name)


if __name__ == "__main__":
    main(sys.argv[1:])
