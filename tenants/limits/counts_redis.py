"""The counts in Redis: `rules.judge` as a script, all policies of a request in one round trip."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings

from tenants.limits.rules import CLOCKS_DIFFER, Count, Terms

PREFIX = "eazynova:limit:"
TIMEOUT = 1.0

TAKE = f"""
local now, rows, full = tonumber(ARGV[1]), {{}}, false
for i, key in ipairs(KEYS) do
    local kept = redis.call('HMGET', key, 'used', 'refused', 'ends_at')
    local row = {{tonumber(kept[1]) or 0, tonumber(kept[2]) or 0, tonumber(kept[3]) or 0}}
    row.limit, row.window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    if not (now < row[3] and row[3] <= now + row.window + {CLOCKS_DIFFER}) then
        row[1], row[2], row[3] = 0, 0, now + row.window
    end
    row.full = row[1] >= row.limit
    full = full or row.full
    rows[i] = row
end
local told = {{}}
for i, key in ipairs(KEYS) do
    local row = rows[i]
    if row.full then row[2] = row[2] + 1 elseif not full then row[1] = row[1] + 1 end
    if row.full or not full then
        redis.call('HSET', key, 'used', row[1], 'refused', row[2], 'ends_at', string.format('%.3f', row[3]))
        redis.call('EXPIRE', key, row.window + {CLOCKS_DIFFER})
    end
    told[i] = {{row[1], row[2], string.format('%.3f', row[3]), row.full and 1 or 0}}
end
return told
"""

GIVE_BACK = """
for _, key in ipairs(KEYS) do
    if (tonumber(redis.call('HGET', key, 'used')) or 0) > 0 then redis.call('HINCRBY', key, 'used', -1) end
end
"""


def take(terms: Sequence[Terms], now: float) -> list[Count]:
    """Raises redis.RedisError."""
    numbers = [number for each in terms for number in (each.limit, each.window)]
    found = _script(settings.REDIS_URL, TAKE)(keys=_keys(terms), args=[repr(now), *numbers])
    return [Count(int(used), int(refused), float(ends_at), bool(full)) for used, refused, ends_at, full in found]


def give_back(terms: Sequence[Terms]) -> None:
    """Raises redis.RedisError."""
    _script(settings.REDIS_URL, GIVE_BACK)(keys=_keys(terms), args=[])


def read(terms: Sequence[Terms]) -> list[Count]:
    """Raises redis.RedisError."""
    with _connection(settings.REDIS_URL).pipeline(transaction=False) as asked:
        for key in _keys(terms):
            asked.hmget(key, "used", "refused", "ends_at")
        rows = asked.execute()
    return [Count(int(used or 0), int(refused or 0), float(ends_at or 0)) for used, refused, ends_at in rows]


def forget(terms: Sequence[Terms]) -> None:
    """Raises redis.RedisError."""
    _connection(settings.REDIS_URL).delete(*_keys(terms))


def _keys(terms: Sequence[Terms]) -> list[str]:
    return [PREFIX + each.key for each in terms]


@lru_cache(maxsize=8)
def _script(url: str, script: str) -> Callable[..., list[list[Any]]]:
    return _connection(url).register_script(script)


@lru_cache(maxsize=4)
def _connection(url: str) -> redis.Redis:
    """Its pool notices a fork by itself."""
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, decode_responses=True)
