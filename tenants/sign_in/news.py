"""What the audit trail keeps of sign-ins. Every wrong password is counted by axes; here they are grouped."""

from datetime import timedelta
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from tenants.audit import acting
from tenants.limits.visitors import visitor_address
from tenants.models import AuditEntry

GROUPED_FOR = timedelta(hours=1)


def address_of(request: HttpRequest) -> str | None:
    """The client's address as axes stores it: for IPv6 the beginning of the household's network."""
    address = visitor_address(request).partition("/")[0]
    return None if address == "unknown" else address


def note_sign_in(request: HttpRequest) -> None:
    name = request.user.get_username()
    with acting(name):
        AuditEntry.write("signin", None, subject=name, after={"address": address_of(request)})


@receiver(user_login_failed, dispatch_uid="note_failed_sign_in")
def note_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **news: Any) -> None:
    if request is not None:
        _note_once("signin:failed", str(credentials.get("username", "")), request)


@receiver(user_locked_out, dispatch_uid="note_lock_out")
def note_lock_out(sender: Any, request: HttpRequest, username: str, **news: Any) -> None:
    _note_once("signin:locked", username or "", request)


def _note_once(act: str, name: str, request: HttpRequest) -> None:
    """Of an existing account, once an hour: a guesser shall not fill what can never be emptied."""
    known = AuditEntry.objects.filter(act=act, subject=name[:200], at__gt=timezone.now() - GROUPED_FOR)
    if User.objects.filter(username=name).exists() and not known.exists():
        AuditEntry.write(act, None, subject=name, after={"address": address_of(request)})
