"""The service for asyncio."""

from ._operations import Operations

CHUNK = 1 << 20


class AsyncService:
    """As Service, with calls that are awaited: threads of the library do the work, and tell the loop. A task that is cancelled cancels its call, which has
    ended when CancelledError comes.

        async with filestore.AsyncService(base_path="storage") as service:
            file_id = await service.upload(b"hello")
            async for chunk in service.stream(file_id): ...
    """

    def __init__(self, *, on_warning=None, **settings):
        self._operations = Operations(settings, on_warning=on_warning)

    @classmethod
    def on(cls, backend, *, catalogue_path, on_warning=None, **settings):
        """As Service.on. The functions of the backend are called on threads of the library, not in the loop."""
        service = cls.__new__(cls)
        service._operations = Operations({"catalogue_path": catalogue_path, **settings}, on_warning=on_warning, backend=backend)
        return service

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.close()

    def close(self):
        """As Service.close: calls that are under way raise Cancelled."""
        self._operations.close()

    async def upload(self, source, **settings):
        """As Service.upload; `source` may also be an asynchronous iterator of bytes. A file-like object is read on a thread of the library, and may block."""
        return await self._operations.upload(source, **settings).awaited()

    async def download(self, file_id, target=None, **settings):
        """As Service.download."""
        return await self._operations.download(file_id, target, **settings).awaited()

    async def stream(self, file_id, *, chunk=CHUNK, **settings):
        """The bytes of a file, `chunk` at a time, by a range each."""
        size = (await self.metadata(file_id)).size
        for offset in range(0, size, chunk):
            yield await self.download(file_id, offset=offset, length=chunk, **settings)

    async def delete(self, file_id, **settings):
        """As Service.delete."""
        return await self._operations.delete(file_id, **settings).awaited()

    async def undelete(self, file_id, **settings):
        """As Service.undelete."""
        return await self._operations.undelete(file_id, **settings).awaited()

    async def exists(self, file_id, **settings):
        """As Service.exists."""
        return await self._operations.exists(file_id, **settings).awaited()

    async def metadata(self, file_id, **settings):
        """As Service.metadata."""
        return await self._operations.metadata(file_id, **settings).awaited()

    async def list(self, **settings):
        """As Service.list, for `async for`."""
        cursor = None
        while True:
            entries, cursor = await self.list_page(cursor, **settings)
            for entry in entries:
                yield entry
            if cursor is None:
                return

    async def list_page(self, cursor=None, limit=0, **settings):
        """As Service.list_page."""
        return await self._operations.list_page(cursor, limit, **settings).awaited()

    async def presign(self, file_id, **settings):
        """As Service.presign."""
        return await self._operations.presign(file_id, **settings).awaited()

    async def history(self, file_id, **settings):
        """As Service.history."""
        return await self._operations.history(file_id, **settings).awaited()

    async def flush(self, **settings):
        """As Service.flush."""
        return await self._operations.flush(**settings).awaited()

    async def audit_status(self, **settings):
        """As Service.audit_status."""
        return await self._operations.audit_status(**settings).awaited()

    async def cleanup(self, days, **settings):
        """As Service.cleanup."""
        return await self._operations.cleanup(days, **settings).awaited()

    async def verify(self, **settings):
        """As Service.verify."""
        return await self._operations.verify(**settings).awaited()

    async def reconcile(self, **settings):
        """As Service.reconcile."""
        return await self._operations.reconcile(**settings).awaited()
