"""compose.yml as a program reads it: services with their values filled in, in the order in which they must start."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# ${NAME}, ${NAME:-default}, ${NAME:?why}, and $$ for a dollar
VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:[-?])([^}]*))?\})")


@dataclass(frozen=True)
class Service:
    """``after`` names those that must run, be healthy or have ended before; ``health`` asks whether it is well."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    volumes: Mapping[str, str]
    tmpfs: tuple[str, ...]
    after: Mapping[str, str]
    health: tuple[str, ...]

    @property
    def ends(self) -> bool:
        """Whether it does its work and is gone; such a one has nothing that could be asked."""
        return not self.health


def services(path: Path, values: Mapping[str, str], profiles: Collection[str] = ()) -> list[Service]:
    """Those without a profile and those of ``profiles``, each behind what it waits for.

    ``values`` are those of `.env`. Raises ValueError for one that is demanded and missing.
    """
    given = yaml.safe_load(path.read_text())["services"]
    wanted = {
        name: _service(name, _filled(each, values), values)
        for name, each in given.items()
        if not each.get("profiles") or set(each["profiles"]) & set(profiles)
    }
    return list(_in_order(wanted))


def _in_order(wanted: dict[str, Service]) -> Iterator[Service]:
    left = dict(wanted)
    while left:
        free = [service for service in left.values() if not set(service.after) & set(left)]
        if not free:
            raise ValueError(f"These wait for each other: {', '.join(left)}")
        for service in free:
            yield left.pop(service.name)


def _service(name: str, given: Mapping[str, Any], values: Mapping[str, str]) -> Service:
    volumes = [volume.split(":") for volume in given.get("volumes", ())]
    own = {key: str(value) for key, value in (given.get("environment") or {}).items()}
    test = tuple(given.get("healthcheck", {}).get("test", ()))
    return Service(
        name=name,
        image=given.get("image", ""),
        command=tuple(given["command"]),
        environment=({**values} if given.get("env_file") else {}) | own,
        volumes={parts[1]: parts[0] for parts in volumes},
        tmpfs=tuple(each.split(":")[0] for each in given.get("tmpfs", ())),
        after={other: how["condition"] for other, how in given.get("depends_on", {}).items()},
        health=("sh", "-c", test[1]) if test[:1] == ("CMD-SHELL",) else test[1:],
    )


def _filled(given: Any, values: Mapping[str, str]) -> Any:
    if isinstance(given, Mapping):
        return {key: _filled(value, values) for key, value in given.items()}
    if isinstance(given, list):
        return [_filled(value, values) for value in given]
    return VARIABLE.sub(lambda found: _value(found, values), given) if isinstance(given, str) else given


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    dollar, name, how, text = found.groups()
    if dollar:
        return "$"
    value = values.get(name, "")
    if value or not how:
        return value
    if how == ":?":
        raise ValueError(f"{name} is missing: {text}")
    return str(text)
