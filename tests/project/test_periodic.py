import logging

import pytest
from celery import current_app

from eazynova_site.celery import PERIODIC, app
from eazynova_site.management.commands.worker import attempt


def test_every_periodic_job_names_a_task_that_exists():
    app.loader.import_default_modules()
    assert [job.task for job in PERIODIC if job.task not in current_app.tasks] == []


def test_beat_runs_exactly_the_periodic_jobs():
    assert {(entry["task"], entry["schedule"]) for entry in app.conf.beat_schedule.values()} == {
        (job.task, job.seconds) for job in PERIODIC
    }


@pytest.mark.django_db
def test_a_failing_job_does_not_end_the_embedded_worker(caplog):
    def broken():
        raise ConnectionError("the database is away")

    with caplog.at_level(logging.ERROR):
        assert attempt(broken) is False
    assert "the database is away" in caplog.text
    assert attempt(lambda: None) is True
