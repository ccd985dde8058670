"""The request budgets in Redis: the arithmetic of `budget_rules` as scripts, one step each, on the server's clock."""

import math
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache

import redis
from django.conf import settings

from provisioning.gate.budget_rules import (
    CLOCKS_DIFFER,
    DAY,
    HOUR,
    PATIENCE,
    SAME_WINDOW,
    Budget,
    Grant,
    Lesson,
    Terms,
)

PREFIX = "eazynova:budget:"
TIMEOUT = 1.0

_OPEN = f"""
local f, now = {{}}, tonumber(ARGV[1])
if not now then local t = redis.call('TIME'); now = t[1] + t[2] / 1000000 end
local row = redis.call('HGETALL', KEYS[1])
for i = 1, #row, 2 do f[row[i]] = tonumber(row[i + 1]) end
for _, name in ipairs({{'used', 'hour_ends', 'limit', 'reset_at', 'paused_until', 'next_at'}}) do
    f[name] = f[name] or 0
end
if not (now < f.hour_ends and f.hour_ends <= now + {HOUR + CLOCKS_DIFFER}) then
    f.used, f.hour_ends = 0, now + {HOUR}
end
if not (now < f.reset_at and f.reset_at <= now + {DAY}) then f.remaining = nil end
if f.paused_until > now + {DAY} then f.paused_until = 0 end
if f.next_at > now + {HOUR} then f.next_at = 0 end
local function keep()
    local pairs_of = {{}}
    for name, value in pairs(f) do
        pairs_of[#pairs_of + 1] = name
        -- exactly: a rounded end of the hour looks like a clock that was put back
        pairs_of[#pairs_of + 1] = string.format('%.17g', value)
    end
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], unpack(pairs_of))
    redis.call('EXPIRE', KEYS[1], {int(2 * DAY)})
end
local function wait(seconds) return {{0, string.format('%.6f', seconds)}} end
"""

TAKE = (
    _OPEN
    + f"""
local per_hour, per_second, share = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if now < f.paused_until then return wait(f.paused_until - now) end
if f.used >= per_hour - math.floor(per_hour * share) then return wait(f.hour_ends - now) end
if f.remaining and f.remaining <= math.floor(f.limit * share) then return wait(f.reset_at - now) end
local seconds = 0
if per_second > 0 then
    seconds = math.max(f.next_at - now, 0)
    if seconds > {PATIENCE} then return wait(seconds) end
    f.next_at = now + seconds + 1 / per_second
end
f.used = f.used + 1
if f.remaining then f.remaining = f.remaining - 1 end
keep()
return {{1, string.format('%.6f', seconds)}}
"""
)

LEARN = (
    _OPEN
    + f"""
local limit, remaining, reset_in, pause = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if limit and limit > 0 then f.limit = limit end
if pause > 0 then f.paused_until = math.max(f.paused_until, now + math.min(pause, {DAY})) end
if remaining then
    local known = f.remaining and f.reset_at or 0
    local reset = known > 0 and known or now + {HOUR / 60}
    if reset_in then reset = now + math.min(reset_in, {DAY}) end
    if known == 0 or reset > known + {SAME_WINDOW} then
        f.remaining, f.reset_at = remaining, reset
    elseif reset >= known - {SAME_WINDOW} then
        f.remaining = math.min(f.remaining, remaining)
    end
end
keep()
return {{1, '0'}}
"""
)


def server_clock() -> float | None:
    """None: the script reads Redis's own clock, which all workers share. Tests put theirs in its place."""
    return None


def take(workspace: str, terms: Terms) -> Grant:
    """Raises redis.RedisError."""
    given, seconds = _run(TAKE, workspace, terms.per_hour, terms.per_second, terms.keep)
    return Grant(bool(given), float(seconds))


def learn(workspace: str, lesson: Lesson) -> None:
    """Raises redis.RedisError."""
    _run(LEARN, workspace, *("" if value is None else value for value in lesson))


def read(workspace: str) -> Budget:
    """Raises redis.RedisError."""
    found = _connection(settings.REDIS_URL).hgetall(_key(workspace))
    row = {str(name): float(value) for name, value in found.items()}
    budget = Budget()
    for field in fields(Budget):
        if field.name in row:
            whole = field.name in ("used", "limit", "remaining")
            setattr(budget, field.name, math.floor(row[field.name]) if whole else row[field.name])
    return budget


def _key(workspace: str) -> str:
    return PREFIX + workspace


def _run(script: str, workspace: str, *arguments: object) -> tuple[int, str]:
    now = server_clock()
    found = _script(settings.REDIS_URL, script)(
        keys=[_key(workspace)], args=["" if now is None else repr(now), *arguments]
    )
    return int(found[0]), found[1]


@lru_cache(maxsize=8)
def _script(url: str, script: str) -> Callable[..., list[str]]:
    return _connection(url).register_script(script)


@lru_cache(maxsize=4)
def _connection(url: str) -> redis.Redis:
    """Its pool notices a fork by itself."""
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, decode_responses=True)
