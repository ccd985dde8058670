"""Idempotency-Key: the effect and its answer are one transaction, so a repetition finds both or neither."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from provisioning.sealing import SealBroken, seal, unseal
from tenants.errors import AnswerNotKept, IdempotencyKeyReused, RequestInProgress
from tenants.models import IdempotencyRecord

KEPT = timedelta(days=7)
# longer than the web server lets a request live
CLAIM = timedelta(seconds=90)


@dataclass(frozen=True)
class Answer:
    """What a request got: HTTP status, body and, when it comes from the store, ``replayed``."""

    status: int
    body: Any
    headers: dict[str, str]
    replayed: bool = False


def once(
    *,
    caller: str,
    route: str,
    key: str,
    fingerprint: str,
    act: Callable[[], Answer],
    admit: Callable[[], None] = lambda: None,
) -> Answer:
    """Act and keep the answer, or give the one that was kept; whatever ``act`` raises frees the key again.

    ``admit`` may refuse before, outside the transaction of the effect; a repetition is not asked.

    Raises RequestInProgress while another request with this key is at work, IdempotencyKeyReused when the key
    belongs to a different request, and AnswerNotKept when the answer was sealed under a key that is gone.
    """
    claim = secrets.token_hex(16)
    record = _claim(caller, route, key, fingerprint, claim)
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    if record.status is not None:
        return _kept(record)
    if record.claim != claim:
        raise RequestInProgress
    mine = IdempotencyRecord.objects.filter(pk=record.pk, claim=claim, status=None)
    try:
        admit()
        with transaction.atomic():
            answer = act()
            sealed = seal({"body": json.dumps(answer.body), "headers": json.dumps(answer.headers)})
            if not mine.update(status=answer.status, answer=sealed):
                raise RequestInProgress  # noqa: TRY301  it must roll the effect back
    except BaseException:
        mine.delete()
        raise
    return answer


def purge() -> int:
    """Forget answers that are older than seven days."""
    count, _each = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return count


def _claim(caller: str, route: str, key: str, fingerprint: str, claim: str) -> IdempotencyRecord:
    """The row of this key, made or taken over by ``claim`` when nobody is at work on it."""
    now = timezone.now()
    place = {"caller": caller, "route": route, "key": key}
    IdempotencyRecord.objects.filter(**place, created_at__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(**place, fingerprint=fingerprint, claim=claim)
    except IntegrityError:
        # the one at work before was killed: its transaction left nothing
        IdempotencyRecord.objects.filter(**place, status=None, claimed_at__lt=now - CLAIM).update(
            claim=claim, claimed_at=now, fingerprint=fingerprint
        )
    record = IdempotencyRecord.objects.filter(**place).first()
    if record is None:
        raise RequestInProgress
    return record


def _kept(record: IdempotencyRecord) -> Answer:
    try:
        kept = unseal(record.answer)
    except SealBroken as error:
        # the effect is there: acting again could make it twice
        raise AnswerNotKept from error
    return Answer(int(record.status or 0), json.loads(kept["body"]), json.loads(kept["headers"]), replayed=True)
