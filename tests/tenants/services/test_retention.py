"""What nobody needs any more is cleared by the hour."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.tasks import forget_and_remind

pytestmark = pytest.mark.django_db


def test_ended_sessions_are_cleared_and_living_ones_stay():
    now = timezone.now()
    Session.objects.create(session_key="ended", session_data="x", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="living", session_data="x", expire_date=now + timedelta(hours=1))
    forget_and_remind()
    assert set(Session.objects.values_list("session_key", flat=True)) == {"living"}


def test_wrong_passwords_of_the_day_before_are_cleared_and_fresh_ones_still_count():
    for name, hours in (("old", 25), ("fresh", 0)):
        attempt = AccessAttempt.objects.create(username=name, ip_address="192.0.2.1", failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=timezone.now() - timedelta(hours=hours))
    AccessLog.objects.create(username="staff", ip_address="192.0.2.1")
    forget_and_remind()
    assert set(AccessAttempt.objects.values_list("username", flat=True)) == {"fresh"}
    assert not AccessLog.objects.exists()
