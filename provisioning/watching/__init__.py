"""Looks at the deployments that operations wait for, together, and wakes those whose wait is over.

Called by `tasks`, `driver` and the address of Railway's webhooks. It must not decide what a status means for an
operation: the step does, when it runs next.
"""
