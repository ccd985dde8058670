"""Our own database: dumped, encrypted, kept in the backups' bucket, read back, and brought back when all is lost.

The periodic job and the commands call it. It must not know what the rows mean: to it they are one stream of bytes,
and what the engine has to doubt after a restoration is `engine.after_restore`'s business.
"""
