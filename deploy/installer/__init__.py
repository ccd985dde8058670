"""What `./install` does. It runs before anything is installed: the standard library of Python 3.9, and nothing of ours.

Called by `install` at the top. It must not know Django or the site's settings; it writes names that `.env.example` explains.
"""
