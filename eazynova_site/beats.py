"""Which beats run: each says so in Redis, since two would ask for everything twice and nothing else would show it."""

import contextlib
import os
import socket
import time

import redis
from django.conf import settings

KEY = "eazynova:beats"
SECONDS = 30.0
OWN = f"{socket.gethostname()}:{os.getpid()}"


def tell() -> None:
    """That this one runs. Silent where there is no Redis, or none that answers: beat has louder ways to say that."""
    with contextlib.suppress(redis.RedisError):
        if client := _client():
            client.zadd(KEY, {OWN: time.time()})
            client.expire(KEY, int(2 * SECONDS))


def alive() -> list[str]:
    """Host and process of each that was heard of within half a minute. Raises RedisError."""
    client = _client()
    if client is None:
        return []
    client.zremrangebyscore(KEY, 0, time.time() - SECONDS)
    return sorted(str(name, "utf-8") for name in client.zrange(KEY, 0, -1) if isinstance(name, bytes))


def _client() -> "redis.Redis | None":
    if not settings.REDIS_URL:
        return None
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
