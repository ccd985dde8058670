"""The web server: gunicorn keeps the processes, waitress the connections, and here are the limits that a client meets.

Called by gunicorn (`gunicorn.conf.py`), and around every request. It must not know models or use cases.
"""
