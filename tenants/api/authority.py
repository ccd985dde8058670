"""How much a caller may learn about one instance."""

import enum

from django.http import HttpRequest
from rest_framework.exceptions import NotFound

from tenants.api.exceptions import wrong
from tenants.models import ApiKey, Instance


class Authority(enum.IntEnum):
    """NONE: the bare status. PARTNER: the addresses too. OWNER: the admin password as well, while it is kept."""

    NONE = 0
    PARTNER = 1
    OWNER = 2


def authority_over(instance: Instance, request: HttpRequest, key: ApiKey | None) -> Authority:
    """By the key, or by the status token that the one who ordered was given.

    Raises NotFound for a key of another partner: it shall not even learn that the instance exists.
    """
    if key is not None and instance.tenant.partner_id != key.partner_id:
        raise NotFound
    token = request.headers.get("X-Status-Token") or request.GET.get("token", "")
    if token:
        if not instance.has_status_token(token):
            raise wrong("invalid_status_token", request)
        return Authority.OWNER
    return Authority.NONE if key is None else authority_of(key, instance)


def authority_of(key: ApiKey, instance: Instance) -> Authority:
    """That of a key over an instance of its own partner, whatever it may do there."""
    if ApiKey.Scope.READ not in key.scopes:
        return Authority.NONE
    owns = ApiKey.Scope.SECRETS in key.scopes and key.continues(instance.created_by_key_id)
    return Authority.OWNER if owns else Authority.PARTNER
