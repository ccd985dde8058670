"""The adapter for e-mail: one letter handed to the backend that the environment names.

Called by whoever has written a mail as a row. Of Django it knows mail and settings; it must not know rows or words.
"""
