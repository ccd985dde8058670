"""What can go wrong while an operation runs, as the engine sees it.

    ProvisioningError
    ├── Temporary   the same step may be tried again later
    │   └── NotNow  nothing was done and nothing went wrong: the operation only waits
    └── Permanent   trying again without a change cannot help

Every adapter's error is also one of the two, so the engine never has to know Railway or Odoo.
"""


class ProvisioningError(Exception):
    """Carries a stable ``code`` (looked up in the catalogue of reasons) and a message for staff, never a secret.

    ``unclear`` says that the request may have had its effect although no usable answer came:
    the engine then looks for the effect before it asks again.
    """

    code = "unexpected"

    def __init__(self, message: str, *, code: str | None = None, unclear: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.unclear = unclear


class Temporary(ProvisioningError):
    """Try the step again, not before ``retry_after`` seconds when the other side named a time.

    ``most_tries`` is how often a step is worth trying when fewer than usual are; None for the usual number.
    """

    code = "temporary"
    most_tries: int | None = None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        unclear: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code, unclear=unclear)
        self.retry_after = retry_after


class NotNow(Temporary):
    """Nothing was done: come back after ``retry_after`` seconds. No failure is counted and the deadline moves along.

    ``queue`` names what is waited for; who waits in one queue is let in oldest operation first.
    """

    queue = ""

    def __init__(self, message: str, *, retry_after: float, queue: str = "") -> None:
        super().__init__(message, retry_after=retry_after)
        self.queue = queue


class Permanent(ProvisioningError):
    """Stop the operation, loudly, and keep what it made for a retry or a clean-up."""

    code = "permanent"
