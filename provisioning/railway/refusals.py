"""From an error object in a GraphQL answer to the error it means.

Railway uses INTERNAL_SERVER_ERROR for most business errors, so the message decides first. Messages and codes are
those seen by Railway's own CLI and by other clients of the API.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from provisioning.railway import errors

SHORTEST_VALUE = 4
LONGEST_MESSAGE = 300
Kind = type[errors.RailwayTemporary] | type[errors.RailwayPermanent]

# In this order: the first text that occurs in the lower-case message decides.
BY_MESSAGE: tuple[tuple[str, Kind], ...] = (
    ("project token not found", errors.TokenRefused),
    ("two factor authentication required", errors.TokenRefused),
    ("invalid token", errors.TokenRefused),
    ("invalid api token", errors.TokenRefused),
    ("token has expired", errors.TokenRefused),
    ("unauthenticated", errors.TokenRefused),
    ("not authenticated", errors.TokenRefused),
    ("not authorized", errors.NotAuthorized),
    ("unauthorized", errors.NotAuthorized),
    ("forbidden", errors.NotAuthorized),
    ("permission", errors.NotAuthorized),
    ("must specify a workspaceid", errors.BadRequest),
    ("creating projects too quickly", errors.ProjectThrottled),
    ("creating volumes too quickly", errors.VolumeThrottled),
    ("already in progress", errors.Busy),
    ("cannot redeploy yet", errors.Busy),
    ("already exists", errors.AlreadyExists),
    ("already in use", errors.AlreadyExists),
    ("already taken", errors.AlreadyExists),
    ("been taken", errors.AlreadyExists),
    ("is taken", errors.AlreadyExists),
    ("domain is not available", errors.AlreadyExists),
    ("serviceinstance not found", errors.NotYetVisible),
    ("service instance not found", errors.NotYetVisible),
    ("service not found", errors.NotYetVisible),
    ("volumeinstance not found", errors.NotYetVisible),
    ("volume instance not found", errors.NotYetVisible),
    ("failed to create service domain", errors.NotYetVisible),
    ("temporarily paused", errors.Paused),
    ("deployments are paused", errors.Paused),
    ("deploys are paused", errors.Paused),
    ("trial has expired", errors.AccountBlocked),
    ("trial has ended", errors.AccountBlocked),
    ("select a plan", errors.AccountBlocked),
    ("payment", errors.AccountBlocked),
    ("past due", errors.AccountBlocked),
    ("unpaid", errors.AccountBlocked),
    ("subscription", errors.AccountBlocked),
    ("out of credit", errors.AccountBlocked),
    ("has been suspended", errors.AccountBlocked),
    ("banned", errors.AccountBlocked),
    ("rate limit", errors.RateLimited),
    ("too many requests", errors.RateLimited),
    ("limit exceeded", errors.PlanLimit),
    ("upgrade", errors.PlanLimit),
    ("usage limit", errors.PlanLimit),
    ("entitlement", errors.PlanLimit),
    ("your plan", errors.PlanLimit),
    ("problem processing request", errors.ServerProblem),
    ("internal server error", errors.ServerProblem),
    ("got invalid value", errors.BadRequest),
    ("not found", errors.NotFound),
    ("invalid", errors.ValueRefused),
    ("is too long", errors.ValueRefused),
    ("must be at most", errors.ValueRefused),
    ("reserved", errors.ValueRefused),
    ("something went wrong", errors.ServerProblem),
    ("unexpected error", errors.ServerProblem),
    ("try again", errors.ServerProblem),
    ("temporarily", errors.ServerProblem),
    ("timed out", errors.ServerProblem),
    ("timeout", errors.ServerProblem),
    ("unavailable", errors.ServerProblem),
)
BY_CODE: Mapping[str, Kind] = {
    "UNAUTHENTICATED": errors.TokenRefused,
    "UNAUTHORIZED": errors.NotAuthorized,
    "FORBIDDEN": errors.NotAuthorized,
    "NOT_FOUND": errors.NotFound,
    "RATE_LIMITED": errors.RateLimited,
    "TOO_MANY_REQUESTS": errors.RateLimited,
    "PLAN_LIMIT": errors.PlanLimit,
    "SUBSCRIPTION_REQUIRED": errors.AccountBlocked,
    "PAYMENT_REQUIRED": errors.AccountBlocked,
    "BAD_USER_INPUT": errors.BadRequest,
    "BAD_REQUEST": errors.BadRequest,
    "GRAPHQL_VALIDATION_FAILED": errors.BadRequest,
    "GRAPHQL_PARSE_FAILED": errors.BadRequest,
}
# Refusals after which nobody can say whether a mutation had its effect, now or by an earlier, unanswered request.
UNCLEAR: tuple[Kind, ...] = (errors.ServerProblem, errors.UnknownRefusal, errors.AlreadyExists)

_REJECTED_VALUE = re.compile(r"got invalid value .*?(?= at \"|; |$)", re.DOTALL)


def refusal(error: Mapping[str, Any], *, mutation: bool, hide: Callable[[str], str]) -> errors.RailwayError:
    """The typed error for one member of an answer's ``errors``; an unknown one is a ServerProblem to a query, an
    UnknownRefusal to a mutation.

    ``hide`` removes what a message must not show.
    """
    message = str(error.get("message") or "no message")
    extensions = error.get("extensions")
    code = str(extensions.get("code") or "") if isinstance(extensions, Mapping) else ""
    kind = _kind(message.lower(), code) or (errors.UnknownRefusal if mutation else errors.ServerProblem)
    shown = hide(message)
    if issubclass(kind, errors.RailwayPermanent):
        return kind(shown)
    if issubclass(kind, errors.RateLimited):
        return kind(shown)
    return kind(shown, unclear=mutation and issubclass(kind, UNCLEAR))


def hider(token: str, variables: Mapping[str, Any]) -> Callable[[str], str]:
    """A function that takes the token and every text among the variables out of a message, and shortens it.

    Railway's validation errors quote the refused value, and variables carry customers' secrets.
    """
    texts = {token, *_texts(variables)}
    quoted = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for text in texts for ascii_only in (True, False)}
    hidden = sorted((text for text in texts | quoted if len(text) >= SHORTEST_VALUE), key=len, reverse=True)

    def hide(message: str) -> str:
        for text in hidden:
            message = message.replace(text, "***")
        return _REJECTED_VALUE.sub("got an invalid value", message)[:LONGEST_MESSAGE]

    return hide


def _kind(message: str, code: str) -> Kind | None:
    found = next((kind for text, kind in BY_MESSAGE if text in message), None)
    if found is None:
        found = errors.NotFound if code.endswith("_NOT_FOUND") else BY_CODE.get(code)
    # A rejected document may quote any of the words above.
    if code.startswith("GRAPHQL_") and found is not errors.RateLimited:
        return errors.BadRequest
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    members: Iterable[object] = ()
    if isinstance(value, Mapping):
        members = value.values()
    elif isinstance(value, list | tuple):
        members = value
    for member in members:
        yield from _texts(member)
