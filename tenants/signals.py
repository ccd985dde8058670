"""mail_due: sent after commit, with ``mail_id``, when an e-mail may be sent now."""

from django.dispatch import Signal

mail_due = Signal()
