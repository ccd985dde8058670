"""Projects: those that Railway lists and nobody owns, and those that we own and Railway does not list."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from provisioning.models import Resource
from provisioning.railway.results import Project
from provisioning.reconciliation.differences import Act, Difference, Hold, Kind
from provisioning.reconciliation.owned import LEAK, Expected, Owned, is_being_deleted

MARKER = "eazynova-instance="
PROJECT = "project"
NEEDED = frozenset({Expected.RUNNING, Expected.STOPPED})


def marker_of(project: Project) -> str:
    """Our marker among the words of the description, "" when there is none."""
    return next((word for word in project.description.split() if word.startswith(MARKER)), "")


def is_proven(project: Project, owned: Owned) -> bool:
    """Name and description are exactly those that we gave: nobody has made it something else since."""
    return project.description.strip() == owned.marker and project.name == owned.project_name


@dataclass
class ProjectComparison:
    """``oldest`` is the moment before which a project must have been created for anything to be done about it."""

    workspace: str
    listing: Sequence[Project]
    owned: Sequence[Owned]
    oldest: datetime
    _by_marker: dict[str, Owned] = field(init=False)
    _by_project: dict[str, tuple[Owned, Resource]] = field(init=False)
    _listed: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._by_marker = {each.marker: each for each in self.owned}
        self._by_project = {
            row.external_id: (each, row)
            for each in self.owned
            for row in each.resources
            if row.kind == PROJECT and row.external_id
        }
        self._listed = {project.id for project in self.listing}
        self._candidates = Counter(marker_of(each) for each in self.listing if each.id not in self._by_project)

    @property
    def ours(self) -> int:
        """How many of the listed projects have our marker or stand in our ledger."""
        return sum(1 for each in self.listing if each.id in self._by_project or marker_of(each))

    def differences(self) -> Iterator[Difference]:
        for project in self.listing:
            found = self._listed_project(project)
            if found:
                yield found
        for each in self.owned:
            yield from self._unlisted(each)

    def _listed_project(self, project: Project) -> Difference | None:
        if project.id in self._by_project:
            return self._in_the_ledger(project, *self._by_project[project.id])
        marker = marker_of(project)
        if marker in self._by_marker:
            return self._not_in_the_ledger(project, self._by_marker[marker])
        if marker:
            return Difference(
                Kind.LEAK_UNKNOWN,
                self.workspace,
                thing=f"project {project.name}",
                external_id=project.id,
                detail=marker.removeprefix(MARKER),
            )
        return None

    def _in_the_ledger(self, project: Project, owner: Owned, row: Resource) -> Difference | None:
        leak = row.name.startswith(LEAK)
        if project.deleted_at is not None and not leak and owner.expected in NEEDED:
            return self._found(Kind.DELETION_UNWANTED, owner, project)
        if project.deleted_at is not None or is_being_deleted(row):
            return self._found(Kind.DELETION_PENDING, owner, project)
        if owner.expected is Expected.GONE or leak:
            kind = Kind.LEAK_ENDED if owner.expected is Expected.GONE else Kind.LEAK_DOUBLE
            return self._found(kind, owner, project, act=Act.DELETE)
        if project.description.strip() != owner.marker:
            return self._found(Kind.DRIFT_MARKER, owner, project)
        return None

    def _not_in_the_ledger(self, project: Project, owner: Owned) -> Difference:
        if owner.expected is Expected.GONE:
            return self._found(Kind.LEAK_ENDED, owner, project, act=Act.DELETE)
        own = owner.row(PROJECT, PROJECT)
        if own is None:
            only = self._candidates[owner.marker] == 1
            return self._found(Kind.NOT_ADOPTED, owner, project, act=Act.ADOPT, certain=only)
        return self._found(Kind.LEAK_DOUBLE, owner, project, act=Act.DELETE, certain=own.external_id in self._listed)

    def _found(
        self, kind: Kind, owner: Owned, project: Project, *, act: Act | None = None, certain: bool = True
    ) -> Difference:
        return owner.differs(
            kind,
            self.workspace,
            f"project {project.name}",
            external_id=project.id,
            act=act,
            hold=self._hold(owner, project, certain=certain) if act else None,
        )

    def _hold(self, owner: Owned, project: Project, *, certain: bool) -> Hold | None:
        if not is_proven(project, owner):
            return Hold.UNPROVEN
        if not certain:
            return Hold.AMBIGUOUS
        if project.created_at is None or project.created_at > self.oldest:
            return Hold.YOUNG
        return None

    def _unlisted(self, owner: Owned) -> Iterator[Difference]:
        rows = [row for row in owner.living(PROJECT) if row.external_id]
        missing = [row for row in rows if row.external_id not in self._listed]
        if owner.expected is Expected.GONE:
            if owner.living() and len(missing) == len(rows) and not self._candidates[owner.marker]:
                yield owner.differs(Kind.LEDGER_OPEN, self.workspace, "ledger", act=Act.CLOSE)
            return
        for row in missing:
            if row.name.startswith(LEAK):
                yield owner.differs(
                    Kind.LEDGER_OPEN, self.workspace, f"project {row.name}", external_id=row.external_id, act=Act.CLOSE
                )
            else:
                yield owner.differs(Kind.VANISHED, self.workspace, "project", external_id=row.external_id)
