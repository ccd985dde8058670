"""AWS Signature Version 4 of a request, in its headers or in its query, checked as S3 does.

The rules: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html. Unlike elsewhere the path is
encoded once, and the hash of the body is whatever ``x-amz-content-sha256`` says, which then must be true.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

from provisioning.sandbox.http_server import Request
from provisioning.sandbox.s3.errors import S3Refusal, denied

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
MOST_SKEW = timedelta(minutes=15)
LONGEST_SECONDS = 604_800
HEADER = re.compile(rf"{ALGORITHM} Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{{64}})")


@dataclass(frozen=True)
class Credentials:
    access_key_id: str
    secret_access_key: str
    region: str


@dataclass(frozen=True)
class _Claim:
    scope: Sequence[str]
    signed_headers: Sequence[str]
    signature: str
    moment: str
    payload: str


def check(request: Request, credentials: Credentials, now: datetime) -> None:
    """Raises S3Refusal when the request is not signed by the holder of the secret, for this moment, as it came."""
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    claim = _from_query(parameters, now) if "X-Amz-Signature" in parameters else _from_headers(request, now)
    key, date, region, service, ending = claim.scope
    if key != credentials.access_key_id:
        raise denied("The AWS Access Key Id you provided does not exist in our records.", "InvalidAccessKeyId")
    if (region, service, ending) != (credentials.region, "s3", "aws4_request") or claim.moment[:8] != date:
        raise S3Refusal("AuthorizationHeaderMalformed", f"The scope {'/'.join(claim.scope[1:])} is wrong.")
    if "host" not in claim.signed_headers:
        raise denied("There were headers present in the request which were not signed")
    text = "\n".join((ALGORITHM, claim.moment, "/".join(claim.scope[1:]), _digest(_canonical(request, claim).encode())))
    expected = hmac.new(_key(credentials, date), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, claim.signature):
        raise denied("The request signature we calculated does not match the signature you provided.",
                     "SignatureDoesNotMatch")  # fmt: skip
    if claim.payload != UNSIGNED and claim.payload != _digest(request.body):
        raise S3Refusal("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match.")


def _from_headers(request: Request, now: datetime) -> _Claim:
    found = HEADER.fullmatch(request.headers.get("authorization", ""))
    if not found:
        raise denied()
    moment = request.headers.get("x-amz-date", "")
    if abs(_time(moment) - now) > MOST_SKEW:
        raise denied("The difference between the request time and the server's time is too large.",
                     "RequestTimeTooSkewed")  # fmt: skip
    payload = request.headers.get("x-amz-content-sha256", "")
    if not re.fullmatch(rf"[0-9a-f]{{64}}|{UNSIGNED}", payload):
        raise S3Refusal("InvalidRequest", "Missing or unsupported x-amz-content-sha256")
    return _Claim(_scope(found[1]), found[2].split(";"), found[3], moment, payload)


def _from_query(parameters: Mapping[str, str], now: datetime) -> _Claim:
    try:
        moment, seconds = parameters["X-Amz-Date"], int(parameters["X-Amz-Expires"])
        scope, signed = _scope(parameters["X-Amz-Credential"]), parameters["X-Amz-SignedHeaders"].split(";")
    except (KeyError, ValueError) as error:
        raise S3Refusal("AuthorizationQueryParametersError", "Query-string authentication is incomplete.") from error
    if parameters.get("X-Amz-Algorithm") != ALGORITHM or not 0 < seconds <= LONGEST_SECONDS:
        raise S3Refusal("AuthorizationQueryParametersError", "X-Amz-Algorithm or X-Amz-Expires is wrong.")
    if _time(moment) - now > MOST_SKEW:
        raise denied("Request is not valid yet")
    if now >= _time(moment) + timedelta(seconds=seconds):
        raise denied("Request has expired")
    return _Claim(scope, signed, parameters["X-Amz-Signature"], moment, UNSIGNED)


def _canonical(request: Request, claim: _Claim) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(request.query, keep_blank_values=True)
        if name != "X-Amz-Signature"
    )
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in claim.signed_headers)
    return "\n".join(
        (
            request.method,
            quote(unquote(request.path), safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            headers,
            ";".join(claim.signed_headers),
            claim.payload,
        )
    )


def _scope(text: str) -> Sequence[str]:
    parts = text.split("/")
    if len(parts) != 5:
        raise S3Refusal("AuthorizationHeaderMalformed", "The Credential is mal-formed.")
    return parts


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise denied("AWS authentication requires a valid Date or x-amz-date header") from error


def _key(credentials: Credentials, date: str) -> bytes:
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (date, credentials.region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
