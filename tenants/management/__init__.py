"""Commands for staff and scripts: an order in the foreground, keys, operations, reconciliation.

Called by a person at a terminal. They must not decide anything: they ask `services` and print the answer.
"""
