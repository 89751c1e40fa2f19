"""The REST service of the system that filestore replaces: original_service.py DIRECTORY

Its routes and its FileService as they were written, on its local storage; its audit table is a list. Prints its address, and serves until it is killed.
"""

import datetime
import pathlib
import socket
import sys

import uvicorn
from fastapi import APIRouter, FastAPI, HTTPException, UploadFile
from fastapi.responses import Response

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))

from original_system import OriginalStorage


class FileService:
    def __init__(self, base_path):
        self.backend = OriginalStorage(base_path)
        self.uploaded_at = {}

    async def upload_file(self, file_path, file_data, metadata=None):
        file_id = self.backend.upload(file_path, file_data, metadata)
        self.uploaded_at[file_id] = datetime.datetime.now()
        return file_id

    async def download_file(self, file_id):
        return self.backend.download(file_id)

    async def delete_file(self, file_id):
        deleted = self.backend.delete(file_id)
        if deleted:
            self.uploaded_at.pop(file_id, None)
        return deleted

    async def cleanup_old_files(self, days=30):
        cutoff_date = datetime.datetime.now() - datetime.timedelta(days=days)
        old_files = [file_id for file_id, then in self.uploaded_at.items() if then < cutoff_date]
        deleted_count = 0
        for file_id in old_files:
            if await self.delete_file(file_id):
                deleted_count += 1
        return deleted_count


router = APIRouter()
file_service = FileService(sys.argv[1])


@router.post("/upload")
async def upload_file(file: UploadFile):
    """Upload a file"""
    try:
        file_id = await file_service.upload_file(
            file_path=file.filename,
            file_data=file.file,
            metadata={"content_type": file.content_type, "filename": file.filename},
        )

        return {"file_id": file_id, "filename": file.filename}
    except Exception as e:
        raise HTTPException(status_code=500, detail=str(e))


@router.get("/download/{file_id}")
async def download_file(file_id: str):
    """Download a file"""
    try:
        file_data = await file_service.download_file(file_id)

        return Response(content=file_data, media_type="application/octet-stream")
    except FileNotFoundError:
        raise HTTPException(status_code=404, detail="File not found")


@router.delete("/delete/{file_id}")
async def delete_file(file_id: str):
    """Delete a file"""
    deleted = await file_service.delete_file(file_id)

    if not deleted:
        raise HTTPException(status_code=404, detail="File not found")

    return {"message": "File deleted successfully"}


@router.post("/cleanup")
async def cleanup_files(days: int = 30):
    """Cleanup old files"""
    deleted_count = await file_service.cleanup_old_files(days)

    return {"message": f"Deleted {deleted_count} files", "deleted_count": deleted_count}


app = FastAPI()
app.include_router(router)

if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
