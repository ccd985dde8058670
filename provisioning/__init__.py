"""How an order comes true: operations and their steps, what passes before Railway, and the adapters.

It must not know a customer, a plan or a page; news goes up by `signals` only.
"""
