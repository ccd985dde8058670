"""Use cases on API keys: issue, rotate, revoke, recognise."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tenants import names
from tenants.errors import KeyNotRotatable, UnknownScope
from tenants.models import ApiKey, AuditEntry, Partner
from tenants.models.partner import checksum_of
from tenants.models.statement import Statement

SECRET_SCOPES = (ApiKey.Scope.READ, ApiKey.Scope.WRITE, ApiKey.Scope.SECRETS)
PUBLISHABLE_SCOPES = (ApiKey.Scope.SIGNUP,)
OVERLAP = timedelta(days=7)
LONGEST_NAME = 60
LAST_USE_PRECISION = timedelta(minutes=1)
_KEY = Statement(
    "SELECT {k}, {p} FROM tenants_apikey k JOIN tenants_partner p ON p.id = k.partner_id WHERE k.public_id = %s",
    k=(ApiKey, tuple(field.attname for field in ApiKey._meta.concrete_fields)),
    p=(Partner, tuple(field.attname for field in Partner._meta.concrete_fields)),
)
SHAPE = re.compile(r"eaz_(?:live|test|pub|pubtest)_([0-9a-f]{8})_[0-9A-Za-z]{51}")


def issue(
    partner: Partner,
    *,
    kind: str = ApiKey.Kind.SECRET,
    name: str = "",
    scopes: list[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key; the second value is the key itself, shown this once.

    A publishable key may sign up and nothing else, whatever is asked; ``delete`` is only given when it is asked for.
    Raises UnknownScope or InvalidText (for the name).
    """
    name = names.line(name, longest=LONGEST_NAME)
    chosen = [str(scope) for scope in (usual_scopes(kind) if scopes is None else scopes)]
    if not chosen or not set(chosen) <= {str(scope) for scope in possible_scopes(kind)}:
        raise UnknownScope
    with transaction.atomic():
        row, clear = ApiKey.issue(partner, kind=kind, scopes=chosen, name=name)
        if expires_at is not None:
            ApiKey.objects.filter(pk=row.pk).update(expires_at=expires_at)
            row.refresh_from_db()
        _note("issued", row, after={"partner": str(partner), "scopes": chosen, "expires_at": _moment(expires_at)})
    return row, clear


def usual_scopes(kind: str) -> tuple[ApiKey.Scope, ...]:
    """What a key of this kind may when nothing else is asked."""
    return PUBLISHABLE_SCOPES if kind == ApiKey.Kind.PUBLISHABLE else SECRET_SCOPES


def possible_scopes(kind: str) -> tuple[ApiKey.Scope, ...]:
    """What a key of this kind may at most."""
    return PUBLISHABLE_SCOPES if kind == ApiKey.Kind.PUBLISHABLE else (*SECRET_SCOPES, ApiKey.Scope.DELETE)


def rotate(key: ApiKey, *, overlap: timedelta = OVERLAP) -> tuple[ApiKey, str]:
    """A successor with the same rights; the old key still works for ``overlap``. Raises KeyNotRotatable.

    What the old key created, the new one may read as its own.
    """
    with transaction.atomic():
        current = ApiKey.objects.select_for_update().select_related("partner").get(pk=key.pk)
        if not current.is_live or ApiKey.objects.filter(predecessor=current).exists():
            raise KeyNotRotatable
        successor, clear = ApiKey.issue(
            current.partner, kind=current.kind, scopes=current.scopes, name=current.name, predecessor=current
        )
        end = timezone.now() + overlap
        ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=end), pk=current.pk).update(expires_at=end)
        before, after = (
            {"expires_at": _moment(current.expires_at)},
            {"successor": str(successor), "overlap_ends": _moment(end)},
        )
        _note("rotated", current, before=before, after=after)
    return successor, clear


def revoke(key: ApiKey) -> None:
    """From the next request on, this key opens nothing. Harmless when it is revoked already."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            _note("revoked", key, after={"partner": str(key.partner)})
    key.refresh_from_db()


def recognise(clear: str) -> ApiKey | None:
    """The live key that this is, or None; never says why not."""
    shape = SHAPE.fullmatch(clear)
    if shape is None or checksum_of(clear[:-8]) != clear[-8:]:
        return None
    found = _KEY.ask(shape[1])
    if not found:
        return None
    key: ApiKey = found[0][0]
    key.partner = found[0][1]
    if not key.matches(clear) or not key.is_live:
        return None
    _note_use(key)
    return key


def _note(what: str, key: ApiKey, *, before: dict[str, Any] | None = None, after: dict[str, Any]) -> None:
    AuditEntry.write(f"apikey:{what}", None, subject=str(key), before=before, after=after)


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _note_use(key: ApiKey) -> None:
    """At most once a minute, so that reading does not become writing."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - LAST_USE_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
