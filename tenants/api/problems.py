"""The catalogue of problems: every error that the API answers, in RFC 9457's form. docs/api.md lists the same."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Entry:
    """``title`` is what this kind of problem is called; ``detail`` serves when nothing more exact is known."""

    status: int
    title: Text
    detail: Text = ""


_INVALID = _("A value is not accepted")
_STATE = _("Not possible now")

CATALOGUE: dict[str, Entry] = {
    # the request cannot be read
    "bad_request": Entry(400, _("Bad request"), _("The request cannot be understood.")),
    "malformed_json": Entry(400, _("Malformed JSON"), _("The body is not a JSON object.")),
    "invalid_idempotency_key": Entry(
        400, _("Bad Idempotency-Key"), _("An Idempotency-Key has 1 to 255 printable ASCII characters.")
    ),
    # who asks, and may they
    "key_required": Entry(
        401, _("API key required"), _("Send your API key in the Authorization header, after the word Bearer.")
    ),
    "invalid_key": Entry(401, _("API key not valid"), _("This API key is unknown, revoked or expired.")),
    "forbidden": Entry(403, _("Forbidden"), _("This is not allowed.")),
    "missing_scope": Entry(403, _("Scope missing"), _("This API key may not do this.")),
    "origin_not_allowed": Entry(
        403, _("Origin not allowed"), _("This publishable key may not be used from this web site.")
    ),
    "invalid_status_token": Entry(
        403, _("Status token not valid"), _("This status token is not, or no longer, the instance's.")
    ),
    "signup_closed": Entry(403, _("Signup closed"), _("Public signup is closed. Please ask for an API key.")),
    "signup_page_required": Entry(
        403, _("Signup page required"), _("Here a visitor has to use the signup page, which asks for a proof first.")
    ),
    # how it is asked
    "not_found": Entry(404, _("Not found"), _("There is nothing at this address.")),
    "method_not_allowed": Entry(405, _("Method not allowed"), _("This address does not take this method.")),
    "length_required": Entry(
        411, _("Length required"), _("Send the body with its length in the Content-Length header.")
    ),
    "body_too_large": Entry(413, _("Body too large"), _("The body may have 64 kB at most.")),
    "unsupported_media_type": Entry(
        415, _("Unsupported media type"), _("Send JSON and name it in the Content-Type header (application/json).")
    ),
    # a value is wrong
    "invalid": Entry(422, _INVALID, _("Some values are not accepted.")),
    "invalid_client_name": Entry(422, _INVALID),
    "reserved_client_name": Entry(422, _INVALID),
    "invalid_email": Entry(422, _INVALID),
    "invalid_company": Entry(422, _INVALID),
    "invalid_text": Entry(422, _INVALID),
    "invalid_expiry": Entry(422, _INVALID),
    "unknown_language": Entry(422, _INVALID),
    "unknown_plan": Entry(422, _INVALID),
    "plan_not_offered": Entry(422, _INVALID),
    "unknown_backup": Entry(422, _INVALID),
    "invalid_domain": Entry(422, _INVALID),
    "reserved_domain": Entry(422, _INVALID),
    "not_confirmed": Entry(422, _INVALID),
    "invalid_webhook_url": Entry(422, _INVALID),
    "unknown_webhook_event": Entry(422, _INVALID),
    "idempotency_key_reused": Entry(422, _("Idempotency-Key used twice")),
    "captcha": Entry(422, _("A proof is missing"), _("Please confirm that you are a person.")),
    # the moment is wrong
    "client_name_taken": Entry(409, _("Client name taken")),
    "wrong_state": Entry(409, _STATE),
    "operation_in_progress": Entry(409, _STATE),
    "same_email": Entry(409, _STATE),
    "same_plan": Entry(409, _STATE),
    "password_not_kept": Entry(409, _STATE),
    "backups_unavailable": Entry(409, _STATE),
    "no_backup": Entry(409, _STATE),
    "domain_taken": Entry(409, _("Domain taken")),
    "too_many_domains": Entry(409, _STATE),
    "too_many_endpoints": Entry(409, _STATE),
    "request_in_progress": Entry(409, _STATE),
    "answer_not_kept": Entry(409, _("Answer not kept")),
    "conflict": Entry(409, _STATE, _("This is not possible now.")),
    # too much
    "rate_limited": Entry(429, _("Too many requests"), _("Too many requests. Please wait before the next one.")),
    "quota_reached": Entry(429, _("Quota reached")),
    # us
    "unexpected": Entry(500, _("Unexpected error"), _("Something went wrong here. Our team has been told.")),
    "no_room": Entry(503, _("No room for a new instance")),
    "orders_stopped": Entry(503, _("No new orders at the moment")),
    "unavailable": Entry(503, _("Unavailable for a moment"), _("Please try again in a moment.")),
}

BY_STATUS = {400: "bad_request", 401: "key_required", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
             411: "length_required", 413: "body_too_large", 415: "unsupported_media_type",
             503: "unavailable"}  # fmt: skip


@dataclass(frozen=True)
class FieldError:
    """``pointer`` is a JSON pointer into the body, or ``?name`` for a parameter of the address."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True)
class Problem:
    """One problem as it is answered. ``detail`` overrides the catalogue's, ``members`` say more than all have."""

    code: str
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return CATALOGUE[self.code].status

    def body(self, *, request_id: str) -> dict[str, Any]:
        """``error`` repeats ``detail`` for those who read only one word."""
        entry = CATALOGUE[self.code]
        detail = self.detail or str(entry.detail)
        found: dict[str, Any] = {
            "type": address_of(self.code),
            "title": str(entry.title),
            "status": entry.status,
            "detail": detail,
            "error": detail,
            "code": self.code,
            "requestId": request_id,
            **self.members,
        }
        if self.errors:
            found["errors"] = [
                {"pointer": error.pointer, "code": error.code, "detail": error.detail} for error in self.errors
            ]
        return found


def address_of(code: str) -> str:
    """A problem's ``type``, which is the page that explains it."""
    return f"{settings.PUBLIC_BASE_URL}/api/problems/{code}"


def problem_of_status(status: int) -> Problem:
    """The general problem for a status that something below the API answered."""
    if status in BY_STATUS:
        return Problem(BY_STATUS[status])
    return Problem("unexpected" if status >= 500 else "bad_request")
