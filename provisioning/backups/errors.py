"""What can go wrong with a backup.

BackupFailed (Permanent)   the agent says why, or what it sent is not what it said
NoSuchJob                  the job is not this agent's, or not any more: it lets go
NotAnEvent                 what it says is not one of the things that can be said
"""

from provisioning.errors import Permanent


class BackupFailed(Permanent):
    code = "backup_failed"


class BackupDamaged(BackupFailed):
    code = "backup_damaged"


class BackupsNotConfigured(Permanent):
    code = "backups_not_configured"


class NoSuchJob(LookupError):
    pass


class NotAnEvent(ValueError):
    pass
