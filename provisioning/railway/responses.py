"""From an HTTP answer, or from none, to data and typed errors: first the status, then JSON, then ``errors``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from provisioning.railway import errors
from provisioning.railway.exchange import retry_after
from provisioning.railway.refusals import refusal

TOO_MANY = 429
EDGE_RATE_LIMIT = "error code: 1015"
# After these nothing had been sent; after any other failure of a connection the request may have arrived.
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


@dataclass(frozen=True)
class Question:
    """What an answer is read against: the operation's name and kind, and what its messages must not show."""

    document: str
    mutation: bool
    hide: Callable[[str], str]


@dataclass(frozen=True)
class Answer:
    """``data`` may be partial or empty when there are ``errors``."""

    data: Mapping[str, Any]
    errors: tuple[errors.RailwayError, ...]


def failure(error: httpx.RequestError, question: Question) -> errors.RailwayError:
    """The typed error for a request without an HTTP answer."""
    text = question.hide(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    problem: errors.RailwayError
    if isinstance(error, NOT_SENT):
        problem = errors.Unreachable(f"Railway cannot be reached ({text})")
    else:
        problem = errors.LostAnswer(f"Railway did not answer ({text})", unclear=question.mutation)
    problem.locate(document=question.document)
    return problem


def read(response: httpx.Response, question: Question) -> Answer:
    """Data and errors of a GraphQL answer. Raises RailwayError for an answer that is none, or a refused request."""
    body = _json(response)
    problem = _refused(response, body, question)
    if problem is not None:
        problem.locate(document=question.document, status=response.status_code, trace_id=trace_id(response, body))
        raise problem
    listed = (body or {}).get("errors") or []
    return Answer(
        data=(body or {}).get("data") or {},
        errors=tuple(_located(error, response, body, question) for error in listed if isinstance(error, Mapping)),
    )


def trace_id(response: httpx.Response, body: Mapping[str, Any] | None = None) -> str | None:
    """What Railway's support asks for: the trace beside the first error, else the edge's id of the request."""
    listed = (body or {}).get("errors")
    if isinstance(listed, list) and listed and isinstance(listed[0], Mapping) and listed[0].get("traceId"):
        return str(listed[0]["traceId"])
    headers: Mapping[str, str] = response.headers
    return headers.get("x-railway-request-id") or headers.get("cf-ray")


def _refused(
    response: httpx.Response, body: Mapping[str, Any] | None, question: Question
) -> errors.RailwayError | None:
    """What the answer as a whole says, None when its ``data`` or ``errors`` are to be read."""
    status, wait = response.status_code, retry_after(response.headers)
    if status == TOO_MANY:
        return _rate_limited(response, body, wait)
    if status == httpx.codes.UNAUTHORIZED:
        return errors.TokenRefused("Railway refuses the token")
    if body is not None and (body.get("errors") or (status == httpx.codes.OK and _has_data(body))):
        return None
    if status == httpx.codes.FORBIDDEN:
        return _forbidden(response, body, wait)
    if status == httpx.codes.BAD_REQUEST:
        return errors.BadRequest("Railway refuses the request as malformed")
    kind = response.headers.get("content-type") or "no content type"
    return errors.LostAnswer(f"Railway gave no usable answer ({kind})", unclear=question.mutation, retry_after=wait)


def _has_data(body: Mapping[str, Any]) -> bool:
    return isinstance(body.get("data"), Mapping)


def _rate_limited(response: httpx.Response, body: Mapping[str, Any] | None, wait: float | None) -> errors.RateLimited:
    """The edge answers in text and knows nothing of the API's budget."""
    from_api = body is not None or any(name.startswith("x-ratelimit-") for name in response.headers)
    return errors.RateLimited("Too many requests", scope="api" if from_api else "edge", retry_after=wait)


def _forbidden(response: httpx.Response, body: Mapping[str, Any] | None, wait: float | None) -> errors.RailwayError:
    """A bare 403 is Railway's word for a token of the wrong kind; one with a page of text is the edge's."""
    text = response.text
    if EDGE_RATE_LIMIT in text.lower():
        return errors.RateLimited("Too many requests", scope="edge", retry_after=wait)
    if body is not None or not text.strip():
        return errors.TokenRefused("Railway refuses the token")
    return errors.EdgeBlocked("The edge before Railway refuses the request", retry_after=wait)


def _located(
    error: Mapping[str, Any], response: httpx.Response, body: Mapping[str, Any] | None, question: Question
) -> errors.RailwayError:
    typed = refusal(error, mutation=question.mutation, hide=question.hide)
    path = error.get("path")
    typed.locate(
        document=question.document,
        status=response.status_code,
        trace_id=str(error["traceId"]) if error.get("traceId") else trace_id(response, body),
        alias=str(path[0]) if isinstance(path, list) and path else None,
    )
    wait = retry_after(response.headers)
    if isinstance(typed, errors.RailwayTemporary) and wait is not None:
        typed.retry_after = wait
    return typed


def _json(response: httpx.Response) -> Mapping[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, Mapping) else None
