"""Cleanup of files that only the project's table tells of."""

import json
import uuid

import pytest
from store import NOBODY_LISTENS, Store
from stores import DAY, Local  # noqa: F401

EMPTY = {"removed": 0, "bytes": 0, "bytes_in_versions": 0, "already_gone": 0, "kept": 0, "failed": 0}
