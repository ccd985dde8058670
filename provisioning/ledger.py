"""The ledger of one instance: intent before effect, adoption in doubt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from provisioning.errors import NotNow, ProvisioningError
from provisioning.models import Resource
from provisioning.states import ResourceState

# the first looks follow soon one after the other, the later ones after half the time that has passed
SOONEST_LOOK = 3.0


class StillUnclear(NotNow):
    """A request was sent, its answer never came, and it may still take effect: look again before asking again."""

    code = "looking_for_lost_answer"


@dataclass(frozen=True)
class Ledger:
    """What one instance owns at Railway. ``workspace`` is the configured name of the workspace it lives in."""

    instance_id: int
    workspace: str

    def living(self, kind: str) -> list[Resource]:
        return list(self._rows().filter(kind=kind).order_by("pk"))

    def get(self, kind: str, name: str) -> Resource | None:
        return self._rows().filter(kind=kind, name=name).first()

    def id_of(self, kind: str, name: str) -> str:
        """The id at Railway of a thing that an earlier step made. Raises LookupError when it is not there."""
        row = self.get(kind, name)
        if row is None or not row.external_id:
            raise LookupError(f"The ledger has no {kind} {name}.")
        return row.external_id

    def knows(self, kind: str, external_id: str) -> bool:
        """Whether this id was ever ours, even if it is gone by now."""
        return Resource.objects.filter(instance_id=self.instance_id, kind=kind, external_id=external_id).exists()

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

        ``create`` is called at once only for rows for which no request was ever sent. After an
        unclear answer ``find`` is asked instead, for as long as a lost request may still take
        effect; only then is ``create`` called again. Raises what both raise, or StillUnclear.
        """
        rows = {name: self._intend(kind, name) for name in names}
        if any(row.attempted_at and not row.external_id for row in rows.values()):
            self._adopt(rows, find())
        missing = [name for name, row in rows.items() if not row.external_id]
        if wait := max((self._unclear_for(rows[name]) for name in missing), default=0.0):
            raise StillUnclear(f"A request for {kind} got no answer: looking for its effect.", retry_after=wait)
        if missing:
            self._create([rows[name] for name in missing], lambda: create(missing))
        return {name: row.external_id for name, row in rows.items()}

    def adopt(self, kind: str, name: str, external_id: str) -> None:
        """Write down a thing that came with another one, such as the environment of a project."""
        with transaction.atomic():
            row = self._intend(kind, name)
            if not row.external_id:
                self.record(row, external_id)

    def doubt(self, kind: str, name: str) -> None:
        """A request for this thing may have been sent that nobody wrote down: it will be looked for first."""
        row = self._intend(kind, name)
        if not row.external_id:
            row.attempted_at = timezone.now()
            row.save(update_fields=["attempted_at"])

    def record(self, row: Resource, external_id: str, *, status: str = "") -> Resource:
        row.external_id = external_id
        row.state = ResourceState.PRESENT
        row.status = status
        row.save(update_fields=["external_id", "state", "status"])
        return row

    def gone(self, row: Resource) -> None:
        """The thing is proven gone; its row stays as evidence."""
        row.state = ResourceState.GONE
        row.gone_at = timezone.now()
        row.save(update_fields=["state", "gone_at"])

    def _rows(self) -> "models.QuerySet[Resource]":
        return Resource.objects.filter(instance_id=self.instance_id).exclude(state=ResourceState.GONE)

    def _intend(self, kind: str, name: str) -> Resource:
        row = self.get(kind, name)
        if row is None:
            row = Resource.objects.create(instance_id=self.instance_id, kind=kind, name=name, workspace=self.workspace)
        return row

    def _adopt(self, rows: Mapping[str, Resource], found: Mapping[str, str]) -> None:
        for name, row in rows.items():
            if not row.external_id and found.get(name):
                self.record(row, found[name])

    def _unclear_for(self, row: Resource) -> float:
        """Seconds until the next look for the effect of a request; 0 when none can come any more."""
        if row.attempted_at is None:
            return 0.0
        passed = (timezone.now() - row.attempted_at).total_seconds()
        if passed < 0:
            # the clock was put back: count anew
            self.doubt(row.kind, row.name)
            passed = 0.0
        left: float = settings.RAILWAY_SETTLE_SECONDS - passed
        return min(left, max(SOONEST_LOOK, passed / 2)) if left > 0 else 0.0

    def _create(self, rows: Sequence[Resource], create: Callable[[], Mapping[str, str]]) -> None:
        mine = Resource.objects.filter(pk__in=[row.pk for row in rows])
        mine.update(attempted_at=timezone.now())
        try:
            created = create()
        except ProvisioningError as error:
            # it may have been under way until this moment
            mine.update(attempted_at=timezone.now() if error.unclear else None)
            raise
        with transaction.atomic():
            for row in rows:
                self.record(row, created[row.name])
