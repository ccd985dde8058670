#!/usr/bin/env python
import os
import sys

try:
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError, ProgrammingError
except ModuleNotFoundError:
    command = " ".join(("manage.py", *sys.argv[1:2]))
    sys.exit(f"Django is not installed for this Python. Run: make install, then .venv/bin/python {command}")

NO_TABLE = ("no such table", "UndefinedTable", "does not exist")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eazynova_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv or not any(words in f"{error!r} {error.__cause__!r}" for words in NO_TABLE):
            raise
        from django.utils.translation import gettext as _  # noqa: PLC0415  Django is not set up before

        sys.exit(_("The database holds no tables yet, or not those of this release. Run: python manage.py migrate"))


if __name__ == "__main__":
    main()
