"""Commands about the machinery itself: the sandbox, sealing, restored backups, Railway's webhooks.

Called by a person at a terminal. They must not hold a rule: a rule lives in the room that the command calls.
"""
