"""Backups: asked for as rows, made by the agent beside Odoo, checked by reading back what the storage has.

The use cases and the agents' door call it. It must not know plans or people, and no
customer's data pass through it except on the way from the storage to a checksum.
"""
