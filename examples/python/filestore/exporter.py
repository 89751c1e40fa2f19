"""Copies of stored files at AI providers."""

from ._calls import refuse_to_wait_in_a_callback
from ._exports import Exports


class Exporter:
    """Sends the files of a Service to the Files APIs of AI providers ("openai", "anthropic", "gemini", or what is compatible with one), and keeps in the service's catalogue which copies there are. Thread-safe; a context
    manager, which closes it.

        with filestore.Exporter(service) as exporter:
            copy = exporter.send(file_id, "openai", expires_in=86400)
            exporter.unsend(file_id)

    Keys come from the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, GOOGLE_API_KEY or GEMINI_API_KEY), or from `key`, a function of profile, base URL and `key_variable`. `ca_file` (PEM) is trusted in place of the system's certificates; `plain_http` allows other machines
    without TLS; `parts` (threshold, size) says in bytes when files are sent in parts; `retry` is (attempts, first pause, longest pause), in seconds. Each call takes `timeout` (seconds) and `cancel`. Copies and reports are dicts, as filestore.h describes them.
    """

    def __init__(self, service, **settings):
        self._exports = Exports(service._operations, **settings)

    def close(self):
        """Ends the exporter, after what it still does has been cancelled; the service does so, too."""
        self._exports.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _wait(self, begin, *arguments, **settings):
        refuse_to_wait_in_a_callback()
        return begin(*arguments, **settings).wait()

    def send(self, file_id, profile, **settings):
        """Sends a file, or answers the copy that is there (`was_there`). `base_url`, `key_variable`, `purpose`, `expires_in` (seconds), `again`, `progress`."""
        return self._wait(self._exports.send, file_id, profile, **settings)

    def copies(self, file_id=None, **settings):
        """The copies of a file; or of all files, at most `limit` behind the one with the number `after`. No provider is asked."""
        return self._wait(self._exports.copies, file_id, **settings)

    def unsend(self, file_id, profile=None, **settings):
        """Removes the copies of a file: from the provider of `profile` (at `base_url`, or at all of its URLs), or everywhere."""
        return self._wait(self._exports.unsend, file_id, profile, **settings)

    def settle(self, **settings):
        """Removes what is to be removed, also of files that were deleted, and finds out what became of interrupted sends."""
        return self._wait(self._exports.settle, **settings)

    def start(self):
        """Has the exporter settle by itself now and then, on a thread of its own."""
        self._exports.start()


class AsyncExporter:
    """As Exporter, of an AsyncService and with calls that are awaited."""

    def __init__(self, service, **settings):
        self._exports = Exports(service._operations, **settings)

    def close(self):
        """As Exporter.close."""
        self._exports.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    async def send(self, file_id, profile, **settings):
        """As Exporter.send."""
        return await self._exports.send(file_id, profile, **settings).awaited()

    async def copies(self, file_id=None, **settings):
        """As Exporter.copies."""
        return await self._exports.copies(file_id, **settings).awaited()

    async def unsend(self, file_id, profile=None, **settings):
        """As Exporter.unsend."""
        return await self._exports.unsend(file_id, profile, **settings).awaited()

    async def settle(self, **settings):
        """As Exporter.settle."""
        return await self._exports.settle(**settings).awaited()

    def start(self):
        """As Exporter.start."""
        self._exports.start()
