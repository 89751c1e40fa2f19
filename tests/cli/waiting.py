"""Waits for what a running command brings about."""

import time

SECONDS_TO_BEGIN = 120


def wait_until(condition, process):
    give_up = time.monotonic() + SECONDS_TO_BEGIN
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.01)
