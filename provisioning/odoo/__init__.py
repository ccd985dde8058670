"""The adapter for Odoo 19: what its container is given, how it is talked to, how a login is proven.

Called by the steps, the probes and reconciliation. It must not know Django, our rows or Railway's API.
"""
