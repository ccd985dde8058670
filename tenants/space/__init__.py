"""The customer's space: signed in by a code to an address, people see and decide what becomes of their instances.

Called by a customer's browser. It asks `services` and shows the answer; it must not know staff's accounts and sessions,
nor anything of an instance that `CustomerSession.instances` does not reach.
"""
