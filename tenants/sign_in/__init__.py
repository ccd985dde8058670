"""How staff get into the console: password, second factor, lock-out, and what the audit trail keeps of it.

Called by the console's site and by Django's sign-in signals. It must not know what staff may do once inside.
"""
