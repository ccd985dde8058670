"""News that travels upward; the only way the engine speaks to those above it.

operation_changed   sent inside the transaction that starts or ends an operation, with ``operation``
step_changed        sent inside the transaction that records a step, with ``step``
operation_due       sent after commit when an operation may run now, with ``operation_id`` and its ``priority``
backup_changed      sent inside the transaction that asks for, ends or erases a backup, with ``backup``
domain_changed      sent inside the transaction that changes a customer's own domain, with ``domain`` and its ``news``
domain_due          sent after commit when a domain should be looked at, with ``domain_id``
backup_due          sent after commit when a backup should be checked, with ``backup_id``
"""

from django.dispatch import Signal

operation_changed = Signal()
step_changed = Signal()
operation_due = Signal()
backup_changed = Signal()
backup_due = Signal()
domain_changed = Signal()
domain_due = Signal()
