"""Which of many points are tried in one run: with FILESTORE_TEST_LONG every one, else as many as there is time for, in an order that a seed tells."""

import contextlib
import os
import random
import time

import pytest
from command import LONG

SEED = os.environ.get("FILESTORE_TEST_SEED", "1")
# One line for each sweep, printed at the end of the run.
COUNTS = []


class Sweep:
    """Goes on past failures, so that they are told together."""

    most_failures = 10

    def __init__(self, name, seconds, fewest=1):
        """`fewest` points are tried of each scene whatever time they take."""
        self.name = name
        self.fewest = fewest
        self.ends = time.monotonic() + seconds
        self.random = random.Random(f"{SEED} {name}")
        self.points = self.tried = 0
        self.failures = []

    def of(self, points):
        chosen = list(points)
        self.random.shuffle(chosen)
        self.points += len(chosen)
        for number, point in enumerate(chosen):
            is_late = number >= self.fewest and not LONG and time.monotonic() > self.ends
            if is_late or len(self.failures) == self.most_failures:
                return
            self.tried += 1
            yield point

    @contextlib.contextmanager
    def at(self, *place):
        """Checks at a point; `place` tells in a failure which one it is."""
        try:
            yield
        except AssertionError as failure:
            self.failures.append(f"{place}: {failure}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        COUNTS.append(f"{self.name}: {self.points} points, {self.tried} tried, {self.tried - len(self.failures)} passed (seed {SEED})")
        if kind is None and self.failures:
            pytest.fail("\n".join(self.failures), pytrace=False)
