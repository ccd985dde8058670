"""News that travels upward; the only way the engine speaks to those above it.

operation_changed   sent inside the transaction that starts or ends an operation, with ``operation``
step_changed        sent inside the transaction that records a step, with ``step``
operation_due       sent after commit when an operation may run now, with ``operation_id`` and its ``priority``
"""

from django.dispatch import Signal

operation_changed = Signal()
step_changed = Signal()
operation_due = Signal()
