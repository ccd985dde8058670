"""Where to find help: the same on every page, at the same place (WCAG 3.2.6)."""

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tenants.services import partners


def help_address(request: HttpRequest) -> dict[str, object]:
    """The house's, for the templates, looked up only where it is shown; a page of a partner's customer has its own."""
    return {"help_address": SimpleLazyObject(_of_the_house)}


def _of_the_house() -> str:
    """ "" while the database is away: a page that needs nothing else of it is shown all the same."""
    try:
        return partners.help_address(partners.house())
    except DatabaseError:
        return ""
