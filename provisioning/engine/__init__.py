"""Carries one operation: claims it, runs its steps in the order of its recipe, records what came of each.

Called by `tasks`, `driver` and the use cases that start work. It must not know Railway, Odoo or what any step does.
"""
