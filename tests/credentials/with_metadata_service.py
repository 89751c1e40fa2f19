"""Runs a program beside a real instance metadata service: with_metadata_service.py PROGRAM [ARGUMENT...]

The program finds the service, which speaks IMDSv2 only, in FILESTORE_TEST_METADATA_SERVICE.
"""

import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "servers" / "tools"
ATTEMPTS = 3
SECONDS_TO_START = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(endpoint):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(endpoint, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def start(program):
    """Another program may take the free port first, so there are several attempts."""
    for _ in range(ATTEMPTS):
        port = free_port()
        endpoint = f"http://127.0.0.1:{port}"
        command = [program, "--imdsv2", "--hostname", "127.0.0.1", "--port", str(port)]
        service = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < give_up and service.poll() is None:
            if answers(endpoint):
                return service, endpoint
            time.sleep(0.05)
        service.kill()
        service.wait()
    sys.exit("the instance metadata service did not start")


def main():
    program = subprocess.check_output([TOOLS, "ec2-metadata-mock"], text=True).strip()
    service, endpoint = start(program)
    try:
        environment = {**os.environ, "FILESTORE_TEST_METADATA_SERVICE": endpoint}
        sys.exit(subprocess.call(sys.argv[1:], env=environment))
    finally:
        service.terminate()
        service.wait()


if __name__ == "__main__":
    main()
