import asyncio
import io
import threading

import pytest
from conftest import UNKNOWN

import filestore


def run(settings, body):
    async def main():
        async with filestore.AsyncService(**settings) as service:
            return await body(service)

    return asyncio.run(main())


def test_every_call_is_awaited(settings, tmp_path, is_s3):
    async def body(service):
        file_id = await service.upload(b"hello", path="a.txt")
        assert await service.download(file_id) == b"hello"
        assert await service.exists(file_id)
        assert (await service.metadata(file_id)).size == 5
        assert [entry.id async for entry in service.list(limit=1)] == [file_id]
        target = io.BytesIO()
        assert await service.download(file_id, target) == 5 and target.getvalue() == b"hello"
        assert await service.download(file_id, tmp_path / "to") == 5
        by_path = await service.upload(tmp_path / "to")
        by_file = await service.upload(io.BytesIO(b"file"), size=4)
        assert await service.download(by_path, offset=1, length=2) == b"el"
        assert await service.download(by_file) == b"file"
        if is_s3:
            assert file_id in (await service.presign(file_id))[0]
        assert (await service.history(file_id))["file_id"] == file_id
        assert (await service.audit_status())["pending"] == 0
        assert (await service.cleanup(1))["removed"] == 0
        assert (await service.verify())["files"] == 3
        assert (await service.reconcile())["unrecorded"] == 0
        assert not await service.undelete(file_id)
        assert await service.delete(file_id) and not await service.delete(file_id)
        with pytest.raises(filestore.Configuration):
            await service.flush()
        with pytest.raises(filestore.NotFound):
            await service.download(UNKNOWN)

    run(settings, body)


def test_many_at_once(settings):
    async def body(service):
        ids = await asyncio.gather(*(service.upload(b"x" * size) for size in range(200)))
        infos = await asyncio.gather(*(service.metadata(file_id) for file_id in ids))
        assert [info.size for info in infos] == list(range(200))

    run(settings, body)


def test_an_asynchronous_iterator_is_a_source(settings):
    async def parts():
        for number in range(5):
            await asyncio.sleep(0)
            yield b"part %d " % number * 10_000
            yield b""

    async def broken():
        yield b"some"
        raise ZeroDivisionError

    async def body(service):
        file_id = await service.upload(parts())
        content = await service.download(file_id)
        assert content == b"".join([b"part %d " % number * 10_000 for number in range(5)])
        chunks = [chunk async for chunk in service.stream(file_id, chunk=100_000)]
        assert b"".join(chunks) == content and len(chunks) == 4
        with pytest.raises(filestore.SourceFailed) as failure:
            await service.upload(broken())
        assert isinstance(failure.value.__cause__, ZeroDivisionError)

    run(settings, body)


class Gate(io.RawIOBase):
    """Waits in its first read until it is let go, and then never ends."""

    def __init__(self):
        self.begun, self.go, self.reads, self.is_free = threading.Event(), threading.Event(), 0, True

    def readinto(self, memory):
        self.is_free = False
        self.reads += 1
        self.begun.set()
        self.go.wait()
        self.is_free = True
        return 1


def test_a_task_that_is_cancelled_cancels_its_call(settings):
    async def body(service):
        gate = Gate()
        task = asyncio.create_task(service.upload(gate))
        await asyncio.to_thread(gate.begun.wait)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done(), "the reader is still in use"
        gate.go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gate.is_free
        assert [entry async for entry in service.list()] == []

    run(settings, body)


def test_a_time_limit_of_asyncio(settings):
    class Slow(io.RawIOBase):
        def readinto(self, memory):
            threading.Event().wait(0.002)
            return 1

    async def body(service):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await service.upload(Slow())
        with pytest.raises(filestore.Timeout):
            await service.upload(Slow(), timeout=0.05)
        assert [entry async for entry in service.list()] == []

    run(settings, body)


def test_closing_ends_what_is_under_way(settings):
    async def body(service):
        gate = Gate()
        task = asyncio.create_task(service.upload(gate))
        await asyncio.to_thread(gate.begun.wait)
        closing = asyncio.create_task(asyncio.to_thread(service.close))
        await asyncio.sleep(0)
        gate.go.set()
        with pytest.raises(filestore.Cancelled):
            await task
        await closing

    run(settings, body)


def test_a_loop_that_has_gone_is_not_missed(tmp_path):
    service = filestore.AsyncService(base_path=tmp_path / "store")
    gate = Gate()

    async def begin():
        return service._operations.upload(gate)

    loop = asyncio.new_event_loop()
    call = loop.run_until_complete(begin())
    task = loop.create_task(call.awaited())
    loop.run_until_complete(asyncio.sleep(0))
    task._log_destroy_pending = False
    gate.begun.wait()
    loop.close()
    call.cancel()
    gate.go.set()
    with pytest.raises(filestore.Cancelled):
        call.wait()
    service.close()
    del task


def test_threads_of_two_loops(tmp_path):
    with filestore.Service(base_path=tmp_path / "store") as service:
        async def one(number):
            return await service._operations.upload(b"x" * number).awaited()

        ids = []
        threads = [threading.Thread(target=lambda number=number: ids.append(asyncio.run(one(number)))) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(ids)) == 4 == len(list(service.list()))
