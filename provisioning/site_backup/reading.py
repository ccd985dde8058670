"""What the storage has is read, decrypted and compared with its manifest."""

from collections.abc import Callable

from provisioning.site_backup import keys, shelf
from provisioning.site_backup.errors import SiteBackupDamaged
from provisioning.site_backup.keys import Writer
from provisioning.site_backup.shelf import Manifest
from provisioning.site_backup.streams import ChunkReader, MeasuredReader, MeasuredWriter
from provisioning.storage.client import Storage


def read_back(storage: Storage, manifest: Manifest, into: Writer, alive: Callable[[], None] = lambda: None) -> None:
    """Decrypt it into a writer. Raises SiteBackupDamaged, at the latest when all of it has been written there."""
    stored = MeasuredReader(ChunkReader(storage.stream(shelf.data_key(manifest.name))), alive)
    dump = MeasuredWriter(into, alive)
    keys.decrypt(stored, dump)
    if (stored.size, stored.sha256) != (manifest.stored_size, manifest.stored_sha256):
        raise SiteBackupDamaged("What the storage has is not what was sent to it.")
    if (dump.size, dump.sha256) != (manifest.size, manifest.sha256):
        raise SiteBackupDamaged("What was decrypted is not what the database had given.")
