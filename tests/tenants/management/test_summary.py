"""What the command that creates an instance says of its welcome e-mail."""

import pytest
from django.utils import translation

from tenants.management.summary import where_to_read
from tenants.models import Mail


@pytest.mark.any_store("no row is read")
@pytest.mark.parametrize(
    ("error", "said"),
    [("", "on its way to a@b.example"), ("refused", "will be sent again later to a@b.example: refused")],
)
def test_a_mail_that_a_worker_is_at_is_not_told_as_one_that_failed(error, said):
    with translation.override("en"):
        assert where_to_read(Mail(recipient="a@b.example", state=Mail.State.QUEUED, error=error)) == said
