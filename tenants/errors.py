"""What a use case refuses, and why. No HTTP here: each edge turns these into its own answer.

DomainError
├── InvalidInput          a value is wrong: ``field`` names it
│   ├── InvalidClientName, ReservedClientName
│   ├── InvalidEmail, InvalidExpiry, UnknownLanguage
│   ├── InvalidText       a text of people
│   │   └── InvalidName, InvalidCompany
│   ├── UnknownPlan, PlanNotOffered, UnknownPartner, UnknownScope, UnknownBackup, NotConfirmed
│   └── InvalidDomain, ReservedDomain, InvalidWebhookUrl, UnknownWebhookEvent
├── Conflict              the value is right, the moment is not
│   ├── ClientNameTaken, NameTaken, DomainTaken, TooManyDomains
│   ├── WrongState, OperationInProgress, SameEmail, SamePlan, StillLiving, LetterUnderWay
│   ├── PasswordNotKept, KeyNotRotatable, TooManyEndpoints, BackupsUnavailable, NoBackup
│   └── RequestInProgress, AnswerNotKept
├── IdempotencyKeyReused, EndpointGone, UnknownDomain, ConfirmationExpired, SignupClosed, NoTestMode
└── QuotaReached, NoRoom, OrdersStopped
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """``code`` is stable and documented; ``message`` is for the person, in that person's language when shown."""

    code = "invalid"
    message: Text = _("This is not possible.")
    field = ""

    def __init__(self, message: Text | None = None) -> None:
        self.message = message if message is not None else type(self).message
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class InvalidInput(DomainError):
    code = "invalid"


class InvalidClientName(InvalidInput):
    code = "invalid_client_name"
    field = "client_name"
    message = _(
        "A client name has 3 to 50 characters: lower-case letters without accents, digits and hyphens, "
        "with no hyphen at either end. Example: acme-corp."
    )


class ReservedClientName(InvalidInput):
    code = "reserved_client_name"
    field = "client_name"
    message = _("This name is reserved. Choose another one, for example with the name of your town.")


class InvalidEmail(InvalidInput):
    code = "invalid_email"
    field = "email"
    message = _("The e-mail address must look like name@company.com.")


class InvalidText(InvalidInput):
    code = "invalid_text"
    message = _("This text cannot be used.")


class InvalidName(InvalidText):
    code = "invalid_name"
    field = "name"


class InvalidCompany(InvalidName):
    code = "invalid_company"
    field = "company"


class InvalidExpiry(InvalidInput):
    code = "invalid_expiry"
    field = "expires_at"
    message = _("The end must lie in the future.")


class UnknownLanguage(InvalidInput):
    code = "unknown_language"
    field = "language"
    message = _("The language is “fr” or “en”.")


class UnknownPlan(InvalidInput):
    code = "unknown_plan"
    field = "plan"
    message = _("There is no such plan.")


class PlanNotOffered(InvalidInput):
    code = "plan_not_offered"
    field = "plan"
    message = _("This plan is not offered for an instance that is there already.")


class UnknownPartner(InvalidInput):
    code = "unknown_partner"
    field = "partner"
    message = _("There is no such partner.")


class Conflict(DomainError):
    code = "conflict"


class ClientNameTaken(Conflict):
    code = "client_name_taken"
    field = "client_name"
    message = _("This client name is taken. Choose another one.")


class NameTaken(Conflict):
    code = "name_taken"
    field = "name"
    message = _("This name is taken. Choose another one.")


class WrongState(Conflict):
    code = "wrong_state"
    message = _("This is not possible in the state in which the instance is now.")


class OperationInProgress(Conflict):
    code = "operation_in_progress"
    message = _("Other work is under way on this instance. Try again when it has ended.")


class StillLiving(Conflict):
    code = "still_living"
    message = _("An Odoo of yours has not ended yet. End it first; when it is deleted, your data can be erased.")


class LetterUnderWay(Conflict):
    code = "letter_under_way"
    message = _("An e-mail to you is about to be sent. Please try again in a few minutes.")


class SameEmail(Conflict):
    code = "same_email"
    field = "email"
    message = _("This is the address that the administrator has already.")


class SamePlan(Conflict):
    code = "same_plan"
    field = "plan"
    message = _("This is the plan that it has already.")


class PasswordNotKept(Conflict):
    code = "password_not_kept"
    message = _(
        "The password is not kept any more, so it cannot be mailed once more. "
        "Give a new one instead: it is mailed to the customer."
    )


class BackupsUnavailable(Conflict):
    code = "backups_unavailable"
    message = _("Backups are not available here at the moment.")


class NoBackup(Conflict):
    code = "no_backup"
    message = _("There is no good backup yet. Ask for one, and try again when it is good.")


class InvalidDomain(InvalidInput):
    code = "invalid_domain"
    field = "name"
    message = _("A domain has at least two parts with a dot between them. Example: erp.my-company.com.")


class ReservedDomain(InvalidInput):
    code = "reserved_domain"
    field = "name"
    message = _("This name is ours or our host’s. Type a domain of your own.")


class DomainTaken(Conflict):
    code = "domain_taken"
    field = "name"
    message = _("This domain is in use here already. If it is yours, write to us.")


class TooManyDomains(Conflict):
    code = "too_many_domains"
    message = _("This Odoo has as many domains as it may have. Remove one first.")


class UnknownDomain(DomainError):
    code = "not_found"
    message = _("This Odoo has no such domain.")


class UnknownBackup(InvalidInput):
    code = "unknown_backup"
    field = "backup"
    message = _("This instance has no such backup that could be restored.")


class NotConfirmed(InvalidInput):
    code = "not_confirmed"
    field = "client_name"
    message = _("This is not the client name.")


class ConfirmationUsed(Conflict):
    code = "confirmation_used"
    message = _("This link has already been used.")


class ConfirmationExpired(DomainError):
    code = "confirmation_expired"
    message = _("This link is not valid any more.")


class SignupClosed(DomainError):
    code = "signup_closed"
    message = _("Signup is closed at the moment.")


class NoTestMode(DomainError):
    code = "test_mode_off"
    message = _("Test mode is not set up here: TEST_MODE_URL is empty.")


class QuotaReached(DomainError):
    code = "quota_reached"
    message = _("The number of live instances that was agreed is reached.")


class NoRoom(DomainError):
    code = "no_room"
    message = _("We cannot take a new instance right now: there is no room left. We are making some; try again later.")


class OrdersStopped(DomainError):
    code = "orders_stopped"
    message = _("We take no new orders for this plan right now. Nothing was ordered; please try again later.")


class UnknownScope(InvalidInput):
    code = "unknown_scope"
    field = "scopes"
    message = _("A key of this kind cannot have these scopes.")


class InvalidWebhookUrl(InvalidInput):
    code = "invalid_webhook_url"
    field = "url"
    message = _("The address must begin with https://, be public, use port 443 or 8443 and hold no password.")


class UnknownWebhookEvent(InvalidInput):
    code = "unknown_webhook_event"
    field = "events"
    message = _("There is no such event.")


class KeyNotRotatable(Conflict):
    code = "key_not_rotatable"
    message = _("This key is revoked, expired or already replaced.")


class TooManyEndpoints(Conflict):
    code = "too_many_endpoints"
    message = _("A partner has ten webhook endpoints at most.")


class EndpointGone(DomainError):
    code = "not_found"
    message = _("This webhook endpoint was deleted a moment ago.")


class RequestInProgress(Conflict):
    code = "request_in_progress"
    message = _("A request with this Idempotency-Key is still at work. Ask again in a moment.")


class AnswerNotKept(Conflict):
    code = "answer_not_kept"
    message = _(
        "This request was carried out before, but its answer cannot be read any more. Nothing was done again: "
        "look for what it made before you send another one with a new Idempotency-Key."
    )


class IdempotencyKeyReused(DomainError):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was used with another request. Use a new one.")
