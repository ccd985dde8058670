"""The use cases, and the only place that changes what customers have: each checks and writes in one transaction.

Called by every edge and by `tasks`. It must not know HTTP, forms or pages; it refuses with `tenants.errors`.
"""
