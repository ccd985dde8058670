"""The archive's ``__main__``: imports the bootstrap from one solid stream, the form in which it takes least room."""

import bz2
import importlib.abc
import importlib.util
import json
import pkgutil
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

STREAM = "bootstrap.bz2"
PLACE = "/bootstrap-in-memory/"


class Sources(importlib.abc.SourceLoader):
    """Modules and data from memory; ``files`` are texts by their path below PLACE."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        name = fullname.replace(".", "/")
        for file, folder in ((f"{name}/__init__.py", [PLACE + name]), (f"{name}.py", None)):
            if file in self._files:
                return importlib.util.spec_from_file_location(
                    fullname, PLACE + file, loader=self, submodule_search_locations=folder
                )
        return None

    def get_filename(self, fullname: str) -> str:
        found = self.find_spec(fullname, None)
        if found is None or found.origin is None:
            raise ImportError(fullname)
        return found.origin

    def get_data(self, path: str | bytes) -> bytes:
        try:
            return self._files[str(path).removeprefix(PLACE)].encode()
        except KeyError:
            raise FileNotFoundError(path) from None


def main() -> None:
    stream = pkgutil.get_data("__main__", STREAM)
    sys.meta_path.insert(0, Sources(json.loads(bz2.decompress(stream or b""))))
    try:
        begin = importlib.import_module("bootstrap.main").main
    except ImportError as error:
        sys.stdout.write(f"prov: this image lacks the Python package {error.name}\n")
        # another start cannot help
        sys.exit(2)
    begin()


if __name__ == "__main__":
    main()
