"""What a step sees: the frozen spec, the ledger, the clients and the clock. Never a live domain row."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from provisioning.gate import clients, turns
from provisioning.ledger.entries import Ledger
from provisioning.models import Operation, Step
from provisioning.outcomes import Wait
from provisioning.railway.client import RailwayClient
from provisioning.railway.results import Stack
from provisioning.spec import InstanceSpec


@dataclass
class Context:
    operation: Operation
    step: Step
    ledger: Ledger
    spec: InstanceSpec = field(init=False)

    def __post_init__(self) -> None:
        self.spec = self.operation.instance_spec

    @cached_property
    def railway(self) -> RailwayClient:
        return clients.railway(self.spec.workspace)

    @cached_property
    def workspace_id(self) -> str:
        return clients.workspace_id(self.spec.workspace)

    @cached_property
    def project_id(self) -> str:
        return self.ledger.id_of("project", "project")

    @cached_property
    def environment_id(self) -> str:
        return self.ledger.id_of("environment", "production")

    def stack(self) -> Stack:
        """Railway's own view of the project, read now."""
        return self.railway.stack(self.project_id, self.environment_id)

    def secret(self, name: str) -> str | None:
        """A sealed input of the operation in clear, or None when it was not given or is no longer kept."""
        return self.operation.secrets().get(name)

    def note(self, **notes: str | float | int) -> None:
        """Remember something small (never a secret) for the next time this step runs."""
        self.step.notes.update(notes)
        self.step.save(update_fields=["notes"])

    def is_time_to_ask_again(self, patience: timedelta) -> bool:
        """Whether what an earlier step asked for should be there by now; counts anew when it says so."""
        now = time.time()
        asked = self.step.notes.get("asked")
        due = asked is not None and now >= asked + patience.total_seconds()
        if asked is None or due:
            self.note(asked=now)
        return due

    def turn(self, request: str) -> Wait | None:
        """None when it is this step's turn to send a paced request (once), else how long to wait for it."""
        queue = turns.queue_name(request, self.spec.workspace)
        if not turns.interval(queue):
            return None
        seconds = turns.take(self.operation, queue)
        if seconds:
            return Wait(seconds, "waiting_for_turn", queue)
        if not self.step.notes.get("had_turn"):
            # what was waited for in the queue does not count as the step's own time
            self.step.started_at = timezone.now()
            self.step.save(update_fields=["started_at"])
            self.note(had_turn=1)
        return None
