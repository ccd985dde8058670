"""What can go wrong with the storage.

StorageUnavailable (Temporary)   no usable answer, or one that says "later"; the effect may have come about
StorageFull (Temporary)          the bucket's quota is used up: somebody has to make room
ClockSkewed (Temporary)          our clock and the storage's differ by more than a quarter of an hour
UploadGone (Temporary)           the upload was aborted or completed meanwhile: begin a new one
StorageRefused (Permanent)       the keys, the bucket or a request of ours is wrong: no waiting helps
ObjectMissing (Permanent)        there is nothing under this key
ObjectLocked (Permanent)         it may not be deleted before its lock ends
"""

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from provisioning.errors import Permanent, ProvisioningError, Temporary


class StorageUnavailable(Temporary):
    code = "storage_unavailable"


class StorageFull(Temporary):
    code = "storage_full"


class ClockSkewed(Temporary):
    code = "storage_clock_skewed"


class UploadGone(Temporary):
    code = "storage_upload_gone"


class StorageRefused(Permanent):
    code = "storage_refused"


class ObjectMissing(Permanent):
    code = "storage_object_missing"


class ObjectLocked(Permanent):
    code = "storage_object_locked"


FULL = frozenset({"QuotaExceeded", "QuotaExceededException", "InsufficientStorage", "XMinioStorageFull", "507"})
LATER = frozenset({"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling", "429", "503"})
KINDS: dict[str, type[ProvisioningError]] = {
    "RequestTimeTooSkewed": ClockSkewed,
    "NoSuchUpload": UploadGone,
    "NoSuchKey": ObjectMissing,
    "404": ObjectMissing,
    "NotFound": ObjectMissing,
}


def translated(error: BotoCoreError | ClientError) -> ProvisioningError:
    """One of the errors above; its message holds the storage's own words and no key or address."""
    if isinstance(error, HTTPClientError | NoConnection):
        return StorageUnavailable(f"The storage does not answer ({type(error).__name__}).", unclear=True)
    if isinstance(error, BotoCoreError):
        return StorageRefused(f"The storage cannot be used as it is set ({type(error).__name__}).")
    answer, status = (
        error.response.get("Error", {}),
        error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
    )
    code = str(answer.get("Code", ""))
    return _kind(code, status, error.operation_name)(
        f"{error.operation_name}: {code} {answer.get('Message', '')}"[:300]
    )


def _kind(code: str, status: int, operation: str) -> type[ProvisioningError]:
    if code in FULL or status == 507:
        return StorageFull
    if code in LATER or status >= 500 or status == 429:
        return StorageUnavailable
    if code == "AccessDenied" and operation == "DeleteObject":
        return ObjectLocked
    return KINDS.get(code, StorageRefused)
