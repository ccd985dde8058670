"""What Railway says was used becomes rows, is priced by a dated list, and is held against Railway's own sum.

Called by `tenants.costs`, which says for whom a project ran; `reconciliation` takes the prices. It must not know
customers or prices of ours.
"""
