"""What Railway's API can answer instead of a result.

    RailwayError
    ├── RailwayTemporary (Temporary)
    │   ├── Unreachable          no connection: certainly nothing was sent
    │   ├── LostAnswer           sent, but no usable answer; unclear for a mutation
    │   ├── EdgeBlocked          the edge before Railway refused the request, nothing was done
    │   ├── RateLimited (NotNow) too many requests, said by the edge or the API
    │   ├── ProjectThrottled     one project in 30 seconds a workspace
    │   ├── VolumeThrottled      volumes created too fast
    │   ├── NotYetVisible        made a moment ago, not yet readable everywhere
    │   ├── Busy                 another change of the same thing is under way
    │   ├── Paused               Railway has paused deployments
    │   ├── ServerProblem        an internal or unknown failure; unclear for a mutation
    │   ├── UnknownRefusal       a reason not known here, said to a mutation: worth few tries
    │   ├── AlreadyExists        a name is taken, perhaps by our own lost request
    │   └── PartialAnswer        one alias of a mutation failed, those before it happened
    └── RailwayPermanent (Permanent)
        ├── TokenRefused         the token is wrong, expired or needs two factors
        ├── NotAuthorized        no right, unknown or deleted object, or a bad token: Railway says the same
        ├── NotFound             the object does not exist
        ├── PlanLimit            the workspace's plan does not allow it
        ├── AccountBlocked       no plan, no payment, or a closed account: nothing is done for the workspace
        ├── ValueRefused         a name or another value is not one that Railway takes
        └── BadRequest           the document or a value is invalid: a bug of ours

No message holds the token or a value of the request's variables.
"""

from typing import Literal

from provisioning.errors import NotNow, Permanent, ProvisioningError, Temporary

Scope = Literal["edge", "api"]


class RailwayError(ProvisioningError):
    """Carries the ``document`` (operation name), the HTTP ``status``, Railway's ``trace_id`` for its support,
    and the ``alias`` or root field of the document that failed, each as far as known.
    """

    code = "railway"
    document: str = ""
    status: int | None = None
    trace_id: str | None = None
    alias: str | None = None

    def locate(
        self, *, document: str, status: int | None = None, trace_id: str | None = None, alias: str | None = None
    ) -> None:
        """Say where the error happened."""
        self.document, self.status, self.trace_id, self.alias = document, status, trace_id, alias

    def __str__(self) -> str:
        facts = [f"HTTP {self.status}" if self.status else "", f"trace {self.trace_id}" if self.trace_id else ""]
        place = ", ".join(fact for fact in facts if fact)
        return f"{self.document or 'Railway'}: {self.message}" + (f" ({place})" if place else "")


class RailwayTemporary(RailwayError, Temporary):
    """The same request may succeed later; ``pause`` is the usual time to wait when Railway names none."""

    pause: float | None = None

    def __init__(self, message: str, *, unclear: bool = False, retry_after: float | None = None) -> None:
        wait = self.pause if retry_after is None else retry_after
        Temporary.__init__(self, message, unclear=unclear, retry_after=wait)


class RailwayPermanent(RailwayError, Permanent):
    """The same request cannot succeed before somebody changes something."""

    def __init__(self, message: str, *, unclear: bool = False) -> None:
        Permanent.__init__(self, message, unclear=unclear)


class Unreachable(RailwayTemporary):
    """No connection could be made (name, network, TLS, proxy): certainly nothing was sent."""

    code = "railway_unreachable"


class LostAnswer(RailwayTemporary):
    """The request was sent, and then: time-out, closed connection, 5xx, HTML, or something that is no answer."""

    code = "railway_lost_answer"


class EdgeBlocked(RailwayTemporary):
    """The edge before Railway (Cloudflare) refused the request; Railway never saw it."""

    code = "railway_edge_blocked"
    pause = 300


class RateLimited(RailwayTemporary, NotNow):
    """Too many requests; nothing was done. ``scope``: the edge, whose block may last hours, or the API."""

    code = "railway_rate_limited"
    pause = 60

    def __init__(self, message: str, *, scope: Scope = "api", retry_after: float | None = None) -> None:
        super().__init__(
            message, retry_after=EdgeBlocked.pause if retry_after is None and scope == "edge" else retry_after
        )
        self.scope: Scope = scope


class ProjectThrottled(RailwayTemporary):
    """A workspace may create one project in 30 seconds; nothing was done."""

    code = "railway_project_throttled"
    pause = 31


class VolumeThrottled(RailwayTemporary):
    """Volumes were created too fast one after the other; nothing was done."""

    code = "railway_volume_throttled"
    pause = 15


class NotYetVisible(RailwayTemporary):
    """An object created moments ago cannot be used yet; usual within a minute of its creation."""

    code = "railway_not_yet_visible"
    pause = 5


class Busy(RailwayTemporary):
    """A build or another change of the same thing is under way; nothing was done."""

    code = "railway_busy"
    pause = 10


class Paused(RailwayTemporary):
    """Railway has paused new deployments, usually during an incident; nothing was done."""

    code = "railway_paused"
    pause = 60


class ServerProblem(RailwayTemporary):
    """Railway failed inside ("Problem processing request"), or gave a query a reason that is not known here."""

    code = "railway_server_problem"
    pause = 10


class UnknownRefusal(RailwayTemporary):
    """Railway gave a mutation a reason that is not known here: most such reasons are rules, which no waiting cures."""

    code = "railway_unknown_refusal"
    pause = 10
    most_tries = 3


class AlreadyExists(RailwayTemporary):
    """The name is taken. It may be the effect of our own request whose answer was lost: look before asking again."""

    code = "railway_already_exists"


class PartialAnswer(RailwayTemporary):
    """A later alias of a mutation failed: those before it happened, their answers are lost, those after it did not run.

    ``alias`` names the one that failed, ``__cause__`` says why.
    """

    code = "railway_partial_answer"


class TokenRefused(RailwayPermanent):
    """The token is wrong, expired, of the wrong kind, or its owner must set up two-factor authentication."""

    code = "railway_token_refused"


class NotAuthorized(RailwayPermanent):
    """A missing right, an unknown or deleted object, or a bad token, as ``RailwayClient.check_token`` can tell."""

    code = "railway_not_authorized"


class NotFound(RailwayPermanent):
    """The object does not exist (any more)."""

    code = "railway_not_found"


class PlanLimit(RailwayPermanent):
    """The workspace's plan or usage limit does not allow it."""

    code = "railway_plan_limit"


class AccountBlocked(RailwayPermanent):
    """The workspace has no plan, owes money or was closed: Railway does nothing for it until its owner acts."""

    code = "railway_account_blocked"


class ValueRefused(RailwayPermanent):
    """Railway does not take a name or another value: too long, a character that it does not allow, a reserved word."""

    code = "railway_value_refused"


class BadRequest(RailwayPermanent):
    """Railway's schema does not accept the document or a value: a bug of ours, or Railway has changed its API."""

    code = "railway_bad_request"
