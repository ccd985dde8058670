"""Who a log line is about: ids bound for the time of a request or of a piece of work."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_bound: ContextVar[Mapping[str, str]] = ContextVar("bound", default=MappingProxyType({}))


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Every log line inside the block carries these ids as well."""
    token = _bound.set({**_bound.get(), **ids})
    try:
        yield
    finally:
        _bound.reset(token)


def request_id() -> str:
    """Of the HTTP request at whose bidding this is done; empty without one."""
    return _bound.get().get("request", "")


def current() -> Mapping[str, str]:
    return _bound.get()
