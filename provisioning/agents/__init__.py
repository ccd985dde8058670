"""The door for the agents beside the customers' Odoos: who one is, what it reports, and what there is to do for it.

Addresses lead here. It must not know a token except by its hash, take a customer's data, or hand out a storage key.
"""
