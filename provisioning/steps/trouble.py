"""What went wrong in work that ends only when all is as before: kept in its facts, where the later steps read it."""

from collections.abc import Callable

from provisioning.errors import NotNow, Permanent, Temporary
from provisioning.gate import circuit
from provisioning.outcomes import Done, Wait
from provisioning.steps.context import Context

# facts of the operation: why it did not succeed, as a code and for staff
TROUBLE, MESSAGE = "trouble", "trouble_message"
# fewer failures than those after which the engine gives up: then nobody would bring the former state back
MOST_FAILURES = 9


def trouble(code: str, message: str) -> Done:
    return Done({TROUBLE: code, MESSAGE: message[:300]})


def unless_in_trouble(step: Callable[[Context], Done | Wait]) -> Callable[[Context], Done | Wait]:
    """Run the step unless an earlier one has met trouble; what it raises for good, or again and again, is trouble.

    What Railway's outage takes, and what only has to wait its turn, is none.
    """

    def run(ctx: Context) -> Done | Wait:
        if TROUBLE in ctx.operation.facts:
            return Done()
        try:
            return step(ctx)
        except NotNow:
            raise
        except Permanent as error:
            return trouble(error.code, error.message)
        except Temporary as error:
            most = min(error.most_tries or MOST_FAILURES, MOST_FAILURES)
            if ctx.step.failures + 1 < most or error.code == circuit.WAITING or circuit.is_open(ctx.spec.workspace):
                raise
            return trouble(error.code, error.message)

    return run
