"""One GraphQL request to Railway and its answer: where the token is, and the only place that sends anything."""

import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import httpx

from provisioning.railway import exchange
from provisioning.railway.documents import operation
from provisioning.railway.errors import (
    BadRequest,
    LostAnswer,
    PartialAnswer,
    RailwayError,
    RailwayTemporary,
    RateLimited,
    ServerProblem,
    TokenRefused,
)
from provisioning.railway.exchange import Exchange
from provisioning.railway.refusals import hider
from provisioning.railway.responses import Answer, Question, failure, read, trace_id

VERSION = "0.1.0"
ALIAS = re.compile(r"(\w+): \w+\(")
Result = TypeVar("Result")
logger = logging.getLogger(__name__)

# Idle connections are closed before a proxy on the way closes them: a mutation on a dead one would be unclear.
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20, keepalive_expiry=20)
# said of a document before any of it is run
UNRUN = (BadRequest, RateLimited, TokenRefused)
CONNECTION_LOST = (httpx.NetworkError, httpx.RemoteProtocolError)


class Transport:
    """Sends documents over kept connections; may be shared by threads, not by processes."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        timeout: httpx.Timeout,
        source: str,
        transport: httpx.BaseTransport | None,
        before: Callable[[str], None] | None,
        after: Callable[[Exchange], None] | None,
    ) -> None:
        self._token = token
        self._before = before
        self._after = after
        # Without a query string Railway's edge allows only ten requests a second.
        self._url = httpx.URL(url).copy_merge_params({"source": source})
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {token}", "User-Agent": f"eazynova-provisioning/{VERSION}"},
            timeout=timeout,
            limits=LIMITS,
            transport=transport,
            verify=_tls(),
        )

    def __repr__(self) -> str:
        return f"<Transport {self._url.copy_with(userinfo=b'')}>"

    def close(self) -> None:
        self._http.close()

    def ask(self, document: str, variables: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], Result]) -> Result:
        """What ``decode`` makes of the answer's data.

        Raises RailwayError, for any error in the answer; LostAnswer too for data that ``decode`` cannot read.
        """
        answer = self._answer(document, variables)
        if answer.errors:
            raise _whole(answer.errors, document)
        return _decoded(answer.data, decode, document)

    def ask_each(
        self, document: str, variables: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], Result]
    ) -> dict[str, Result | RailwayError]:
        """What ``decode`` makes of each root field that was answered, and the error of each that failed, by alias.

        At least one is there. Raises RailwayError for an error that concerns the whole answer.
        """
        answer = self._answer(document, variables)
        found: dict[str, Result | RailwayError] = {
            alias: _decoded(value, decode, document) for alias, value in answer.data.items() if value is not None
        }
        for error in answer.errors:
            if error.alias is None or f" {error.alias}: " not in document:
                raise error
            found[error.alias] = error
        if not found:
            raise _unreadable(document)
        return found

    def do(self, document: str, variables: Mapping[str, Any]) -> None:
        """Send a mutation whose root fields all answer true. Raises RailwayError, ServerProblem when one says false."""
        refused = self.ask(
            document, variables, lambda data: [alias for alias, done in data.items() if done is not True]
        )
        if refused:
            name, _ = operation(document)
            problem = ServerProblem(f"Railway did not do it: {', '.join(refused)}", unclear=True)
            problem.locate(document=name, alias=refused[0])
            raise problem

    def _answer(self, document: str, variables: Mapping[str, Any]) -> Answer:
        """A query is repeated once when its connection is lost, a mutation never."""
        try:
            return self._exchange(document, variables)
        except LostAnswer as error:
            if error.unclear or not isinstance(error.__cause__, CONNECTION_LOST):
                raise
        return self._exchange(document, variables)

    def _exchange(self, document: str, variables: Mapping[str, Any]) -> Answer:
        name, mutation = operation(document)
        question = Question(name, mutation, hider(self._token, variables))
        if self._before:
            self._before(name)
        started = time.perf_counter()
        try:
            response = self._http.post(
                self._url, json={"query": document, "variables": variables, "operationName": name}
            )
        except httpx.RequestError as error:
            problem = failure(error, question)
            self._report(Exchange(name, problem.code, None, time.perf_counter() - started))
            raise problem from error
        seconds = time.perf_counter() - started
        try:
            answer = read(response, question)
        except RailwayError as error:
            self._report(_exchange(response, error, name, seconds))
            raise
        self._report(_exchange(response, answer.errors[0] if answer.errors else None, name, seconds))
        return answer

    def _report(self, done: Exchange) -> None:
        logger.debug("%s: %s, HTTP %s, %.3f s", done.document, done.outcome, done.status, done.seconds)
        if self._after is None:
            return
        try:
            self._after(done)
        except Exception:
            # the answer of a mutation must not be lost because somebody could not count it
            logger.exception("The exchange %s could not be accounted for.", done.document)


def _decoded(data: Mapping[str, Any], decode: Callable[[Mapping[str, Any]], Result], document: str) -> Result:
    try:
        return decode(data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _unreadable(document) from error


def _unreadable(document: str) -> LostAnswer:
    name, mutation = operation(document)
    problem = LostAnswer("The answer lacks what was asked for", unclear=mutation)
    problem.locate(document=name)
    return problem


def _whole(found: tuple[RailwayError, ...], document: str) -> RailwayError:
    """One error for the answer as a whole.

    Root fields of a mutation run one after another. When a later one fails with a chance to succeed
    next time, the earlier ones happened and what they answered is lost. An error that names none may be any one's.
    """
    first = found[0]
    _, mutation = operation(document)
    aliases = ALIAS.findall(document) if mutation else []
    if first.alias is None and len(aliases) > 1 and not isinstance(first, UNRUN):
        first.unclear = True
    if first.alias not in aliases[1:]:
        return first
    first.unclear = True
    if not isinstance(first, RailwayTemporary):
        return first
    partial = PartialAnswer(f"{first.alias} failed: {first.message}", unclear=True, retry_after=first.retry_after)
    partial.locate(document=first.document, status=first.status, trace_id=first.trace_id, alias=first.alias)
    partial.__cause__, partial.most_tries = first, first.most_tries
    return partial


def _exchange(response: httpx.Response, error: RailwayError | None, document: str, seconds: float) -> Exchange:
    return Exchange(
        document=document,
        outcome=error.code if error else "ok",
        status=response.status_code,
        seconds=seconds,
        limit=exchange.count(response.headers, "x-ratelimit-limit"),
        remaining=exchange.count(response.headers, "x-ratelimit-remaining"),
        reset_at=exchange.reset_at(response.headers),
        retry_after=exchange.retry_after(response.headers),
        trace_id=error.trace_id if error else trace_id(response),
    )


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificate authorities costs more than everything else about a connection."""
    return httpx.create_ssl_context()
