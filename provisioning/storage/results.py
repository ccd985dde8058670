"""What the storage tells."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StoredObject:
    """``size`` in bytes. ``etag`` names the content. ``locked_until`` is what the storage itself says, if it locks."""

    key: str
    size: int
    etag: str
    modified: datetime
    version: str = ""
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Part:
    number: int
    etag: str
    size: int = 0


@dataclass(frozen=True)
class Upload:
    """A multipart upload that was begun and neither completed nor aborted; its parts cost money."""

    key: str
    id: str
    begun: datetime
