"""The stand-in for S3-compatible storage. Stricter than the public ones: what a real one refuses is refused here."""
