"""What staff should know at this moment, kept as open alerts and told once each.

Called by `tasks`; its conditions are also the console's "to do". It reads everything and must not change anything else.
"""
