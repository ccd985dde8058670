"""Whose instance it is, in the exact form in which Odoo stores it."""

import unicodedata
from dataclasses import dataclass

LANGUAGES = {"fr": "fr_FR", "en": "en_US"}


def one_line(text: str) -> str:
    """``text`` in Unicode NFC without control characters, each run of white space one space, none at the ends."""
    spaced = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)
    return " ".join(unicodedata.normalize("NFC", spaced).split())


def odoo_login(login: str) -> str:
    """``login`` as it is stored and must be typed: Odoo compares logins exactly, so they are all lower-case NFC."""
    return unicodedata.normalize("NFC", login).strip().lower()


def odoo_language(language: str) -> str:
    """Odoo's code for ``fr`` or ``en``; an Odoo code stays as it is. Raises ValueError for anything else."""
    if language in LANGUAGES.values():
        return language
    try:
        return LANGUAGES[language]
    except KeyError:
        raise ValueError(f"{language!r} is not a language that instances are offered in.") from None


@dataclass(frozen=True)
class Identity:
    """What the bootstrap gives a fresh Odoo: its database, its owner, its company and where it is reached.

    ``language`` is "fr" or "en", ``country`` two letters of ISO 3166, ``timezone`` a tz database name, ``addons_path``
    comma separated folders in the image (may be empty). ``base_url`` may hold Railway references.
    """

    database: str
    login: str
    name: str
    company: str
    country: str
    language: str
    timezone: str
    modules: tuple[str, ...]
    addons_path: str
    base_url: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "login", odoo_login(self.login))
        object.__setattr__(self, "name", one_line(self.name))
        object.__setattr__(self, "company", one_line(self.company))
        object.__setattr__(self, "country", self.country.strip().upper())

    @property
    def languages(self) -> tuple[str, ...]:
        """Odoo's codes of all the languages to load, the customer's own first: Odoo takes the first as default."""
        own = odoo_language(self.language)
        return (own, *(code for code in LANGUAGES.values() if code != own))
