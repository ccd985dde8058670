"""S3-compatible storage of another company than Railway: where what customers wrote survives.

The backups call it. It knows keys, bytes and moments, and must not know customers, rows or Django.
"""
