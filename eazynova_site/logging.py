"""Logs: one line an event, with the ids of what it is about, and never a secret."""

import json
import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from provisioning import logcontext

BEARER = re.compile(r"(?i)(bearer\s+|[?&]token=)[\w.\-~+/=:]+|\beaz_(?:live|test|pub)_\w+")
HIDDEN = "[hidden]"


class WithIds(logging.Filter):
    """Adds the ids bound in provisioning.logcontext."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.ids = dict(logcontext.current())
        return True


class Redacted(logging.Filter):
    """Takes known secrets and anything that looks like a bearer token out of the message."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self.secrets = [secret for secret in secrets if len(secret) >= 8]

    def filter(self, record: logging.LogRecord) -> bool:
        text = self.clean(record.getMessage())
        record.msg, record.args = text, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        return True

    def clean(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return BEARER.sub(HIDDEN, text)


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        ids = "".join(f" {name}={value}" for name, value in getattr(record, "ids", {}).items() if value)
        line = super().format(record)
        head, newline, rest = line.partition("\n")
        return f"{head}{ids}{newline}{rest}"


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "ids", {}),
        }
        if record.exc_text:
            event["exception"] = record.exc_text
        return json.dumps(event, ensure_ascii=False)


def logging_config(*, debug: bool, form: str, level: str, secrets: Iterable[str]) -> dict[str, Any]:
    """Django's LOGGING: ``form`` is "text" or "json"; everything goes to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"ids": {"()": WithIds}, "redacted": {"()": Redacted, "secrets": list(secrets)}},
        "formatters": {
            "text": {"()": TextFormatter, "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {"()": JsonFormatter},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form, "filters": ["ids", "redacted"]}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True, "level": level},
            "httpx": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            # below that it names the path of whoever hangs up, and every request that waits for a thread
            "waitress": {"level": "ERROR"},
        },
    }
