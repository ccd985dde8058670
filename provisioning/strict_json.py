"""JSON that others send, read within limits: what passes can be walked, compared and stored without a surprise."""

import json
import math
import re
from typing import Any

MOST_DEPTH = 32
MOST_DIGITS = 40
# no database keeps the first, no encoding the others
UNKEPT = re.compile("[\0\ud800-\udfff]")


class Unreadable(ValueError):
    """No JSON, or one that is nested too deeply or holds a number that is none or too long."""


class UnreadableText(Unreadable):
    """A text holds characters that cannot be kept. ``pointer`` is the JSON pointer of its place."""

    def __init__(self, pointer: str) -> None:
        super().__init__(f"unkept characters at {pointer.encode('ascii', 'backslashreplace').decode()!r}")
        self.pointer = pointer


def loads(body: bytes) -> Any:
    """The document in ``body``, which is UTF-8. Raises Unreadable, and nothing else."""
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_int=_int, parse_float=_float, parse_constant=_constant)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from None
    _check(document)
    return document


def _int(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise Unreadable("number too long")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number) or len(digits) > MOST_DIGITS:
        raise Unreadable("number too long")
    return number


def _constant(name: str) -> float:
    raise Unreadable(name)


def _check(document: Any) -> None:
    """Without recursion, since the depth is what is not known yet."""
    waiting: list[tuple[str, Any, int]] = [("", document, 1)]
    while waiting:
        pointer, value, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise Unreadable("nested too deeply")
        if isinstance(value, str):
            check_text(value, pointer)
        elif isinstance(value, list):
            waiting += [(f"{pointer}/{position}", below, depth + 1) for position, below in enumerate(value)]
        elif isinstance(value, dict):
            for name, below in value.items():
                check_text(name, pointer)
                step = name.replace("~", "~0").replace("/", "~1")
                waiting.append((f"{pointer}/{step}", below, depth + 1))


def check_text(text: str, pointer: str = "") -> None:
    """Raises UnreadableText when it cannot be kept."""
    if UNKEPT.search(text):
        raise UnreadableText(pointer)
