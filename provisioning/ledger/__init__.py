"""What we own at Railway, written down before it is asked for, and what Railway last said of its deployments.

Called by the steps, the watcher, reconciliation and the look after a restore. It must not know which step asks, or send
a request that its caller has not handed over.
"""
