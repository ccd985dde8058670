"""Whether somebody may pass: who has given the password of staff, and of whom a second factor is wanted as well."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tenants.services import second_factor


def knows(request: HttpRequest) -> bool:
    """Whether it is active staff with the right password, whatever the second factor says."""
    return request.user.is_active and request.user.is_staff


def wants_second_factor(request: HttpRequest) -> bool:
    """From everybody with ADMIN_REQUIRE_2FA, else from those who have enrolled; not again from who has passed it."""
    user: Any = request.user
    if user.is_verified():
        return False
    if settings.ADMIN_REQUIRE_2FA:
        return True
    # asked several times while a page is made
    if not hasattr(request, "_enrolled"):
        request._enrolled = second_factor.is_enrolled(user)  # type: ignore[attr-defined]
    return bool(request._enrolled)  # type: ignore[attr-defined]
