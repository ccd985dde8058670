"""Tokens of agents: 256 random bits each, of which only a hash is kept here."""

import hashlib
import secrets

from django.db import transaction
from django.db.models import Exists, Q

from provisioning.models import Agent


def renew(instance_id: int) -> str:
    """A new token for the agent of an instance; the former one is good until the new one is first used."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        former = Agent.objects.select_for_update().filter(instance_id=instance_id).first()
        Agent.objects.update_or_create(
            instance_id=instance_id,
            defaults={"token_hash": digest(token), "former_token_hash": former.token_hash if former else ""},
        )
    return token


def revoke(instance_id: int) -> None:
    """No call of this instance's agent is heard any more."""
    Agent.objects.filter(instance_id=instance_id).delete()


def holder(token: str, **asked: Exists) -> Agent | None:
    """The agent with this token and what is ``asked`` of it, in one read. A first call ends the former token."""
    found = digest(token)
    agent = Agent.objects.annotate(**asked).filter(Q(token_hash=found) | Q(former_token_hash=found)).first()
    if agent and agent.former_token_hash and agent.token_hash == found:
        Agent.objects.filter(pk=agent.pk, token_hash=found).update(former_token_hash="")
    return agent


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
