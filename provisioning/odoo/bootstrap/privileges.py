"""From root, whom the platform's volumes belong to, to the user that Odoo works as."""

import os
import pwd
from pathlib import Path

from .outcome import SETTINGS, Stop
from .process import hide

USER = "odoo"


def become_odoo(data_dir: Path) -> str:
    """Give ``data_dir`` to the image's user ``odoo`` and become that user, for good; returns the home directory.

    Started as somebody else, or in an image without such a user, nobody changes. Raises Stop when the directory
    cannot be written to.
    """
    if os.geteuid() == 0:
        data_dir.mkdir(parents=True, exist_ok=True)
        user = _find_user()
        if user is not None:
            _give(data_dir, user)
            os.initgroups(user.pw_name, user.pw_gid)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            hide()
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise Stop(
            SETTINGS, "ODOO_DATA_DIR cannot be written to; start as root (RAILWAY_RUN_UID=0) to change its owner"
        )
    return _home()


def _find_user() -> "pwd.struct_passwd | None":
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        return None


def _give(data_dir: Path, user: pwd.struct_passwd) -> None:
    """The directory itself comes last: its owner tells that all below has been given."""
    if data_dir.stat().st_uid == user.pw_uid:
        return
    for folder, folders, files in os.walk(data_dir, topdown=False):
        for name in (*files, *folders):
            os.chown(Path(folder, name), user.pw_uid, user.pw_gid, follow_symlinks=False)
    os.chown(data_dir, user.pw_uid, user.pw_gid)


def _home() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"
