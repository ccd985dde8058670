"""The door of the production web server."""

import os

from django.core.wsgi import get_wsgi_application

from eazynova_site.checks import refuse_half_configuration
from eazynova_site.wsgi_request import Application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eazynova_site.settings")
# sets Django up
get_wsgi_application()
application = Application()
refuse_half_configuration()
