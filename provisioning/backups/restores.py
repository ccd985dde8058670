"""The conversation with an instance's start about a backup to be brought back, and what is recorded of it.

The start says ``{"id": "RS-…", "event": …}``:

    begin                                 and is told where the backup is, what it must be and what becomes of it
    progress, "phase", "bytes"            so that nobody thinks that it is dead
    loaded, "facts": {"users": 3, …}      what it is about to serve
    failed, "reason": "code", "message"   nothing was changed
    uproot                                whether what came of a seed may be deleted

Each may be said twice, and ``begin`` for a fresh address. What is not open any more is answered `NoSuchJob`: the
instance then serves what it has. The agent is later told to drop what a proven restoration has replaced.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from provisioning.backups import bucket
from provisioning.backups.errors import NoSuchJob, NotAnEvent
from provisioning.backups.reading import code, count, text
from provisioning.models import Backup, Restore

ADDRESS_SECONDS = 3_600
LONGEST_MESSAGE = 500
# what may have happened since in what a seed holds is more than a new customer should begin with
LONGEST_AGE_OF_SEED = timedelta(days=7)
SEED_TOO_OLD = "seed_too_old"
# phases of a seed that failed: its going is to be told to Railway, and was told; over once a login is proven
REJECTED, UPROOTING = "rejected", "uprooting"
# of a backup's row: what its restoration is compared with
COMPARED = ("attachments", "files", "missingFiles", "filestoreBytes", "databaseBytes", "modules")
COUNTED = frozenset({"modules", "attachments", "users", "missingFiles", "files"})
_M, _S = Restore.Mode, Restore.State


def ask(instance_id: int, backup: Backup, mode: Restore.Mode = _M.SAME) -> Restore:
    """Raises IntegrityError while another one is open."""
    return Restore.objects.create(instance_id=instance_id, backup=backup, mode=mode)


def hear(instance_id: int, news: Any) -> dict[str, Any]:
    """Raises NoSuchJob, NotAnEvent or one of the storage's errors."""
    if not isinstance(news, Mapping):
        raise NotAnEvent
    take = EVENTS.get(code(news.get("event")))
    if take is None:
        raise NotAnEvent
    restore = (
        Restore.objects.filter(instance_id=instance_id, public_id=code(news.get("id"))[:16])
        .select_related("backup")
        .first()
    )
    if restore is None:
        raise NoSuchJob
    return take(restore, news)


def prove(restore: Restore, *, keeps_former: bool = False) -> None:
    """The login was proven on what was restored; what it replaced may go, unless that is the only copy of it."""
    now = timezone.now()
    proven = {"state": _S.PROVEN, "ended_at": now, "keeps_former": keeps_former}
    if Restore.objects.filter(pk=restore.pk, state=_S.LOADED).update(**proven):
        Backup.objects.filter(pk=restore.backup_id).update(proven_at=now)


def give_up(restore: Restore, reason: str, message: str = "") -> None:
    """It changes nothing any more; one that is served already stays open until its former state is back."""
    Restore.objects.filter(pk=restore.pk, state__in=(_S.WAITING, _S.LOADING)).update(
        state=_S.FAILED, reason=reason, message=message[:LONGEST_MESSAGE], ended_at=timezone.now()
    )


def reject(seed: Restore, reason: str, message: str = "") -> None:
    """The login was not proven on what came of this seed, which therefore goes again."""
    Restore.objects.filter(pk=seed.pk, mode=_M.SEED, state__in=Restore.OPEN).update(
        state=_S.FAILED, phase=REJECTED, reason=reason, message=message[:LONGEST_MESSAGE], ended_at=timezone.now()
    )


def is_rejected(seed: Restore) -> bool:
    """Whether Railway has still to be told that it goes; read now."""
    return Restore.objects.filter(pk=seed.pk, state=_S.FAILED, phase=REJECTED).exists()


def uproot(seed: Restore) -> None:
    """Railway knows that it goes."""
    Restore.objects.filter(pk=seed.pk, state=_S.FAILED, phase=REJECTED).update(phase=UPROOTING)


def keep_grown(seed: Restore) -> None:
    """A login was proven after it had failed: from now on no start may delete anything because of it."""
    Restore.objects.filter(pk=seed.pk, state=_S.FAILED).update(phase="")


def reopen(reference: str) -> bool:
    """A creation that is retried asks for its backup again; False when that was not what had failed."""
    failed = Restore.objects.filter(public_id=reference, state=_S.FAILED).exclude(mode=_M.SAME)
    again = {"state": _S.WAITING, "reason": "", "message": "", "phase": ""}
    return bool(failed.update(**again, begun_at=None, heard_at=None, ended_at=None))


def close_all(instance_id: int) -> None:
    """The instance has ended, and with it whatever was to be brought back into it."""
    Restore.objects.filter(instance_id=instance_id, state__in=Restore.OPEN).update(
        state=_S.FAILED, reason="cancelled", ended_at=timezone.now()
    )


def undo(restore: Restore, reason: str, message: str = "") -> None:
    """Its former state is back and answers."""
    Restore.objects.filter(pk=restore.pk, state=_S.LOADED).update(
        state=_S.UNDONE, reason=reason, message=message[:LONGEST_MESSAGE], ended_at=timezone.now()
    )


def left_behind(instance_id: int | OuterRef) -> Exists:
    """Whether there is a former state to be dropped: to be asked within another read."""
    return Exists(_replacing(instance_id))


def offer(instance_id: int) -> dict[str, Any]:
    """The job of dropping it, for the agent; empty when there is nothing to drop."""
    restore = _replacing(instance_id).order_by("-pk").first()
    if restore is None:
        return {}
    return {"job": {"id": restore.public_id, "kind": "drop_former", "restore": restore.public_id}}


def dropped(instance_id: int, news: Mapping[str, Any]) -> dict[str, Any]:
    """What the agent says of that job. Raises NoSuchJob or NotAnEvent."""
    reference, event = code(news.get("id"))[:16], code(news.get("event"))
    found = _replacing(instance_id).filter(public_id=reference)
    if not Restore.objects.filter(instance_id=instance_id, public_id=reference).exists():
        raise NoSuchJob
    if event == "done" or (event == "failed" and code(news.get("reason", "")) == "not_in_place"):
        found.update(former_dropped_at=timezone.now())
    elif event != "failed":
        raise NotAnEvent
    return {}


def _replacing(instance_id: Any) -> Any:
    return Restore.objects.filter(
        instance_id=instance_id, mode=_M.SAME, state=_S.PROVEN, keeps_former=False, former_dropped_at=None
    )


def _begin(restore: Restore, news: Mapping[str, Any]) -> dict[str, Any]:
    backup, now = restore.backup, timezone.now()
    if backup.state != Backup.State.GOOD:
        give_up(restore, "restore_no_backup")
        raise NoSuchJob
    if restore.mode == _M.SEED and (backup.ended_at is None or backup.ended_at < now - LONGEST_AGE_OF_SEED):
        give_up(restore, SEED_TOO_OLD)
        raise NoSuchJob
    address = bucket.storage().download_address(backup.key, seconds=ADDRESS_SECONDS)
    mine = Restore.objects.filter(pk=restore.pk)
    mine.filter(state=_S.WAITING).update(state=_S.LOADING, begun_at=now)
    if not mine.filter(state__in=Restore.OPEN).update(heard_at=now):
        raise NoSuchJob
    order = {
        "address": address,
        "size": backup.size,
        "sha256": backup.sha256,
        "facts": {name: backup.facts[name] for name in COMPARED if name in backup.facts},
        "newIdentity": restore.mode in (_M.COPY, _M.SEED),
        "neutralise": restore.mode == _M.COPY,
        "handOver": restore.mode == _M.SEED,
        "ownAddress": restore.mode != _M.SAME,
    }
    return {"restore": {"id": restore.public_id} | order}


def _progress(restore: Restore, news: Mapping[str, Any]) -> dict[str, Any]:
    phase, _bytes = code(news.get("phase"))[:20], count(news.get("bytes"), 2**53)
    mine = Restore.objects.filter(pk=restore.pk, state__in=Restore.OPEN)
    if not mine.update(heard_at=timezone.now(), phase=phase):
        raise NoSuchJob
    return {}


def _loaded(restore: Restore, news: Mapping[str, Any]) -> dict[str, Any]:
    facts = news.get("facts")
    if not isinstance(facts, Mapping):
        raise NotAnEvent
    counted = {name: count(value, 2**53) for name, value in facts.items() if name in COUNTED}
    mine = Restore.objects.filter(pk=restore.pk, state__in=(_S.LOADING, _S.LOADED))
    changes = {"facts": restore.facts | counted, "state": _S.LOADED, "heard_at": timezone.now(), "phase": ""}
    if not mine.update(**changes):
        raise NoSuchJob
    return {}


def _failed(restore: Restore, news: Mapping[str, Any]) -> dict[str, Any]:
    reason, message = code(news.get("reason", "failed"))[:40], text(news.get("message", ""))
    if restore.state in (_S.WAITING, _S.LOADING):
        give_up(restore, f"restore_{reason}", message)
    return {}


def _uproot(restore: Restore, _news: Mapping[str, Any]) -> dict[str, Any]:
    if restore.mode != _M.SEED or restore.state != _S.FAILED or restore.phase not in (REJECTED, UPROOTING):
        raise NoSuchJob
    return {}


EVENTS = {"begin": _begin, "progress": _progress, "loaded": _loaded, "failed": _failed, "uproot": _uproot}
