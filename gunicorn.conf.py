"""The production web server: gunicorn keeps the processes, waitress the connections (eazynova_site/serving)."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
worker_class = "eazynova_site.serving.worker.WaitressWorker"
# the site is read once and shared; a worker that begins anew is there at once
preload_app = True
threads = int(os.environ.get("WEB_THREADS") or 8)
# a connection costs a few kilobytes and no thread
worker_connections = int(os.environ.get("WEB_CONNECTIONS") or 2000)
# memory that a worker once took comes back with the next one; not all at the same moment
max_requests = int(os.environ.get("WEB_REQUESTS") or 50_000)
max_requests_jitter = max_requests // 10
# of a worker whose loop hangs, and of one that shall stop and still answers
timeout = 30
graceful_timeout = 30
# in memory: a heartbeat on a slow disk would look like a hung worker
worker_tmp_dir = "/dev/shm"  # noqa: S108
# a line for each request is written by the site, which knows what of an address is a secret
accesslog = None
# nothing here steers a running server, and a user without a home has no place for the socket
control_socket_disable = True
