"""News inside the domain, sent after commit.

mail_due      with ``mail_id``, when an e-mail may be sent now
pool_due      with ``pool_id``, when a pool of warm units should be filled
webhook_due   with ``delivery_id``, when a webhook may be delivered now
"""

from django.dispatch import Signal

mail_due = Signal()
pool_due = Signal()
webhook_due = Signal()
