"""The request budgets in the database: on the embedded default, and while Redis is away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from django.db import transaction

from provisioning.gate.budget_rules import Budget, Grant, Lesson, Terms
from provisioning.models import RequestBudget


def take(workspace: str, terms: Terms) -> Grant:
    with _locked(workspace) as budget:
        return budget.take(time.time(), terms)


def learn(workspace: str, lesson: Lesson) -> None:
    with _locked(workspace) as budget:
        budget.learn(time.time(), lesson)


def read(workspace: str) -> Budget:
    row = RequestBudget.objects.filter(pk=workspace).first()
    return Budget(**row.figures) if row else Budget()


@contextmanager
def _locked(workspace: str) -> Iterator[Budget]:
    with transaction.atomic():
        RequestBudget.objects.get_or_create(workspace=workspace)
        row = RequestBudget.objects.select_for_update().get(workspace=workspace)
        budget = Budget(**row.figures)
        yield budget
        figures = asdict(budget)
        if figures != row.figures:
            RequestBudget.objects.filter(pk=workspace).update(figures=figures)
