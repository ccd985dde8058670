"""News inside the domain, sent after commit.

mail_due      with ``mail_id``, when an e-mail may be sent now
webhook_due   with ``delivery_id``, when a webhook may be delivered now
"""

from django.dispatch import Signal

mail_due = Signal()
webhook_due = Signal()
