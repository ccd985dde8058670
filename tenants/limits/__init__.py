"""How much a stranger or a key may ask in a time, and who a stranger is.

Called by the public pages and the API before they ask a use case. It must not know what is asked for.
"""
