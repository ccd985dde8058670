"""What is kept about a customer's person, as one document (GDPR, articles 15 and 20)."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from tenants.models import AuditEntry, CustomerSession, Instance, Mail, Signup, Tenant


def alone(session: CustomerSession) -> QuerySet[Tenant]:
    """The customers that the person of this session alone is: no other address has an instance of theirs."""
    mine = session.instances()
    others = Instance.objects.exclude(pk__in=mine.values("pk")).values("tenant")
    theirs = Q(email=session.email) | Q(pk__in=mine.values("tenant"))
    return Tenant.objects.filter(theirs, partner=session.partner_id).exclude(pk__in=others)


def of(session: CustomerSession) -> dict[str, Any]:
    """Of the session's address with its seller; what the customer wrote in Odoo is in its backups, not here."""
    instances = list(session.instances().order_by("pk"))
    mine = {"email": session.email, "partner": session.partner_id}
    return {
        "email": session.email,
        "seller": session.partner.name,
        "writtenAt": _moment(timezone.now()),
        "companies": [
            {
                "company": row.company,
                "language": row.language,
                "country": row.country,
                "contact": row.contact_name,
                "telephone": row.contact_phone,
                "notes": row.notes,
                "since": _moment(row.created_at),
            }
            for row in _companies(session)
        ],
        "instances": [_instance(each) for each in instances],
        "orders": [_order(row) for row in Signup.objects.filter(**mine).select_related("plan").order_by("pk")],
        "emails": [
            {"kind": row.kind, "state": row.state, "writtenAt": _moment(row.created_at), "sentAt": _moment(row.sent_at)}
            for row in Mail.objects.filter(recipient=session.email, instance__in=instances).order_by("pk")
        ],
        "sessions": [
            {
                "browser": row.browser,
                "network": row.network,
                "since": _moment(row.created_at),
                "lastSeen": _moment(row.seen_at),
                "endedAt": _moment(row.ended_at),
            }
            for row in CustomerSession.objects.filter(**mine).order_by("pk")
        ],
    }


def _order(row: Signup) -> dict[str, Any]:
    return {
        "company": row.company,
        "wishedName": row.client_name,
        "plan": row.plan.code,
        "sentAt": _moment(row.created_at),
    }


def _companies(session: CustomerSession) -> QuerySet[Tenant]:
    """Also one of which the person has an instance among others'."""
    shared = Q(pk__in=session.instances().values("tenant"))
    return Tenant.objects.filter(shared | Q(pk__in=alone(session).values("pk"))).order_by("pk")


def _instance(instance: Instance) -> dict[str, Any]:
    entries = AuditEntry.objects.filter(instance=instance).order_by("pk")
    return {
        "instanceId": instance.public_id,
        "company": instance.tenant.company,
        "address": instance.address,
        "login": instance.admin_email,
        "plan": instance.plan.code,
        "pricePerMonth": f"{instance.price_per_month} {instance.currency}",
        "state": instance.status,
        "orderedAt": _moment(instance.created_at),
        "readyAt": _moment(instance.ready_at),
        "endsAt": _moment(instance.expires_at),
        "deletedAfter": _moment(instance.decommission_after),
        "endedAt": _moment(instance.ended_at),
        "plans": [
            {
                "plan": change.plan.code,
                "pricePerMonth": f"{change.price_per_month} {change.currency}",
                "terms": change.terms_version,
                "orderedAt": _moment(change.asked_at),
                "network": change.network,
                "state": change.state,
                "endedAt": _moment(change.ended_at),
            }
            for change in instance.plan_changes.select_related("plan").order_by("pk")
        ],
        "whatHappened": [{"at": _moment(entry.at), "act": entry.act} for entry in entries],
    }


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None
