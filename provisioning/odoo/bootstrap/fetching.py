"""A backup comes from its address to the volume: it goes on where it was cut off, and is believed by its SHA-256."""

import hashlib
import http.client
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from .errand import Failed, Order
from .process import rest

CHUNK = 256 * 1024
TIMEOUT_SECONDS = 60
# tries in a row that bring nothing; the last pauses last a minute each
TRIES = 14
MARGIN = 64 * 1024 * 1024


def fetch(
    order: Order,
    folder: Path,
    renew: Callable[[], Order],
    news: Callable[[int], None],
    sleep: Callable[[float], object] = rest,
) -> Path:
    """The backup as a file in ``folder``; ``renew`` gives a fresh address. Raises Failed, or what ``renew`` raises."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{order.sha256}.zip"
    for other in folder.iterdir():
        if other != target:
            other.unlink()
    held = target.stat().st_size if target.exists() else 0
    files = int(order.facts.get("filestoreBytes") or 0)
    free = shutil.disk_usage(folder).free
    if free < order.size - held + files + MARGIN:
        raise Failed("no_room", f"The volume of Odoo has {free} bytes left, which is not enough.")
    fruitless = 0
    while held < order.size:
        before = held
        try:
            held = _go_on(order, target, held, news)
            trouble = "cut off"
        except (OSError, http.client.HTTPException) as error:
            held = target.stat().st_size if target.exists() else 0
            trouble = str(error) if isinstance(error, Refusal) else type(error).__name__
        if held >= order.size:
            break
        fruitless = 0 if held > before else fruitless + 1
        if fruitless >= TRIES:
            raise Failed("download_failed", f"The storage does not give it ({trouble}).")
        sleep(min(2.0**fruitless, 60.0) if fruitless else 0.0)
        order = renew()
    _check(target, order)
    return target


class Refusal(http.client.HTTPException):
    """The storage answers, but not with what was asked for."""


def _go_on(order: Order, target: Path, held: int, news: Callable[[int], None]) -> int:
    """How many bytes there are then. Raises OSError or HTTPException."""
    address = urlsplit(order.address)
    secure = address.scheme == "https"
    connection = (
        http.client.HTTPSConnection(address.netloc, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
        if secure
        else http.client.HTTPConnection(address.netloc, timeout=TIMEOUT_SECONDS)
    )
    try:
        connection.request("GET", f"{address.path}?{address.query}", headers={"Range": f"bytes={held}-"})
        answer = connection.getresponse()
        if answer.status != 206:
            raise Refusal(f"it answered {answer.status}")
        with target.open("ab") as file:
            while chunk := answer.read(CHUNK):
                held += file.write(chunk)
                news(held)
    finally:
        connection.close()
    return held


def _check(target: Path, order: Order) -> None:
    digest = hashlib.sha256()
    with target.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != order.sha256:
        target.unlink()
        raise Failed("damaged", "What the storage gave is not what was backed up.")
