"""The requests of S3's REST API that a backup needs, path-style: /BUCKET/KEY.

docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import parse_qs, unquote

from provisioning.sandbox.faults import Fault, Faults
from provisioning.sandbox.http_server import Answer, Request, Response
from provisioning.sandbox.s3 import documents
from provisioning.sandbox.s3.bucket import Bucket, Lock, Version
from provisioning.sandbox.s3.errors import S3Refusal, missing
from provisioning.sandbox.s3.signature import Credentials, check

FORM = "application/x-www-form-urlencoded"
FAULTS = ("storage_error", "storage_lost_answer", "storage_timeout_before", "storage_timeout_after")
MOST_KEYS = 1000
Action = Callable[[Bucket, str, Request], Response]


class S3:
    """``buckets`` by name. ``now`` is the sandbox's own clock, in seconds."""

    def __init__(
        self, buckets: dict[str, Bucket], credentials: Credentials, faults: Faults, now: Callable[[], float]
    ) -> None:
        self.buckets = buckets
        self._credentials = credentials
        self._faults = faults
        self._now = now
        # the first that fits is meant: those with a parameter stand before those without
        self._actions: dict[tuple[str, str, str], tuple[str, Action]] = {
            ("PUT", "object", "uploadId"): ("UploadPart", self._upload_part),
            ("PUT", "object", ""): ("PutObject", self._put),
            ("POST", "object", "uploads"): ("CreateMultipartUpload", self._begin),
            ("POST", "object", "uploadId"): ("CompleteMultipartUpload", self._complete),
            ("DELETE", "object", "uploadId"): ("AbortMultipartUpload", self._abort),
            ("DELETE", "object", ""): ("DeleteObject", self._delete),
            ("GET", "object", "uploadId"): ("ListParts", self._parts),
            ("GET", "object", ""): ("GetObject", self._get),
            ("HEAD", "object", ""): ("HeadObject", self._head),
            ("HEAD", "bucket", ""): ("HeadBucket", lambda bucket, key, request: Response(200)),
            ("GET", "bucket", "uploads"): ("ListMultipartUploads", self._uploads),
            ("GET", "bucket", "object-lock"): ("GetObjectLockConfiguration", self._locking),
            ("GET", "bucket", ""): ("ListObjectsV2", self._list),
        }

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        fault: Fault | None = None
        try:
            check(request, self._credentials, datetime.fromtimestamp(self._now(), UTC))
            name, _, key = unquote(request.path).lstrip("/").partition("/")
            bucket, (operation, answer) = self._bucket(name), self._operation(request, key)
            fault = self._faults.claim(FAULTS, names={operation}, subject=lambda: key)
            if fault and fault.kind == "storage_timeout_before":
                return _lingering(fault)
            response = _troubled(fault) if fault and fault.kind == "storage_error" else answer(bucket, key, request)
        except S3Refusal as refusal:
            response = Response(refusal.status, documents.error(refusal), documents.XML)
        if fault and fault.kind == "storage_timeout_after":
            return _lingering(fault)
        return None if fault and fault.kind == "storage_lost_answer" else response

    def _bucket(self, name: str) -> Bucket:
        if name not in self.buckets:
            raise missing("NoSuchBucket", "The specified bucket does not exist")
        return self.buckets[name]

    def _operation(self, request: Request, key: str) -> tuple[str, Action]:
        asked = parse_qs(request.query, keep_blank_values=True)
        of = "object" if key else "bucket"
        for (method, about, parameter), found in self._actions.items():
            if (method, about) == (request.method, of) and (not parameter or parameter in asked):
                return found
        raise S3Refusal("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)

    def _put(self, bucket: Bucket, key: str, request: Request) -> Response:
        _refuse_forms(request)
        if request.headers.get("if-none-match") == "*" and bucket.has(key):
            raise S3Refusal("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
        version = bucket.put(
            key, request.body, content_type=_type(request), lock=_lock(bucket, request), now=self._now()
        )
        return _tagged(bucket, version)

    def _begin(self, bucket: Bucket, key: str, request: Request) -> Response:
        upload = bucket.begin(key, content_type=_type(request), lock=_lock(bucket, request), now=self._now())
        return Response(200, documents.begun(request.path, upload), documents.XML)

    def _upload_part(self, bucket: Bucket, key: str, request: Request) -> Response:
        _refuse_forms(request)
        upload = bucket.upload(key, request.parameter("uploadId"))
        part = bucket.add_part(upload, _number(request.parameter("partNumber")), request.body)
        return Response(200, headers=[("ETag", f'"{part.etag}"')])

    def _parts(self, bucket: Bucket, key: str, request: Request) -> Response:
        return Response(200, documents.parts(bucket.upload(key, request.parameter("uploadId"))), documents.XML)

    def _complete(self, bucket: Bucket, key: str, request: Request) -> Response:
        upload = bucket.upload(key, request.parameter("uploadId"))
        version = bucket.complete(upload, documents.wanted_parts(request.body), self._now())
        return Response(200, documents.completed(version), documents.XML, _tagged(bucket, version).headers)

    def _abort(self, bucket: Bucket, key: str, request: Request) -> Response:
        bucket.abort(bucket.upload(key, request.parameter("uploadId")))
        return Response(204)

    def _delete(self, bucket: Bucket, key: str, request: Request) -> Response:
        bucket.delete(key, request.parameter("versionId"), self._now())
        return Response(204)

    def _head(self, bucket: Bucket, key: str, request: Request) -> Response:
        version = bucket.newest(key)
        return Response(200, b"", version.content_type, _facts(bucket, version), length=version.size)

    def _get(self, bucket: Bucket, key: str, request: Request) -> Response:
        version = bucket.newest(key)
        facts = _facts(bucket, version)
        if filename := request.parameter("response-content-disposition"):
            facts.append(("Content-Disposition", filename))
        asked = request.headers.get("range", "")
        if not asked:
            return Response(200, bucket.read(version, 0, version.size - 1), version.content_type, facts)
        first, last = _range(asked, version.size)
        facts.append(("Content-Range", f"bytes {first}-{last}/{version.size}"))
        return Response(206, bucket.read(version, first, last), version.content_type, facts)

    def _list(self, bucket: Bucket, key: str, request: Request) -> Response:
        after = request.parameter("continuation-token") or request.parameter("start-after")
        most = min(_number(request.parameter("max-keys") or str(MOST_KEYS)), MOST_KEYS)
        found = list(bucket.newest_of_all(request.parameter("prefix"), after))
        return Response(200, documents.listing(found[:most], truncated=len(found) > most), documents.XML)

    def _uploads(self, bucket: Bucket, key: str, request: Request) -> Response:
        prefix = request.parameter("prefix")
        found = [each for each in bucket.uploads.values() if each.key.startswith(prefix)]
        return Response(200, documents.uploads(found), documents.XML)

    def _locking(self, bucket: Bucket, key: str, request: Request) -> Response:
        if not bucket.locking:
            raise missing("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist")
        return Response(200, documents.LOCKING, documents.XML)


def _troubled(fault: Fault) -> Response:
    refusal = S3Refusal(
        fault.text("code", "InternalError"),
        fault.text("message", "We encountered an internal error."),
        int(fault.number("status", 500)),
    )
    return Response(refusal.status, documents.error(refusal), documents.XML)


async def _lingering(fault: Fault) -> None:
    """Nothing is ever answered, and the connection stays open for a while."""
    await asyncio.sleep(fault.number("seconds", 120.0))


def _refuse_forms(request: Request) -> None:
    """What a library sends by default when nobody thought of the type; some servers then store nothing."""
    if request.headers.get("content-type", "").startswith(FORM):
        raise S3Refusal("InvalidRequest", "A form is not an object: send Content-Type: application/octet-stream.")


def _lock(bucket: Bucket, request: Request) -> Lock | None:
    mode = request.headers.get("x-amz-object-lock-mode", "")
    if not mode:
        return None
    if not bucket.locking:
        raise S3Refusal("InvalidRequest", "Bucket is missing Object Lock Configuration")
    until = request.headers.get("x-amz-object-lock-retain-until-date", "").replace("Z", "+00:00")
    try:
        return Lock(mode, datetime.fromisoformat(until).timestamp())
    except ValueError as error:
        raise S3Refusal("InvalidArgument", "The retain until date must be provided in ISO 8601 format") from error


def _facts(bucket: Bucket, version: Version) -> list[tuple[str, str]]:
    facts = [*_tagged(bucket, version).headers, ("Accept-Ranges", "bytes"),
             ("Last-Modified", formatdate(version.modified, usegmt=True))]  # fmt: skip
    if version.lock:
        facts.append(("x-amz-object-lock-mode", version.lock.mode))
        facts.append(("x-amz-object-lock-retain-until-date", documents.moment(version.lock.until)))
    return facts


def _tagged(bucket: Bucket, version: Version) -> Response:
    versioned = [("x-amz-version-id", version.id)] if bucket.locking else []
    return Response(200, headers=[("ETag", f'"{version.etag}"'), *versioned])


def _type(request: Request) -> str:
    return request.headers.get("content-type", "binary/octet-stream")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise S3Refusal("InvalidArgument", f"Not a number: {text}")
    return int(text)


def _range(text: str, size: int) -> tuple[int, int]:
    first, _, last = text.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        raise S3Refusal("InvalidRange", "The requested range is not satisfiable", 416)
    return start, end
