"""Logs: one line an event, with the ids of what it is about, and never a secret."""

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from provisioning import logcontext
from provisioning.redaction import redact

OURS = ("eazynova_site", "provisioning", "tenants")
# what other people's code logs below this holds headers, rows, the contexts of templates and whole addresses
FOREIGN_LEVEL = logging.INFO
FOREIGN_LEVELS = {
    "axes": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    # below that it names the path of whoever hangs up, and every request that waits for a thread
    "waitress": logging.ERROR,
}


class Quiet(logging.Filter):
    """Drops what is not meant for this log, however low a logger's own level is set."""

    def filter(self, record: logging.LogRecord) -> bool:
        package = record.name.partition(".")[0]
        return package in OURS or record.levelno >= FOREIGN_LEVELS.get(package, FOREIGN_LEVEL)


class WithIds(logging.Filter):
    """Adds the ids bound in provisioning.logcontext."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.ids = dict(logcontext.current())
        return True


class Redacted(logging.Filter):
    """Takes known secrets and whatever looks like one out of the message."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self.secrets = list(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        text = self.clean(record.getMessage())
        record.msg, record.args = text, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        return True

    def clean(self, text: str) -> str:
        return redact(text, self.secrets)


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        ids = "".join(f" {name}={value}" for name, value in getattr(record, "ids", {}).items() if value)
        # one line for a message, whoever wrote it: a break in it could look like a line of ours
        record.msg = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        record.args = ()
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
    """Django's LOGGING: ``form`` is "text" or "json"; everything goes to standard error. ``level`` is that of our code:
    nobody else says more than INFO.
    """
    filters = {"ids": {"()": WithIds}, "quiet": {"()": Quiet}, "redacted": {"()": Redacted, "secrets": list(secrets)}}
    foreign = max(logging.getLevelNamesMapping()[level], FOREIGN_LEVEL)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": filters,
        "formatters": {
            "text": {"()": TextFormatter, "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {"()": JsonFormatter},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form, "filters": list(filters)}},
        "root": {"handlers": ["stderr"], "level": foreign},
        "loggers": {
            "django": {"handlers": [], "propagate": True, "level": foreign},
            # the lines of runserver, by default written past every filter
            "django.server": {"handlers": [], "propagate": True, "level": "INFO"},
            **{name: {"level": level} for name in OURS},
            **{name: {"level": floor} for name, floor in FOREIGN_LEVELS.items()},
        },
    }
