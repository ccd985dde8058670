"""Railway's limits: requests a second and an hour, Cloudflare's before them, and how fast objects may be created."""

import math
from collections import deque

from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.http_server import Response
from provisioning.sandbox.workspace import Workspace

HOUR = 3600
PRO_HOURLY_LIMIT = 10_000
PROJECTS_TOO_FAST = "You are creating projects too quickly. Please wait before creating another project."
VOLUMES_TOO_FAST = "You are creating volumes too quickly. Please wait before creating another volume."


class Budget:
    """The request budget of the one token. Both windows count on the sandbox's clock."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._hour = 0
        self._used = 0
        self._recent: deque[float] = deque()
        self._recent_at_edge: deque[float] = deque()

    @property
    def limit(self) -> int:
        return self._workspace.options.hourly_limit or PRO_HOURLY_LIMIT

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self._used)

    @property
    def resets_at(self) -> float:
        return float((self._hour + 1) * HOUR)

    def headers(self) -> list[tuple[str, str]]:
        return [
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Reset", str(int(self.resets_at))),
        ]

    def refuse_at_edge(self, has_query: bool) -> Response | None:
        """Cloudflare's own limit; requests with a query string do not count."""
        limit = self._workspace.options.edge_limit
        if has_query or not limit or self._within_second(self._recent_at_edge, limit):
            return None
        return Response(429, b"error code: 1015", "text/plain")

    def spend(self) -> float | None:
        """Count one request; the seconds to wait when it is one too many."""
        options, now = self._workspace.options, self._workspace.clock.now()
        if int(now // HOUR) != self._hour:
            self._hour, self._used = int(now // HOUR), 0
        if options.second_limit and not self._within_second(self._recent, options.second_limit):
            return 1.0
        if options.hourly_limit and self._used >= options.hourly_limit:
            return math.ceil(self.resets_at - now)
        self._used += 1
        return None

    def _within_second(self, recent: deque[float], limit: int) -> bool:
        now = self._workspace.clock.now()
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        if len(recent) >= limit:
            return False
        recent.append(now)
        return True


class CreationThrottle:
    """One object in so many seconds; a refused try does not count."""

    def __init__(self, workspace: Workspace, interval: float, message: str) -> None:
        self._workspace = workspace
        self._interval = interval
        self._message = message
        self._last = -math.inf

    def pass_or_refuse(self) -> None:
        """Raises Refusal."""
        now = self._workspace.clock.now()
        if now < self._last + self._interval:
            raise Refusal(self._message)
        self._last = now
