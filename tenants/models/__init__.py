"""The domain's rows: who buys, what they bought, where it stands.

Called by everybody above. They know what may be stored, and must not know a use case or an edge.
"""

from tenants.models.agreement import Agreement
from tenants.models.alert import Alert, AlertNote
from tenants.models.audit import AuditEntry
from tenants.models.costs import CostLine, CostMonth
from tenants.models.customer_session import AddressProof, CustomerSession
from tenants.models.drill import RestoreDrill
from tenants.models.idempotency import IdempotencyRecord
from tenants.models.instance import Instance
from tenants.models.limit import HeldBack, LimitCount
from tenants.models.mail import Mail
from tenants.models.partner import ApiKey, Partner
from tenants.models.plan import Blueprint, Plan
from tenants.models.plan_change import PlanChange
from tenants.models.pool import Pool, Unit
from tenants.models.probe import Probe
from tenants.models.reconciliation import Reconciliation
from tenants.models.second_factor import Authenticator, RecoveryCodes
from tenants.models.signup import Signup
from tenants.models.status_change import StatusChange
from tenants.models.tenant import Tenant
from tenants.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "AddressProof",
    "Agreement",
    "Alert",
    "AlertNote",
    "ApiKey",
    "AuditEntry",
    "Authenticator",
    "Blueprint",
    "CostLine",
    "CostMonth",
    "CustomerSession",
    "HeldBack",
    "IdempotencyRecord",
    "Instance",
    "LimitCount",
    "Mail",
    "Partner",
    "Plan",
    "PlanChange",
    "Pool",
    "Probe",
    "Reconciliation",
    "RecoveryCodes",
    "RestoreDrill",
    "Signup",
    "StatusChange",
    "Tenant",
    "Unit",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
