"""One bucket of S3-compatible storage, as backups use it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from provisioning.storage.errors import ObjectMissing, StorageRefused, translated
from provisioning.storage.results import Part, StoredObject, Upload

if TYPE_CHECKING:
    from boto3.session import Session
    from mypy_boto3_s3 import S3Client

P = ParamSpec("P")
Result = TypeVar("Result")

OCTETS = "application/octet-stream"
CHUNK = 1024 * 1024
# seconds to connect, seconds between two bytes, attempts
PATIENT, HURRIED = (10.0, 60.0, 4), (3.0, 8.0, 1)
ONE_AT_A_TIME = Lock()
NO_LOCKING = ("ObjectLockConfigurationNotFoundError", "NotImplemented", "MethodNotAllowed", "404", "501")


@dataclass(frozen=True)
class Access:
    """Where the bucket is, and the keys that open it. ``endpoint`` begins with https:// (http:// for a sandbox)."""

    endpoint: str
    region: str
    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


class Storage:
    """Every method raises StorageUnavailable, StorageFull or StorageRefused besides what it names."""

    def __init__(self, access: Access, *, hurried: bool = False) -> None:
        """``hurried``: whoever asks serves others too, and would rather hear soon that there is no answer."""
        self._bucket = access.bucket
        self._s3 = _connected(access, *(HURRIED if hurried else PATIENT))

    def begin(self, key: str, *, locked_until: datetime | None = None) -> str:
        """Begin a multipart upload; returns its id. With ``locked_until`` the object cannot be deleted before."""
        answer = _asked(
            self._s3.create_multipart_upload,
            Bucket=self._bucket,
            Key=key,
            ContentType=OCTETS,
            **_lock(locked_until),
        )
        return answer["UploadId"]

    def part_addresses(self, key: str, upload_id: str, numbers: Sequence[int], *, seconds: int) -> dict[int, str]:
        """An address for each part, to which whoever has it may PUT that part, and nothing else, for ``seconds``."""
        return {
            number: self._s3.generate_presigned_url(
                "upload_part",
                Params={"Bucket": self._bucket, "Key": key, "UploadId": upload_id, "PartNumber": number},
                ExpiresIn=seconds,
            )
            for number in numbers
        }

    def send(self, key: str, upload_id: str, number: int, body: bytes) -> Part:
        """Send one part ourselves; every part but the last has at least five megabytes. Raises UploadGone."""
        answer = _asked(
            self._s3.upload_part,
            Bucket=self._bucket,
            Key=key,
            UploadId=upload_id,
            PartNumber=number,
            Body=body,
        )
        return Part(number, answer["ETag"].strip('"'), len(body))

    def parts(self, key: str, upload_id: str) -> list[Part]:
        """What has arrived of an upload. Raises UploadGone."""
        pages = self._s3.get_paginator("list_parts")
        found = _asked(lambda: list(pages.paginate(Bucket=self._bucket, Key=key, UploadId=upload_id)))
        return [Part(row["PartNumber"], row["ETag"].strip('"'), row["Size"]) for page in found
                for row in page.get("Parts", [])]  # fmt: skip

    def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> StoredObject:
        """Make one object of the parts, and read back what the storage has. Raises UploadGone."""
        _asked(
            self._s3.complete_multipart_upload,
            Bucket=self._bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={"Parts": [{"PartNumber": part.number, "ETag": part.etag} for part in parts]},
        )
        return self.head(key)

    def abort(self, key: str, upload_id: str) -> None:
        """Forget an upload and its parts; one that is gone is no error."""
        try:
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except (BotoCoreError, ClientError) as error:
            if _code(error) not in ("NoSuchUpload", "404"):
                raise translated(error) from error

    def unfinished(self, prefix: str) -> list[Upload]:
        """Uploads under this prefix that were neither completed nor aborted."""
        pages = self._s3.get_paginator("list_multipart_uploads")
        found = _asked(lambda: list(pages.paginate(Bucket=self._bucket, Prefix=prefix)))
        return [Upload(row["Key"], row["UploadId"], row["Initiated"]) for page in found
                for row in page.get("Uploads", [])]  # fmt: skip

    def put(self, key: str, body: bytes, *, locked_until: datetime | None = None) -> StoredObject:
        """Write one object in one request. Raises StorageRefused when the key is taken: nothing is overwritten."""
        _asked(
            self._s3.put_object,
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentType=OCTETS,
            IfNoneMatch="*",
            **_lock(locked_until),
        )
        return self.head(key)

    def head(self, key: str) -> StoredObject:
        """Raises ObjectMissing."""
        answer = _asked(self._s3.head_object, Bucket=self._bucket, Key=key)
        return StoredObject(
            key=key,
            size=answer["ContentLength"],
            etag=answer["ETag"].strip('"'),
            modified=answer["LastModified"],
            version=answer.get("VersionId", ""),
            locked_until=answer.get("ObjectLockRetainUntilDate"),
        )

    def read(self, key: str, first: int, last: int) -> bytes:
        """The bytes ``first`` to ``last``, both included. Raises ObjectMissing."""
        answer = _asked(self._s3.get_object, Bucket=self._bucket, Key=key, Range=f"bytes={first}-{last}")
        return _asked(answer["Body"].read)

    def stream(self, key: str) -> Iterator[bytes]:
        """The whole object, a megabyte at a time. Raises ObjectMissing."""
        body = _asked(self._s3.get_object, Bucket=self._bucket, Key=key)["Body"]
        while chunk := _asked(body.read, CHUNK):
            yield chunk

    def download_address(self, key: str, *, seconds: int, filename: str = "") -> str:
        """An address from which whoever has it may read this object, and nothing else, for ``seconds``."""
        disposition = {"ResponseContentDisposition": f'attachment; filename="{filename}"'} if filename else {}
        return self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key, **disposition}, ExpiresIn=seconds
        )

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object under this prefix, in the order of the keys; without versions and locks."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in _asked(lambda: list(pages)):
            for row in page.get("Contents", []):
                yield StoredObject(row["Key"], row["Size"], row["ETag"].strip('"'), row["LastModified"])

    def delete(self, key: str) -> None:
        """Delete for good, not only hide it under a marker; what is gone is no error. Raises ObjectLocked."""
        try:
            version = self.head(key).version
        except ObjectMissing:
            return
        if version:
            _asked(self._s3.delete_object, Bucket=self._bucket, Key=key, VersionId=version)
        else:
            _asked(self._s3.delete_object, Bucket=self._bucket, Key=key)

    def locks(self) -> bool:
        """Whether the bucket can lock objects, as it says itself."""
        try:
            answer = self._s3.get_object_lock_configuration(Bucket=self._bucket)
        except (BotoCoreError, ClientError) as error:
            if _code(error) in NO_LOCKING:
                return False
            raise translated(error) from error
        return answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"

    def check(self) -> None:
        """Ask for the bucket. Raises StorageRefused when there is none or the keys do not open it."""
        try:
            _asked(self._s3.head_bucket, Bucket=self._bucket)
        except ObjectMissing as error:
            raise StorageRefused(f"There is no bucket named {self._bucket}.") from error


def _connected(access: Access, connecting: float, reading: float, attempts: int) -> "S3Client":
    # here: only who reaches the storage waits until it is loaded, and not every command and process
    from botocore.config import Config  # noqa: PLC0415

    # newer checksums are sent and wanted only where S3 requires them: many compatible servers refuse the rest
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=connecting,
        read_timeout=reading,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    with ONE_AT_A_TIME:
        return _session().client(
            "s3",
            endpoint_url=access.endpoint,
            region_name=access.region,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
            config=config,
        )


@cache
def _session() -> "Session":
    """One in a process, without keys of its own, for it reads megabytes; threads may use it one at a time."""
    import boto3  # noqa: PLC0415

    return boto3.session.Session()


def _lock(until: datetime | None) -> Mapping[str, Any]:
    return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until} if until else {}


def _asked(call: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
    try:
        return call(*arguments, **named)
    except (BotoCoreError, ClientError) as error:
        raise translated(error) from error


def _code(error: BotoCoreError | ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""
