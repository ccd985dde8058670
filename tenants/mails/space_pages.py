"""Addresses of the customer's space, for mails: in the language of the reader, at the site's public address."""

from django.conf import settings
from django.urls import reverse

NAMESPACES = {"fr": "space", "en": "space_en"}


def space_page(language: str, name: str, *arguments: str) -> str:
    namespace = NAMESPACES.get(language, NAMESPACES["fr"])
    return settings.PUBLIC_BASE_URL + reverse(f"{namespace}:{name}", args=arguments)
