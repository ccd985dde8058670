"""E-mails to customers: written as rows with the news they tell, rendered when they are sent, tracked afterwards.

Called by use cases and `receivers` in their transaction, and by `tasks`. It must not decide whether there is news.
"""
