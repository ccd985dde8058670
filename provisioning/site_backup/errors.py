"""What can go wrong with a backup of our own database, or with bringing it back.

SiteBackupKeysMissing (Permanent)   SITE_BACKUP_KEYS is empty or unusable
SiteBackupToolMissing (Permanent)   PostgreSQL's programs are not here, or are older than the server
SiteBackupFailed (Permanent)        the dump or the restoration ended with an error; what was there stays
SiteBackupDamaged (Permanent)       what the storage has is not what was written, or no key of ours opens it
SiteBackupRunning (Temporary)       another process is making one
DatabaseNotEmpty (Permanent)        there is something in the database that would be replaced
"""

from provisioning.errors import Permanent, Temporary


class SiteBackupFailed(Permanent):
    code = "site_backup_failed"


class SiteBackupKeysMissing(SiteBackupFailed):
    code = "site_backup_keys_missing"


class SiteBackupToolMissing(SiteBackupFailed):
    code = "site_backup_tool_missing"


class SiteBackupDamaged(SiteBackupFailed):
    code = "site_backup_damaged"


class DatabaseNotEmpty(SiteBackupFailed):
    code = "database_not_empty"


class SiteBackupRunning(Temporary):
    code = "site_backup_running"
