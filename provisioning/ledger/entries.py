"""The ledger of one instance: intent before effect, adoption in doubt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from provisioning.errors import NotNow, ProvisioningError
from provisioning.models import Resource
from provisioning.states import ResourceState

# the first looks follow soon one after the other, the later ones after half the time that has passed
SOONEST_LOOK = 3.0


class StillUnclear(NotNow):
    """A request was sent, its answer never came, and it may still take effect: look again before asking again."""

    code = "looking_for_lost_answer"


class NotOurs(Exception):
    """The ledger says that this thing is another instance's, or the one that the instance lives in."""


@dataclass
class Ledger:
    """What one instance owns at Railway. ``workspace`` is the configured name of the workspace it lives in.

    The rows are read once, when the first of them is wanted, since only the holder of the lease writes them. A runner
    that was overtaken is noticed when it is about to send a request.
    """

    instance_id: int
    workspace: str

    def living(self, kind: str) -> list[Resource]:
        return [row for row in self._rows.values() if row.kind == kind]

    def get(self, kind: str, name: str) -> Resource | None:
        return self._rows.get((kind, name))

    def id_of(self, kind: str, name: str) -> str:
        """The id at Railway of a thing that an earlier step made. Raises LookupError when it is not there."""
        row = self.get(kind, name)
        if row is None or not row.external_id:
            raise LookupError(f"The ledger has no {kind} {name}.")
        return row.external_id

    def knows(self, kind: str, external_id: str) -> bool:
        """Whether this id was ever ours, even if it is gone by now."""
        return Resource.objects.filter(instance_id=self.instance_id, kind=kind, external_id=external_id).exists()

    def is_of_another(self, kind: str, external_id: str) -> bool:
        """Whether it is, or was, what another instance owns."""
        rows = Resource.objects.filter(kind=kind, external_id=external_id)
        return rows.exclude(instance_id=self.instance_id).exists()

    def ensure(self, kind: str, name: str, *, find: Callable[[], str | None], create: Callable[[], str]) -> str:
        """Like :meth:`ensure_all` for one thing; returns its id at Railway."""

        def found() -> Mapping[str, str]:
            external_id = find()
            return {name: external_id} if external_id else {}

        return self.ensure_all(kind, [name], find=found, create=lambda _: {name: create()})[name]

    def ensure_all(
        self,
        kind: str,
        names: Sequence[str],
        *,
        find: Callable[[], Mapping[str, str]],
        create: Callable[[Sequence[str]], Mapping[str, str]],
    ) -> dict[str, str]:
        """Make the named things exist exactly once and return their ids at Railway by name.

        ``create`` is called at once only for things for which no request was ever sent. After an
        unclear answer ``find`` is asked instead, for as long as a lost request may still take
        effect; only then is ``create`` called again. Raises what both raise, or StillUnclear.
        """
        rows = {name: row for name in names if (row := self.get(kind, name))}
        if any(row.attempted_at and not row.external_id for row in rows.values()):
            self._adopt(rows, find())
        missing = [name for name in names if name not in rows or not rows[name].external_id]
        if wait := max((self.unclear_for(kind, name) for name in missing), default=0.0):
            raise StillUnclear(f"A request for {kind} got no answer: looking for its effect.", retry_after=wait)
        if missing:
            self._create(kind, missing, lambda: create(missing))
        return {name: self.id_of(kind, name) for name in names}

    def adopt(self, kind: str, name: str, external_id: str) -> None:
        """Write down a thing that came with another one, such as the environment of a project."""
        row = self.get(kind, name)
        if row is None:
            self._open(kind, name, external_id=external_id, state=ResourceState.PRESENT)
        elif not row.external_id:
            self.record(row, external_id)

    def unclear_for(self, kind: str, name: str) -> float:
        """Seconds until the next look for the effect of a lost request; 0 when none can come any more."""
        row = self.get(kind, name)
        if row is None or row.external_id or row.attempted_at is None:
            return 0.0
        passed = (timezone.now() - row.attempted_at).total_seconds()
        if passed < 0:
            # the clock was put back: count anew
            self.doubt(row.kind, row.name)
            passed = 0.0
        left: float = settings.RAILWAY_SETTLE_SECONDS - passed
        return min(left, max(SOONEST_LOOK, passed / 2)) if left > 0 else 0.0

    def doubt(self, kind: str, name: str) -> None:
        """A request for this thing may have been sent that nobody wrote down: it will be looked for first."""
        row = self.get(kind, name)
        if row is None:
            self._open(kind, name, attempted_at=timezone.now())
        elif not row.external_id:
            row.attempted_at = timezone.now()
            row.save(update_fields=["attempted_at"])

    def record(self, row: Resource, external_id: str, *, status: str = "") -> Resource:
        row.external_id = external_id
        row.state = ResourceState.PRESENT
        row.status = status
        row.save(update_fields=["external_id", "state", "status"])
        return row

    def take(self, kind: str, name: str, external_id: str) -> Resource:
        """Write down a thing that Railway has: its own row, opened again if it was closed, or a new one.

        Raises NotOurs when it is another instance's, or when the ledger has another thing under this name.
        """
        row = Resource.objects.filter(kind=kind, external_id=external_id).first() or self.get(kind, name)
        if row is None:
            return self._open(kind, name, external_id=external_id, state=ResourceState.PRESENT)
        if row.instance_id != self.instance_id or row.external_id not in ("", external_id):
            raise NotOurs(f"The {kind} {external_id} stands in another ledger.")
        row.external_id, row.state, row.gone_at = external_id, ResourceState.PRESENT, None
        row.save()
        self._rows[row.kind, row.name] = row
        return row

    def succeed(self, kind: str, name: str, external_id: str, *, status: str = "") -> Resource:
        """Let the ledger name what Railway has now under this name; the one before is over. Raises NotOurs."""
        with transaction.atomic():
            before = self.get(kind, name)
            if before is not None and before.external_id not in ("", external_id):
                self.gone(before)
            row = self.take(kind, name, external_id)
            row.status = status
            row.save(update_fields=["status"])
        return row

    def gone(self, row: Resource) -> None:
        """The thing is proven gone; its row stays as evidence."""
        row.state = ResourceState.GONE
        row.gone_at = timezone.now()
        row.save(update_fields=["state", "gone_at"])
        self._rows.pop((row.kind, row.name), None)

    @cached_property
    def _rows(self) -> dict[tuple[str, str], Resource]:
        living = Resource.objects.filter(instance_id=self.instance_id).exclude(state=ResourceState.GONE)
        return {(row.kind, row.name): row for row in living.order_by("pk")}

    def _open(self, kind: str, name: str, **values: Any) -> Resource:
        row = Resource.objects.create(
            instance_id=self.instance_id, kind=kind, name=name, workspace=self.workspace, **values
        )
        self._rows[kind, name] = row
        return row

    def _adopt(self, rows: Mapping[str, Resource], found: Mapping[str, str]) -> None:
        for name, row in rows.items():
            if not row.external_id and found.get(name):
                self.record(row, found[name])

    def _create(self, kind: str, names: Sequence[str], create: Callable[[], Mapping[str, str]]) -> None:
        rows = self._attempt(kind, names)
        try:
            created = create()
        except ProvisioningError as error:
            # it may have been under way until this moment
            answered_at = timezone.now() if error.unclear else None
            Resource.objects.filter(pk__in=[row.pk for row in rows]).update(attempted_at=answered_at)
            raise
        with transaction.atomic():
            for row in rows:
                self.record(row, created[row.name])

    def _attempt(self, kind: str, names: Sequence[str]) -> list[Resource]:
        """Write down that the request is being sent. Raises StillUnclear when another runner has just done so."""
        now = timezone.now()
        new = [name for name in names if self.get(kind, name) is None]
        try:
            with transaction.atomic():
                self._claim([self._rows[kind, name] for name in names if name not in new], now)
                for name in new:
                    self._open(kind, name, attempted_at=now)
        except IntegrityError as error:
            raise StillUnclear(f"Another runner has asked for {kind}.", retry_after=SOONEST_LOOK) from error
        return [self._rows[kind, name] for name in names]

    def _claim(self, rows: Sequence[Resource], now: datetime) -> None:
        free = Resource.objects.filter(Q(attempted_at=None) | Q(attempted_at__lte=_settled()), external_id="")
        if rows and free.filter(pk__in=[row.pk for row in rows]).update(attempted_at=now) < len(rows):
            raise StillUnclear(f"Another runner has asked for {rows[0].kind}.", retry_after=SOONEST_LOOK)
        for row in rows:
            row.attempted_at = now


def _settled() -> datetime:
    """What was attempted before this moment and is not there has had no effect."""
    return timezone.now() - timedelta(seconds=settings.RAILWAY_SETTLE_SECONDS)
