"""The Message-ID of a letter that is still to be written down: the same at every repetition."""

from email.utils import make_msgid

from django.conf import settings


def new_message_id() -> str:
    """One of its kind, under the domain that DEFAULT_FROM_EMAIL sends from."""
    return make_msgid(domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost")
