"""The site's own settings with the floor's two views added."""

from eazynova_site.settings import *  # noqa: F403

ROOT_URLCONF = "eazynova_site.benchmarks.floor"
