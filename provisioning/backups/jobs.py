"""The conversation with an agent about a backup: offered, claimed, fed with addresses, ended.

A job is data: ``{"id", "kind": "backup", "partBytes", "addresses": {"1": URL, …}}``, and of a seed ``"onlyOf"``, the
login that alone may have an account there. The agent says

    {"id", "event": "more", "from": 9}                   and gets the addresses of the next parts
    {"id", "event": "done", "parts": [["etag", bytes], …], "sha256", "facts": {...}}
    {"id", "event": "failed", "reason": "code", "message": "…"}

Each of them may be said twice. An agent that has fallen silent loses the job, and the next call gets it anew.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from provisioning.backups import bucket, reach, upkeep
from provisioning.backups.errors import NoSuchJob, NotAnEvent
from provisioning.backups.reading import code, count, text
from provisioning.models import Backup
from provisioning.storage.results import Part

PART_BYTES = 16 * 1024 * 1024
PARTS_AT_ONCE = 8
MOST_PARTS = 10_000
# an address outlives one part on a slow line; the agent asks for fresh ones when it does not
ADDRESS_SECONDS = 3_600
# without a word for so long its agent is gone
SILENCE = timedelta(minutes=20)
LONGEST_MESSAGE = 500
LONGEST_ETAG = 100
FACTS = frozenset({"tables", "attachments", "files", "seconds", "databaseBytes", "filestoreBytes", "missingFiles"})
_S = Backup.State


def due(instance_id: int | OuterRef) -> Exists:
    """Whether there is a job for this instance: to be asked within another read."""
    return Exists(Backup.objects.filter(instance_id=instance_id, state=_S.WAITING, run_after__lte=timezone.now()))


def offer(instance_id: int) -> dict[str, Any]:
    """The job that is due for this instance, claimed for its agent; an empty answer when there is none, or not now.

    Raises the storage's errors.
    """
    now = timezone.now()
    backup = Backup.objects.filter(instance_id=instance_id, state=_S.WAITING, run_after__lte=now).first()
    if backup is None:
        return {}
    with reach.attempt() as granted:
        return _offered(backup, now) if granted else {}


def _offered(backup: Backup, now: datetime) -> dict[str, Any]:
    key = f"{backup.instance.public_id}/{backup.public_id}-{backup.attempts + 1}.zip"
    is_seed = backup.occasion == Backup.Occasion.SEED
    # a seed holds nothing that could be lost
    storage, lock = bucket.storage(hurried=True), None if is_seed else bucket.lock()
    upload_id = storage.begin(key, locked_until=lock)
    mine = Backup.objects.filter(pk=backup.pk, state=_S.WAITING, attempts=backup.attempts).update(
        state=_S.RUNNING,
        attempts=F("attempts") + 1,
        key=key,
        upload_id=upload_id,
        locked_until=lock,
        taken_at=now,
        lease_expires_at=now + SILENCE,
        reason="",
        message="",
    )
    if not mine:
        storage.abort(key, upload_id)
        return {}
    backup.key, backup.upload_id = key, upload_id
    job = {"id": backup.public_id, "kind": "backup", "partBytes": PART_BYTES, "addresses": _addresses(backup, 1)}
    # whatever our rows say, no customer's data become a seed
    return {"job": job | ({"onlyOf": backup.instance.admin_email} if is_seed else {})}


def hear(instance_id: int, news: Any) -> dict[str, Any]:
    """Take what the agent says of its job. Raises NoSuchJob, NotAnEvent or one of the storage's errors."""
    if not isinstance(news, Mapping):
        raise NotAnEvent
    take = EVENTS.get(code(news.get("event")))
    if take is None:
        raise NotAnEvent
    backup = Backup.objects.filter(instance_id=instance_id, public_id=code(news.get("id"))[:16]).first()
    if backup is None:
        raise NoSuchJob
    return take(backup, news)


def _more(backup: Backup, news: Mapping[str, Any]) -> dict[str, Any]:
    first = count(news.get("from"), MOST_PARTS)
    if not first:
        raise NotAnEvent
    lease = timezone.now() + SILENCE
    if not Backup.objects.filter(pk=backup.pk, state=_S.RUNNING).update(lease_expires_at=lease):
        raise NoSuchJob
    return {"job": {"id": backup.public_id, "addresses": _addresses(backup, first)}}


def _done(backup: Backup, news: Mapping[str, Any]) -> dict[str, Any]:
    if backup.state in (_S.CHECKING, _S.GOOD):
        return {}
    parts, sha256, facts = _parts(news.get("parts")), code(news.get("sha256")), news.get("facts")
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef") or not isinstance(facts, Mapping):
        raise NotAnEvent
    known = {name: count(value, 2**53) for name, value in facts.items() if name in FACTS}
    version = code(facts.get("odooVersion", ""))[:40]
    moved = Backup.objects.filter(pk=backup.pk, state=_S.RUNNING).update(
        state=_S.CHECKING,
        size=sum(part.size for part in parts),
        sha256=sha256,
        facts=known | {"odooVersion": version, "parts": [[part.etag, part.size] for part in parts]},
        lease_expires_at=timezone.now(),
    )
    if not moved:
        raise NoSuchJob
    upkeep.ring(backup.pk)
    return {}


def _failed(backup: Backup, news: Mapping[str, Any]) -> dict[str, Any]:
    reason, message = code(news.get("reason", "failed"))[:40], text(news.get("message", ""))
    if backup.state == _S.RUNNING:
        upkeep.fail(backup, f"agent_{reason}", message[:LONGEST_MESSAGE])
    return {}


def _addresses(backup: Backup, first: int) -> dict[str, str]:
    numbers = range(first, min(first + PARTS_AT_ONCE, MOST_PARTS + 1))
    found = bucket.storage().part_addresses(backup.key, backup.upload_id, numbers, seconds=ADDRESS_SECONDS)
    return {str(number): address for number, address in found.items()}


def _parts(given: Any) -> list[Part]:
    if not isinstance(given, list) or not 0 < len(given) <= MOST_PARTS:
        raise NotAnEvent
    parts = []
    for number, row in enumerate(given, 1):
        if not isinstance(row, list) or len(row) != 2 or len(code(row[0])) > LONGEST_ETAG:
            raise NotAnEvent
        parts.append(Part(number, row[0], count(row[1], 2**40)))
    return parts


EVENTS = {"more": _more, "done": _done, "failed": _failed}
