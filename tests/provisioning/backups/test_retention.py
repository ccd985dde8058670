"""What is kept of a year of backups, by the days on which they were made."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from provisioning.backups.retention import RetentionPolicy, kept
from provisioning.models import Backup

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
_O = Backup.Occasion


def made(days_ago, occasion=_O.DAILY):
    return Backup(pk=days_ago, taken_at=NOW - timedelta(days=days_ago, hours=8), occasion=occasion)


def days_kept(backups, **policy):
    return sorted(kept(backups, RetentionPolicy(**policy), NOW))


def test_of_a_year_of_daily_ones_the_last_of_each_day_week_and_month_stay():
    found = days_kept([made(days) for days in range(400)])
    assert found[:7] == [0, 1, 2, 3, 4, 5, 6]
    assert len([days for days in found if days < 28]) <= 7 + 4
    assert all(later - earlier <= 31 for earlier, later in pairwise(found))
    assert 335 <= found[-1] <= 372


def test_the_only_one_is_kept_however_old_it_is():
    assert days_kept([made(800)]) == [800]
    assert days_kept([made(800), made(801)]) == [800]


def test_what_was_made_before_a_change_stays_beside_the_daily_one_for_as_long():
    same_day = Backup(pk=900, taken_at=NOW - timedelta(days=3, hours=9), occasion=_O.BEFORE_CHANGE)
    assert 900 in days_kept([made(0), made(3), same_day])
    assert 900 not in days_kept([made(0), made(3), same_day], days=2)


def test_the_last_one_of_an_instance_goes_when_its_time_is_over():
    assert days_kept([made(89, _O.FINAL)]) == [89]
    assert days_kept([made(91, _O.FINAL)]) == []
    assert days_kept([made(91, _O.FINAL), made(92)], final_days=95) == [91, 92]


def test_one_that_was_believed_however_small_takes_no_others_place():
    """Whoever believed it may have been wrong: what was good before stays as long as a daily one does."""
    believed = Backup(pk=900, taken_at=NOW - timedelta(hours=1), occasion=_O.MANUAL, any_size=True)
    assert days_kept([believed, made(0)]) == [0, 900]
    assert days_kept([believed, made(60), made(61)], weeks=4, months=1) == [60, 900]
    later = [made(days) for days in range(-8, 0)]
    assert 900 not in kept(
        [*later, believed, made(0)], RetentionPolicy(days=7, weeks=0, months=0), NOW + timedelta(days=8)
    )
