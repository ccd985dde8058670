"""Commands about the whole: the demo, and a worker without a broker.

Called by a person at a terminal. They must not hold a rule: a rule lives in the room that the command calls.
"""
