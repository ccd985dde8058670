"""Figures, dates and states as people read them, for whichever edge shows them.

Called by pages, the API, the console, commands and mails. It must not change a row or know who reads.
"""
