"""News to partners' programs: written as rows, signed, delivered by retried tasks over days.

Called by use cases and `receivers` in their transaction, and by `tasks`. It must not decide whether there is news.
"""
