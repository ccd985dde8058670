"""For commands in the foreground: what Railway refuses for a moment is asked again before anybody is told."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from provisioning.errors import Temporary

PAUSES = (1.0, 2.0, 4.0)
LONGEST = 10.0
Answer = TypeVar("Answer")


def ask(question: Callable[[], Answer]) -> Answer:
    """The answer to what may be asked at will; a temporary error is asked again, three times within some seconds.

    Raises ProvisioningError: what is permanent at once, what is temporary when it lasts or needs a longer wait.
    """
    for pause in PAUSES:
        try:
            return question()
        except Temporary as error:
            if (error.retry_after or 0.0) > LONGEST:
                raise
            sleep(max(pause, error.retry_after or 0.0))
    return question()
