"""Typed reading of the environment: nonsense is refused with a sentence that says which variable and why."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


def read_file(path: Path) -> None:
    """Take NAME=value lines of a ``.env`` file into the environment; what is set already wins."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.partition("=")
        if not separator:
            raise ImproperlyConfigured(f"{path}, line {number}: write NAME=value.")
        os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in TRUE:
        return True
    if value.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: write 1 or 0.")


def env_int(name: str, default: int, *, least: int = 0) -> int:
    return int(env_float(name, default, least=least, kind=int))


def env_float(name: str, default: float, *, least: float = 0, kind: type = float) -> float:
    value = env_str(name)
    if not value:
        return default
    try:
        number: float = kind(value)
    except ValueError:
        number = float("nan")
    if not least <= number < float("inf"):
        what = "a whole number" if kind is int else "a number"
        raise ImproperlyConfigured(f"{name} is {value!r}: write {what} of at least {least}.")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    """Comma separated."""
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env_str(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}: write one of {', '.join(choices)}.")
    return value


def env_url(name: str, default: str = "", *, schemes: tuple[str, ...] = ("https", "http")) -> str:
    """An address without a slash at its end, or "" when it is not set."""
    value = env_str(name, default)
    if value and (urlsplit(value).scheme not in schemes or not urlsplit(value).netloc):
        raise ImproperlyConfigured(f"{name} must be an address that starts with {' or '.join(schemes)}://.")
    return value.rstrip("/")


def env_secret(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE names; never both."""
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return env_str(name, default)
    if os.environ.get(name):
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set: keep one.")
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read.") from error
