"""The production web server: few processes with threads, since requests wait for the database and never for Railway."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 8)
timeout = 30
# longer than a proxy or a page that looks again every few seconds leaves a connection idle: whoever closes first
# while the other one asks loses a request
keepalive = 75
# in memory: a heartbeat on a slow disk would look like a hung worker
worker_tmp_dir = "/dev/shm"  # noqa: S108
# Django logs every request that matters; a query string may hold a token
accesslog = None
# nothing here steers a running server, and a user without a home has no place for the socket
control_socket_disable = True
