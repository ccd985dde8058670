"""The door of the production web server."""

import os

from django.core.wsgi import get_wsgi_application

from eazynova_site.checks import refuse_half_configuration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eazynova_site.settings")
application = get_wsgi_application()
refuse_half_configuration()
