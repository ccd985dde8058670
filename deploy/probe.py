"""The health checks of the containers, without Django: they run every few seconds and must cost nothing.

python deploy/probe.py image               the image runs something else than the web server, or that answers
python deploy/probe.py web                 this web process reaches the database and the broker, and its schema is whole
python deploy/probe.py alive SECONDS       ALIVE_FILE was touched within so many seconds
python deploy/probe.py sandbox PORT        the sandbox answers
"""

import http.client
import os
import sys
import time
from pathlib import Path

TIMEOUT_SECONDS = 5


def image() -> bool:
    return b"gunicorn" not in Path("/proc/1/cmdline").read_bytes() or site("/healthz")


def web() -> bool:
    return site("/readyz?checks=database,migrations,broker")


def alive(seconds: str) -> bool:
    # the clock of files, which is the one that touched it
    return time.time() - Path(os.environ["ALIVE_FILE"]).stat().st_mtime < float(seconds)


def sandbox(port: str) -> bool:
    return _answers(int(port), "/alive", {})


def site(path: str) -> bool:
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".") or "localhost"
    return _answers(int(os.environ.get("PORT") or 8000), path, {"Host": host})


def _answers(port: int, path: str, headers: dict[str, str]) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    said = answer.read(2000).decode(errors="replace")
    if answer.status != http.client.OK:
        print(answer.status, said)
    return answer.status == http.client.OK


if __name__ == "__main__":
    try:
        good = {"image": image, "web": web, "alive": alive, "sandbox": sandbox}[sys.argv[1]](*sys.argv[2:])
    except OSError as error:
        print(error)
        good = False
    sys.exit(not good)
