"""Passwords as Odoo 19 keeps them: passlib's pbkdf2_sha512 format, checked for real."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor

ROUNDS = 600_000
CHECKERS = 2
REMEMBERED = 20_000


class Passwords:
    """Hashes and checks in threads, since each takes a third of a second; asking the same again costs nothing."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(CHECKERS, thread_name_prefix="sandbox-password")
        self._known: dict[tuple[str, bytes], bool] = {}

    def stop(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._pool, hashed, password)

    async def check(self, password: str, stored: str) -> bool:
        key = stored, hashlib.sha256(password.encode()).digest()
        if key not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            loop = asyncio.get_running_loop()
            self._known[key] = await loop.run_in_executor(self._pool, matches, password, stored)
        return self._known[key]


def hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    return f"$pbkdf2-sha512${ROUNDS}${_encoded(salt)}${_encoded(digest)}"


def matches(password: str, stored: str) -> bool:
    """False also for a stored text that is no such hash."""
    try:
        _, kind, rounds, salt, digest = stored.split("$")
        expected = _decoded(digest)
        found = hashlib.pbkdf2_hmac("sha512", password.encode(), _decoded(salt), int(rounds))
    except (ValueError, OverflowError):
        return False
    return kind == "pbkdf2-sha512" and hmac.compare_digest(found, expected)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data, altchars=b"./").rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"./", validate=True)
