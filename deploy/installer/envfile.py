"""The file `.env`: read as Docker Compose and the site read it, made once, readable by its owner alone."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from installer.words import Refused, tr

PLAIN = re.compile(r"[\w.,:/@+=<>~%&?!*()\[\]{}^;| -]*")


def read(path: Path) -> dict[str, str]:
    """Raises Refused with the number of the line that cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise Refused(tr(f"There is no {path}.", f"Il n’y a pas de {path}.")) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(tr(f"{path} cannot be read: {error}", f"{path} ne peut pas être lu : {error}")) from error
    found = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.partition("=")
        if not separator or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name.strip()):
            raise Refused(
                tr(f"{path}, line {number}: write NAME=value.", f"{path}, ligne {number} : écrivez NOM=valeur.")
            )
        found[name.strip()] = value.strip().strip("\"'")
    return found


def written(name: str, value: str) -> str:
    """A line that Compose and the site read alike. Raises Refused for a value that neither could."""
    if "'" in value or "\n" in value or "\r" in value:
        raise Refused(
            tr(
                f"{name} holds a quote or a line break: put it into a file and write {name}_FILE=/path/of/the/file.",
                f"{name} contient une apostrophe ou un saut de ligne : mettez-le dans un fichier et écrivez {name}_FILE=/chemin.",
            )
        )
    return f"{name}={value}" if PLAIN.fullmatch(value) and value == value.strip() else f"{name}='{value}'"


def make(path: Path, sections: list[tuple[str, dict[str, str]]]) -> None:
    """Write it whole, for its owner alone. Raises Refused when it is there already: it may hold the only keys."""
    lines = [tr("# Made by ./install. Every name is explained in .env.example.",
                "# Écrit par ./install. Chaque nom est expliqué dans .env.example.")]  # fmt: skip
    for title, values in sections:
        lines += ["", f"# {title}", *(written(name, value) for name, value in values.items())]
    text = "\n".join(lines) + "\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused(already(path)) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def already(path: Path) -> str:
    return tr(
        f"{path} is there already and is never overwritten: it may hold the only keys of your data. "
        "Edit it and run ./install --check.",
        f"{path} existe déjà et n’est jamais remplacé : il contient peut-être les seules clés de vos données. "
        "Modifiez-le, puis lancez ./install --check.",
    )


def is_private(path: Path) -> bool:
    """Whether nobody but its owner may read it."""
    return not stat.S_IMODE(path.stat().st_mode) & 0o077
