"""Typed reading of the environment: nonsense is refused with a sentence that says which variable and why."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
# what a demonstration and a rehearsal write beside their process number
LENT = ("var/demo/commands.env", "var/rehearsal/commands.env")


def read_file(path: Path) -> None:
    """Take NAME=value lines of a ``.env`` file into the environment; what is set already wins."""
    if path.is_file():
        for name, value in file_values(path).items():
            os.environ.setdefault(name, value)


def running_trial(folder: Path) -> Path | None:
    """The settings that a demonstration or a rehearsal lends while it runs; None when none does.

    They are for commands in a second terminal.
    """
    return next((folder / written for written in LENT if _is_lent(folder / written)), None)


def lend(written: Path, values: Mapping[str, str]) -> None:
    """Let commands in a second terminal meet this process, with these settings, for as long as it lives."""
    written.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    written.chmod(0o600)
    written.with_name("pid").write_text(str(os.getpid()))


def _is_lent(written: Path) -> bool:
    try:
        os.kill(int(written.with_name("pid").read_text()), 0)
    except (OSError, ValueError):
        return False
    return written.is_file()


def file_values(path: Path) -> dict[str, str]:
    """The NAME=value lines of a ``.env`` file."""
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.partition("=")
        if not separator:
            raise ImproperlyConfigured(f"{path}, line {number}: write NAME=value.")
        values.setdefault(name.strip(), value.strip().strip("\"'"))
    return values


def env_str(name: str, default: str = "") -> str:
    """As it is, without the spaces around it; set but empty is a choice of its own."""
    return os.environ.get(name, default).strip()


def env_bool(name: str, default: bool) -> bool:
    value = env_str(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
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


def env_days(name: str, default: str) -> list[int]:
    """Comma separated whole numbers of days, each at least 1, the most first; empty for none."""
    found = env_list(name, default)
    if not all(re.fullmatch(r"[1-9]\d{0,3}", item) for item in found):
        raise ImproperlyConfigured(f"{name} is {', '.join(found)!r}: write whole numbers of days, such as 7,1.")
    return sorted({int(item) for item in found}, reverse=True)


def env_list(name: str, default: str = "") -> list[str]:
    """Comma separated."""
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def env_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = env_str(name) or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}: write one of {', '.join(choices)}.")
    return value


def env_time_zone(name: str, default: str) -> str:
    value = env_str(name) or default
    if value not in available_timezones():
        raise ImproperlyConfigured(f"{name} is {value!r}: write the name of a time zone, such as Europe/Paris.")
    return value


def env_rate(name: str, default: str) -> str:
    """So many in a time: ``5/h``, ``600/m``, ``1/5m``."""
    value = env_str(name) or default
    if not re.fullmatch(r"[1-9]\d{0,6}/([1-9]\d{0,3})?[smhd]", value):
        raise ImproperlyConfigured(f"{name} is {value!r}: write a number a time, such as 5/h, 600/m or 1/5m.")
    return value


def env_url(name: str, default: str = "", *, schemes: tuple[str, ...] = ("https", "http")) -> str:
    """An address without a slash at its end, or "" when it is not set."""
    return _checked_url(name, env_str(name) or default, schemes).rstrip("/")


def env_secret(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE names; never both."""
    path = env_str(f"{name}_FILE")
    if not path:
        return env_str(name) or default
    if env_str(name):
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set: keep one.")
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read.") from error


def env_secret_url(name: str, *, schemes: tuple[str, ...]) -> str:
    """An address that may hold a password, so NAME_FILE is read too and no error repeats it; "" when it is not set."""
    return _checked_url(name, env_secret(name), schemes)


def env_prefixed(prefix: str) -> dict[str, str]:
    """Every secret whose name begins with ``prefix``, under the rest of its name."""
    names = {name.removesuffix("_FILE") for name, value in os.environ.items() if name.startswith(prefix) and value}
    return {name.removeprefix(prefix): env_secret(name) for name in sorted(names)}


def kept_secret(path: Path) -> str:
    """Made once and kept, so that sessions survive a restart while nothing is configured."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(get_random_secret_key())
        path.chmod(0o600)
    return path.read_text()


def env_workspace(prefix: str) -> dict[str, str | int]:
    """The id, the token (also from a file) and the capacity of a further Railway workspace; a hyphen reads as _."""
    prefix = prefix.upper().replace("-", "_")
    return {
        "identifier": env_str(f"{prefix}_ID"),
        "token": env_secret(f"{prefix}_TOKEN"),
        "capacity": env_int(f"{prefix}_CAPACITY", 0),
    }


def _checked_url(name: str, value: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(value)
        well_formed = parts.scheme in schemes and bool(parts.netloc or parts.scheme == "unix") and parts.port != 0
    except ValueError:
        well_formed = False
    if value and not well_formed:
        accepted = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ImproperlyConfigured(f"{name} is not an address: write one that starts with {accepted}.")
    return value


# here, since each module of settings reads by this one: the file must be in the environment before the first of them
if _env_file := env_str("ENV_FILE", ".env"):
    _folder = Path(__file__).resolve().parent.parent
    # who has configured nothing means what runs in the other terminal
    read_file((not (_folder / _env_file).exists() and running_trial(_folder)) or _folder / _env_file)
