"""getFile: a link to a file's bytes."""

from __future__ import annotations

from ..errors import bad_request
from ..files import MAX_DOWNLOAD
from .registry import Call, method


@method
def get_file(call: Call) -> dict:
    store = call.core.files
    file = store.find(call.params["file_id"])
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if file.size > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": file.size,
            "file_path": store.open_link(file)}
