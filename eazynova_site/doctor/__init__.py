"""The site is asked whether it is well, with everything that it stands on: what settings say, and what answers now.

Called by `manage.py doctor`. It must not know how a fault is mended by itself: it changes nothing,
and says the sentence that mends it. What stands without asking anybody outside is a system check (`checks`, `traps`).
"""
