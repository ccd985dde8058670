"""What a text must not show: known secrets, and whatever looks like one."""

import re
from collections.abc import Iterable

HIDDEN = "[hidden]"
# shorter ones would take words out of every text
LEAST_SECRET = 8

_NAMES = r"(?:[\w-]*(?:password|passwd|secret|token|cookie|authorization|api[_-]?key)|offer|sealed|code)"
# an address inside an address is encoded, perhaps more than once
_PERCENT = r"%(?:25)*"
SECRETS = re.compile(
    "|".join(
        (
            # headers
            r"(?:bearer|basic)\s+[\w.\-~+/=:]+",
            # parameters of an address
            rf"(?:[?&]|{_PERCENT}3F|{_PERCENT}26){_NAMES}(?:=|{_PERCENT}3D)[^\s&\"'<>]+",
            # the password in an address
            r"(?<=://)[^\s:/@\"'<>]*:[^\s/@\"'<>]+(?=@)",
            # parts of an address: see the table of addresses
            r"(?<=/confirm/)[^/\s\"'<>?]+",
            r"(?<=/webhooks/railway/)[^/\s\"'<>?]+",
            r"(?<=/(?:link|lien)/)[^/\s\"'<>?]+",
            rf"(?<=(?:link|lien)%2F)[^/\s\"'<>?&%]+(?:{_PERCENT}3A[\w\-]+)*",
            # JSON and what Python prints of a mapping
            rf"([\"']){_NAMES}\1\s*:\s*([\"'])(?:(?!\2).)+\2",
            # SQL that gives a role its password, and stored hashes of one
            r"\bpassword\s+'[^']+'",
            r"\$pbkdf2-sha\d+\$[\w./+$=]+",
            r"\bSCRAM-SHA-256\$[\w:+/=$]+",
            # our API keys and signing secrets; whatever Django has signed
            r"\beaz_(?:live|test|pub|pubtest)_\w+",
            r"\bwhsec_[\w+/=\-]+",
            r"[\w.~%\-]+(?::|%3A)[0-9A-Za-z]{6}(?::|%3A)[\w\-]{43}\b",
        )
    ),
    re.IGNORECASE,
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` with `HIDDEN` for each of ``secrets`` (of 8 characters or more) and for what looks like one."""
    for secret in secrets:
        if len(secret) >= LEAST_SECRET:
            text = text.replace(secret, HIDDEN)
    return SECRETS.sub(HIDDEN, text)
