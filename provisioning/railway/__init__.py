"""The adapter for Railway's GraphQL API: typed methods, typed results, typed errors.

Called through `gate.clients`. It must not know Django, our rows, or why something is asked; it repeats no mutation.
"""
