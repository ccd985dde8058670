"""What becomes of the row of a restoration, whatever is said of it and when."""

import pytest
from django.utils import timezone

from provisioning.backups import restores
from provisioning.models import Backup, Restore

pytestmark = pytest.mark.django_db
_S = Restore.State


@pytest.mark.parametrize("state", [_S.WAITING, _S.LOADING, _S.FAILED, _S.UNDONE])
def test_what_was_not_loaded_is_never_called_proven(instance, state):
    now = timezone.now()
    backup = Backup.objects.create(
        instance=instance, occasion="daily", state="good", size=1, sha256="a" * 64, key="k", taken_at=now, ended_at=now
    )
    restore = Restore.objects.create(instance=instance, backup=backup, state=state)
    restores.prove(restore)
    restore.refresh_from_db()
    backup.refresh_from_db()
    assert (restore.state, backup.proven_at) == (state, None)
