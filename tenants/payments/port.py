"""What is asked of whoever takes the money; what a provider answers never decides about an instance by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tenants.models import Instance, Plan


class PaymentState(StrEnum):
    """Of one instance, as the provider says it."""

    NOTHING_DUE = "nothing_due"
    PAID = "paid"
    OWING = "owing"


@dataclass(frozen=True)
class Checkout:
    """``words`` say how it is paid, in the reader's language; ``url`` is where the customer pays, "" for nowhere."""

    words: str
    url: str = ""


class PaymentProvider(Protocol):
    def checkout(self, instance: Instance, plan: Plan) -> Checkout:
        """How this plan is paid for, told before it is ordered and asked for again when it is."""
        ...

    def portal(self, instance: Instance) -> str:
        """Where its customer sees invoices and means of payment; "" when there is no such page."""
        ...

    def state(self, instance: Instance) -> PaymentState: ...

    def receive(self, headers: Mapping[str, str], body: bytes) -> str:
        """The id of the event that the provider tells of, "" for none. Raises ValueError for what it has not signed."""
        ...
