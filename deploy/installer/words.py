"""Every sentence in English and in French, as the terminal's language has it."""

from __future__ import annotations

import os


class Refused(Exception):
    """An answer that cannot be right; the message says why and what to do."""


def is_french() -> bool:
    chosen = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return chosen.lower().startswith("fr")


def tr(english: str, french: str) -> str:
    return french if is_french() else english
