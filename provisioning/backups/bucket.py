"""Where backups are kept: the bucket that the settings name, and how long an address or a lock lasts."""

import os
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.utils import timezone

from provisioning.backups.errors import BackupsNotConfigured
from provisioning.storage.client import Access, Storage


def configured() -> bool:
    return bool(settings.BACKUP_S3_BUCKET)


def storage(*, hurried: bool = False) -> Storage:
    """``hurried`` for what serves pages too. Raises BackupsNotConfigured."""
    if not configured():
        raise BackupsNotConfigured("BACKUP_S3_BUCKET is not set.")
    return _storage(
        os.getpid(),
        Access(
            settings.BACKUP_S3_ENDPOINT,
            settings.BACKUP_S3_REGION,
            settings.BACKUP_S3_BUCKET,
            settings.BACKUP_S3_ACCESS_KEY_ID,
            settings.BACKUP_S3_SECRET_ACCESS_KEY,
        ),
        hurried,
    )


def lock() -> datetime | None:
    """Until when a backup begun now cannot be deleted by anybody, where the storage can lock."""
    days = settings.BACKUP_LOCK_DAYS
    if not days or not locks(settings.BACKUP_S3_ENDPOINT, settings.BACKUP_S3_BUCKET):
        return None
    return timezone.now().replace(microsecond=0) + timedelta(days=days)


@lru_cache(maxsize=4)
def locks(endpoint: str, bucket: str) -> bool:
    """Whether the storage says that it locks objects; asked once a process."""
    return storage(hurried=True).locks()


@lru_cache(maxsize=4)
def _storage(process: int, access: Access, hurried: bool) -> Storage:
    """One a process: connections must not cross a fork."""
    return Storage(access, hurried=hurried)
