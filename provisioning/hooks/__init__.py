"""The adapter for webhooks that we send: one signed POST to an address that nobody here chose, checked first.

Called by `tenants.webhooks` and `tenants.alerts`. It must not know Django, rows, or what the news is about.
"""
