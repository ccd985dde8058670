"""What S3 refuses, with its own codes."""

from dataclasses import dataclass


@dataclass
class S3Refusal(Exception):
    """``code`` and ``status`` are those of the S3 API reference (Error responses)."""

    code: str
    message: str
    status: int = 400


def denied(message: str = "Access Denied", code: str = "AccessDenied") -> S3Refusal:
    return S3Refusal(code, message, 403)


def missing(code: str, message: str) -> S3Refusal:
    return S3Refusal(code, message, 404)
