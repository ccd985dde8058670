"""How staff get into the console: password, second factor, lock-out, and what the audit trail keeps of it."""
