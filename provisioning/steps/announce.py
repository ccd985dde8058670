"""The last step of a creation. Its record ends the operation, and in that same transaction those who
listen make the instance ready and write the welcome e-mail and the partner's webhooks as rows."""

from provisioning.outcomes import Done
from provisioning.steps.context import Context
from provisioning.steps.project import check_kept


def announce(ctx: Context) -> Done:
    """A last look, and nothing to do outside: the news goes up when this step is recorded."""
    check_kept(ctx)
    return Done()
