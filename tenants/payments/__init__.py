"""How a plan is paid for: the port that a payment provider will fill, and invoices, which need none.

Called by the use cases of plans and by those who show what is owed. Knows instances and plans, and no use case.
"""
