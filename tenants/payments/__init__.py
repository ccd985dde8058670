"""How a plan is paid for: the port that a payment provider will fill, and invoices, which need none.

Called by whoever tells a customer what a plan costs. It knows instances and plans, and must not know a use case or an
edge; what a provider says never changes an instance by itself.
"""
