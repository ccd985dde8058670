"""Python imports this by itself when its folder is on PYTHONPATH: kills the process right before one of its own calls.

KILLED_BEFORE is "file:function", or "file:function:2" for its second call.
"""

import os
import signal
import sys

_boundary = os.environ.get("KILLED_BEFORE", "").split(":")
_left = [int(_boundary[2]) if len(_boundary) > 2 else 1]


def _look(frame, event, _argument):
    code = frame.f_code
    if event != "call" or code.co_name != _boundary[1] or not code.co_filename.endswith(f"/{_boundary[0]}.py"):
        return
    _left[0] -= 1
    if not _left[0]:
        os.kill(os.getpid(), signal.SIGKILL)


if len(_boundary) > 1:
    sys.setprofile(_look)
