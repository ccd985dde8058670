"""The files of the kit, as texts, and all of them as one small zip."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string

from provisioning.exit_kit.elsewhere import Elsewhere

NAMES = ("LISEZMOI.md", "README.md", "SHA256SUMS", "compose.yml")
EARLIEST = (1980, 1, 1, 0, 0, 0)
# for everybody to read: the container's own user too
MODE = 0o100644 << 16


@dataclass(frozen=True)
class KitFile:
    name: str
    content: str


def files_of(elsewhere: Elsewhere) -> tuple[KitFile, ...]:
    """The same files for the same backup."""
    facts = {
        "it": elsewhere,
        "image": _scalar(elsewhere.image),
        "context": _scalar(elsewhere.context),
        "addons_path": _scalar(elsewhere.addons_path),
    }
    return tuple(KitFile(name, render_to_string(f"exit_kit/{name}", facts)) for name in NAMES)


def zipped(files: Sequence[KitFile]) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.name, EARLIEST)
            entry.external_attr, entry.compress_type = MODE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.content)
    return found.getvalue()


def _scalar(value: str) -> str:
    """As YAML, in which Compose replaces nothing: a dollar sign is doubled."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")
