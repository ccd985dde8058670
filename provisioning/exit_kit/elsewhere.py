"""What runs an instance outside of Railway: the images, the database's name and the backup that fills it."""

import re
from dataclasses import dataclass

# of an instance whose blueprint names its PostgreSQL by a digest, and of whose backup nothing better is known
USUAL_POSTGRES = 17
MAJOR = re.compile(r"postgres[\w./-]*:(\d+)")
# since this one the image keeps its data in a folder of its own beside others'
FOLDERS_BY_MAJOR = 18


@dataclass(frozen=True)
class Elsewhere:
    """``image`` is a prebuilt one; without it ``repository`` (owner/name at GitHub) and ``branch`` are built.

    ``postgres`` is PostgreSQL's major version, ``series`` Odoo's ("19.0"), ``odoo_version`` the build that was seen
    running (may be empty). ``filename`` is the backup's, ``taken`` when it was begun, in UTC.
    """

    client_name: str
    database: str
    image: str
    repository: str
    branch: str
    addons_path: str
    postgres: int
    filename: str
    sha256: str
    size: int
    taken: str
    series: str
    odoo_version: str

    @property
    def context(self) -> str:
        """What Docker builds when there is no image: a branch of a repository, fetched by Docker itself."""
        return f"https://github.com/{self.repository}.git#{self.branch}"

    @property
    def loading(self) -> str:
        """The database's name until all of it was loaded. PostgreSQL's names have 63 characters at most."""
        return f"{self.database[:59]}_new"

    @property
    def postgres_folder(self) -> str:
        return "/var/lib/postgresql" if self.postgres >= FOLDERS_BY_MAJOR else "/var/lib/postgresql/data"


def postgres_major(image: str, server_version: str) -> int:
    """Of the server that dumped, as the backup says ("17.6"), else of the image that was ordered."""
    said = re.match(r"(\d+)", server_version) or MAJOR.search(image)
    return int(said[1]) if said else USUAL_POSTGRES
