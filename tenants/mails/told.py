"""A letter about an instance's life in one design that text and HTML share, and what it is made from."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from tenants.models import Instance, Mail, Partner
from tenants.wording import dates

# so long at least before anything is stopped or deleted by itself, the customer has been told
NOTICE = timedelta(days=1)
# who has brought it about, among the facts of the work and of the mail
BY = "by"
# of which change of plan, among the facts of the mail
CHANGE = "plan_change"
BY_EXPIRY, BY_CUSTOMER, BY_SELLER = "expiry", "customer", "seller"


@dataclass(frozen=True)
class Notice:
    """``facts`` are pairs of a label and its value; ``action`` is the words of the one button and its address."""

    title: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    facts: tuple[tuple[str, str], ...] = field(default=())
    after: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Told:
    """``page`` is where its customer sees and decides what becomes of the instance."""

    mail: Mail
    instance: Instance
    company: str
    page: str

    @property
    def partner(self) -> Partner:
        return self.instance.tenant.partner

    @property
    def by(self) -> str:
        """Who has brought it about: BY_EXPIRY, BY_CUSTOMER, or whoever sold it."""
        return str(self.mail.facts.get(BY, ""))

    @property
    def date(self) -> str:
        """When what is announced comes at the earliest: a mail that goes out late names no day that is too near."""
        return dates.day_or_hour(max(self.mail.announces or timezone.now(), timezone.now() + NOTICE))
