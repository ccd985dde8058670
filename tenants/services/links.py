"""Use case of the status links: whatever was given so far opens nothing any more."""

from django.db import transaction
from django.db.models import F

from tenants.models import AuditEntry, Instance
from tenants.services import preconditions


def revoke(instance: Instance) -> None:
    """Every status link and token given so far ends; mails that are sent from now on carry a new one.

    Raises WrongState for an instance that is no more.
    """
    preconditions.require("revoke_links", instance)
    renew(instance)


def renew(instance: Instance) -> None:
    """The same as a part of another act, inside its transaction: of a new password, another address, a hand-over."""
    with transaction.atomic():
        Instance.objects.filter(pk=instance.pk).update(link_revision=F("link_revision") + 1)
        instance.refresh_from_db(fields=["link_revision"])
        AuditEntry.write("links_revoked", instance.pk, after={})
