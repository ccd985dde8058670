"""The files of the pages, under names that hold their content's hash; without a collection under their plain ones."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it has no types
    """A site whose files nobody collected still shows its pages: WhiteNoise then serves what the packages hold."""

    def stored_name(self, name: str) -> str:
        return str(super().stored_name(name)) if self.hashed_files else name
