"""The counters of the limits: in Redis, shared by all processes; while Redis is away, in this process."""

import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

AWAY_SECONDS = 10.0


class SharedCounters(RedisCache):
    """A Redis cache whose outage costs exactness, never a request."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("limits-while-redis-is-away", {})
        self._away_until = 0.0

    def add(self, key: str, value: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("add", key, value, *args, **kwargs))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask("get", key, default, version)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._ask("incr", key, delta, version))

    def _incr(self, key: str, delta: int, version: int | None) -> int:
        """Without asking first whether the counter exists: django-ratelimit has just added it."""
        shared = self._cache.get_client(None, write=True)
        name = self.make_key(key, version)
        count = int(shared.incr(name, delta))
        if count == delta:
            # it expired in between: a counter without an end would never be forgotten
            shared.expire(name, 3600)
        return count

    def _ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return self._incr(*args) if method == "incr" else getattr(super(), method)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                logger.warning("Redis is away, this process counts alone for a moment: %s", type(error).__name__)
        if method == "incr":
            # it may have been added where it cannot be seen now
            self._own.add(args[0], 0, timeout=3600)
        return getattr(self._own, method)(*args, **kwargs)
