"""What a test does that lacks what it needs."""

import os

import pytest


def skip_unless_ci(reason):
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
