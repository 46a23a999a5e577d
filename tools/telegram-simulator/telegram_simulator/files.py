"""Files that people and the bot have sent: their ids, their bytes, and the links by which they are fetched."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from .clock import Clock

LINK_SECONDS = 3600.0  # "guaranteed to be valid for at least 1 hour" [docs]; here: for no longer
MAX_DOWNLOAD = 20 * 1024 * 1024  # [server source]
MAX_UPLOAD = 50 * 1024 * 1024  # [docs]
MAX_PHOTO = 10 * 1024 * 1024  # [docs]
FOLDERS = {"photo": "photos", "voice": "voice", "audio": "music", "video": "videos", "sticker": "stickers"}
EXTENSIONS = {"photo": ".jpg", "voice": ".oga", "audio": ".mp3", "video": ".mp4", "sticker": ".webp"}


@dataclass
class StoredFile:
    """One file. `data` None: its bytes are made up when somebody asks, so that a large one costs nothing."""

    id: str
    unique_id: str
    kind: str  # photo, document, voice, audio, video, sticker
    number: int
    name: str
    mime: str
    size: int
    data: bytes | None
    from_bot: bool
    link_ends: float = -1.0

    @property
    def path(self) -> str:
        """Where it is fetched: a folder by kind and a number, as Telegram makes them up."""
        extension = EXTENSIONS.get(self.kind) or ("." + self.name.rpartition(".")[2] if "." in self.name else "")
        return f"{FOLDERS.get(self.kind, 'documents')}/file_{self.number}{extension}"

    def content(self) -> bytes:
        """The bytes; those made up are numbered lines, so that a piece in the wrong place shows."""
        if self.data is not None:
            return self.data
        line = f"file {self.number} line %08d\n"
        length = len(line % 0)
        return "".join(line % number for number in range(self.size // length + 1)).encode()[:self.size]


class FileStore:
    """All files by id and by path."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def add(self, kind: str, name: str, mime: str, data: bytes | int, from_bot: bool) -> StoredFile:
        """Keeps a file; `data` as a number: so many bytes, made up."""
        number = len(self._by_path) + 1
        digest = hashlib.sha512(f"{kind} {number}".encode()).digest()
        file = StoredFile(
            id="BQACAgIAAx" + base64.urlsafe_b64encode(digest[:42]).decode(),
            unique_id="AgAD" + base64.urlsafe_b64encode(digest[42:51]).decode(), kind=kind, number=number,
            name=name, mime=mime, size=data if isinstance(data, int) else len(data),
            data=None if isinstance(data, int) else data, from_bot=from_bot)
        self._by_id[file.id] = file
        self._by_path[file.path] = file
        return file

    def find(self, file_id: str) -> StoredFile | None:
        return self._by_id.get(file_id)

    def open_link(self, file: StoredFile) -> str:
        """The path at which it can be fetched for an hour."""
        file.link_ends = self._clock.monotonic() + LINK_SECONDS
        return file.path

    def linked(self, path: str) -> StoredFile | None:
        """The file whose link is open."""
        file = self._by_path.get(path)
        return file if file is not None and file.link_ends > self._clock.monotonic() else None

    def expire_link(self, path: str) -> None:
        """The link ends now."""
        if path in self._by_path:
            self._by_path[path].link_ends = -1.0
