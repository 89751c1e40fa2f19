"""Tells schemathesis how a piece of the tus protocol is sent: as bytes."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
