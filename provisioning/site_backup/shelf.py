"""Where our own backups lie in the storage, and what is told of each beside it: found by listing, without a database.

``site/<moment>.age`` is the encrypted dump. ``site/<moment>.json`` is its manifest, written only when the dump had been
read back: what has no manifest is not a backup.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from provisioning.backups import bucket
from provisioning.backups.retention import RetentionPolicy, newest_of_each
from provisioning.errors import ProvisioningError
from provisioning.site_backup.errors import SiteBackupDamaged
from provisioning.storage.client import Storage
from provisioning.storage.errors import ObjectLocked

logger = logging.getLogger(__name__)
PREFIX = "site/"
DATA, MANIFEST = ".age", ".json"
STAMP = "%Y-%m-%dT%H-%M-%SZ"
POLICY = RetentionPolicy()
# a dump without a manifest is of a try that failed, once no try can be under way any more
ABANDONED = timedelta(days=2)


@dataclass(frozen=True)
class Manifest:
    """``size`` and ``sha256`` are those of the dump, ``stored_size`` and ``stored_sha256`` of what the storage has.

    ``migrations`` names the last one of each app. Keys are named by their fingerprints.
    """

    name: str
    taken_at: str
    engine: str
    made_by: dict[str, Any]
    size: int
    sha256: str
    stored_size: int
    stored_sha256: str
    migrations: dict[str, str]
    key: str
    encryption_keys: list[str]
    seconds: float
    locked_until: str = ""
    format: int = 1

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)

    def as_json(self) -> bytes:
        return (json.dumps(asdict(self), indent=2, sort_keys=True) + "\n").encode()


def name_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(STAMP)


def moment_of(name: str) -> datetime | None:
    """When it was begun; None when it is no name of ours."""
    with suppress(ValueError):
        return datetime.strptime(name, STAMP).replace(tzinfo=UTC)
    return None


def data_key(name: str) -> str:
    return f"{PREFIX}{name}{DATA}"


def put(storage: Storage, manifest: Manifest, *, locked_until: datetime | None) -> None:
    storage.put(f"{PREFIX}{manifest.name}{MANIFEST}", manifest.as_json(), locked_until=locked_until)


def names() -> list[str]:
    """Of the good ones, newest first. Raises the storage's errors."""
    keys = [each.key for each in bucket.storage().list(PREFIX)]
    found = {key.removeprefix(PREFIX).removesuffix(MANIFEST) for key in keys if key.endswith(MANIFEST)}
    return sorted((name for name in found if data_key(name) in keys and moment_of(name)), reverse=True)


def read(name: str) -> Manifest:
    """Raises SiteBackupDamaged when its manifest says nothing that we understand, or the storage's errors."""
    text = b"".join(bucket.storage().stream(f"{PREFIX}{name}{MANIFEST}"))
    try:
        manifest = Manifest(**json.loads(text))
        manifest.moment  # noqa: B018  it must be one
    except (ValueError, TypeError) as error:
        raise SiteBackupDamaged(f"The manifest of {name} cannot be read; was it made by a newer release?") from error
    return manifest


def newest(before: datetime | None = None) -> Manifest | None:
    """The newest, or the newest that was begun at this moment or before."""
    for name in names():
        if before is None or (moment_of(name) or timezone.now()) <= before:
            return read(name)
    return None


def erase_what_no_policy_keeps() -> int:
    """Returns how many went. What a lock keeps stays until the next time; the newest always stays."""
    storage, now = bucket.storage(), timezone.now()
    dated = [(name, moment) for name in names() if (moment := moment_of(name))]
    kept = newest_of_each(dated, POLICY, now) | {name for name, _taken in dated[:1]}
    # all of the last days: the one that was just restored must not go because of the first one made afterwards
    going = [name for name, taken in dated if name not in kept and now - taken > timedelta(days=POLICY.days)]
    for name in going:
        # a kill in between leaves a dump without a manifest, which goes as such
        for key in (f"{PREFIX}{name}{MANIFEST}", data_key(name)):
            with suppress(ObjectLocked):
                storage.delete(key)
    for key in _unfinished(storage, now):
        with suppress(ObjectLocked):
            storage.delete(key)
    return len(going)


def _unfinished(storage: Storage, now: datetime) -> Iterator[str]:
    objects = {each.key: each.modified for each in storage.list(PREFIX)}
    for key, modified in objects.items():
        alone = key.endswith(DATA) and key.removesuffix(DATA) + MANIFEST not in objects
        if alone and now - modified > ABANDONED:
            yield key


def try_to_erase() -> None:
    """What cannot be erased now is found the next time."""
    try:
        erase_what_no_policy_keeps()
    except ProvisioningError as error:
        logger.warning("Old backups of our own database stay for now: %s", error.message)
