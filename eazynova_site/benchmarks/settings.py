"""The site's own settings with the floor's two views added."""

from django.db.backends.base.base import BaseDatabaseWrapper

from eazynova_site.settings import *  # noqa: F403

ROOT_URLCONF = "eazynova_site.benchmarks.floor"
# DEBUG is on because production refuses the sandbox; but it would keep every statement, which production does not
BaseDatabaseWrapper.queries_logged = property(lambda self: self.force_debug_cursor)  # type: ignore[assignment,method-assign]
