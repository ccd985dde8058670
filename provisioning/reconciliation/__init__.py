"""Compares what Railway has with what our rows say, and mends the few differences that are proven ours.

Called by `tenants.services.reconciliation`. It must not know customers, and must not touch what bears no mark of ours.
"""
