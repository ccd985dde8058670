"""The request budgets in the database: on the embedded default, and while Redis is away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from django.db import transaction

from provisioning.gate.budget_rules import Allowance, Grant, Lesson, Terms
from provisioning.models import RequestBudget


def take(workspace: str, terms: Terms) -> Grant:
    with _locked(workspace) as allowance:
        return allowance.take(time.time(), terms)


def learn(workspace: str, lesson: Lesson) -> None:
    with _locked(workspace) as allowance:
        allowance.learn(time.time(), lesson)


def read(workspace: str) -> Allowance:
    row = RequestBudget.objects.filter(pk=workspace).first()
    return Allowance(**row.figures) if row else Allowance()


@contextmanager
def _locked(workspace: str) -> Iterator[Allowance]:
    with transaction.atomic():
        RequestBudget.objects.get_or_create(workspace=workspace)
        row = RequestBudget.objects.select_for_update().get(workspace=workspace)
        allowance = Allowance(**row.figures)
        yield allowance
        figures = asdict(allowance)
        if figures != row.figures:
            RequestBudget.objects.filter(pk=workspace).update(figures=figures)
