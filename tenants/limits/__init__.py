"""How much anybody may ask for: policies as data, counted for a visitor, a network, a key, a recipient or for all.

Called by the edges before they ask a use case, and by alerts and console. It must not know what is asked for.
"""
