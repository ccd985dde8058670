"""The XML of S3's answers and of its one question."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from provisioning.sandbox.s3.bucket import Upload, Version
from provisioning.sandbox.s3.errors import S3Refusal

XML = "application/xml"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
LOCKING = (
    f'{HEAD}<ObjectLockConfiguration xmlns="{NAMESPACE}"><ObjectLockEnabled>Enabled</ObjectLockEnabled>'
    "</ObjectLockConfiguration>"
).encode()


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def error(refusal: S3Refusal) -> bytes:
    return f"{HEAD}<Error>{_tag('Code', refusal.code)}{_tag('Message', refusal.message)}</Error>".encode()


def begun(path: str, upload: Upload) -> bytes:
    bucket = unquote(path).lstrip("/").partition("/")[0]
    return _document(
        "InitiateMultipartUploadResult", _tag("Bucket", bucket) + _tag("Key", upload.key) + _tag("UploadId", upload.id)
    )


def completed(version: Version) -> bytes:
    return _document("CompleteMultipartUploadResult", _tag("Key", version.key) + _tag("ETag", f'"{version.etag}"'))


def parts(upload: Upload) -> bytes:
    rows = "".join(
        f"<Part>{_tag('PartNumber', number)}{_tag('ETag', _quoted(part.etag))}{_tag('Size', part.size)}</Part>"
        for number, part in sorted(upload.parts.items())
    )
    return _document("ListPartsResult", _tag("UploadId", upload.id) + _tag("IsTruncated", "false") + rows)


def uploads(found: Iterable[Upload]) -> bytes:
    rows = "".join(
        f"<Upload>{_tag('Key', each.key)}{_tag('UploadId', each.id)}{_tag('Initiated', moment(each.started))}</Upload>"
        for each in found
    )
    return _document("ListMultipartUploadsResult", _tag("IsTruncated", "false") + rows)


def listing(found: Sequence[Version], *, truncated: bool) -> bytes:
    rows = "".join(
        f"<Contents>{_tag('Key', each.key)}{_tag('LastModified', moment(each.modified))}"
        f"{_tag('ETag', _quoted(each.etag))}{_tag('Size', each.size)}</Contents>"
        for each in found
    )
    onward = _tag("NextContinuationToken", found[-1].key) if truncated else ""
    about = _tag("KeyCount", len(found)) + _tag("IsTruncated", str(truncated).lower()) + onward
    return _document("ListBucketResult", about + rows)


def wanted_parts(body: bytes) -> list[tuple[int, str]]:
    """Number and ETag of each part of a CompleteMultipartUpload. Raises S3Refusal MalformedXML."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  the sandbox's own clients
        return [
            (int(part.findtext(f"{{{NAMESPACE}}}PartNumber", "")), part.findtext(f"{{{NAMESPACE}}}ETag", "").strip('"'))
            for part in root.iter(f"{{{NAMESPACE}}}Part")
        ]
    except (ElementTree.ParseError, ValueError) as error:
        raise S3Refusal("MalformedXML", "The XML you provided was not well-formed") from error


def _document(name: str, inside: str) -> bytes:
    return f'{HEAD}<{name} xmlns="{NAMESPACE}">{inside}</{name}>'.encode()


def _tag(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def _quoted(etag: str) -> str:
    return f'"{etag}"'
