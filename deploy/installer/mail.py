"""Whether the mail provider takes what it was given. No mail is sent: that is `manage.py doctor --mail-to`."""

from __future__ import annotations

import base64
import smtplib
import ssl
from dataclasses import dataclass

from installer.asking import TIMEOUT_SECONDS, ask
from installer.words import Refused, tr


@dataclass(frozen=True)
class Provider:
    """``backend`` and the names that it needs; ``url`` and ``path`` answer 200 to who sends a good key."""

    backend: str
    names: tuple[str, ...]
    url: str = ""
    path: str = ""
    header: str = ""
    prefix: str = ""


PROVIDERS = {
    "smtp": Provider(
        "django.core.mail.backends.smtp.EmailBackend",
        ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"),
    ),
    "brevo": Provider(
        "anymail.backends.brevo.EmailBackend",
        ("ANYMAIL_BREVO_API_KEY",),
        "https://api.brevo.com/v3/",
        "account",
        "api-key",
    ),
    "mailgun": Provider(
        "anymail.backends.mailgun.EmailBackend",
        ("ANYMAIL_MAILGUN_API_KEY", "ANYMAIL_MAILGUN_SENDER_DOMAIN"),
        "https://api.mailgun.net/v3/",
        "domains",
        "Authorization",
        "Basic",
    ),
    "postmark": Provider(
        "anymail.backends.postmark.EmailBackend",
        ("ANYMAIL_POSTMARK_SERVER_TOKEN",),
        "https://api.postmarkapp.com/",
        "server",
        "X-Postmark-Server-Token",
    ),
    "sendgrid": Provider(
        "anymail.backends.sendgrid.EmailBackend",
        ("ANYMAIL_SENDGRID_API_KEY",),
        "https://api.sendgrid.com/v3/",
        "scopes",
        "Authorization",
        "Bearer ",
    ),
}


def of(backend: str) -> str:
    """The provider's name for a value of EMAIL_BACKEND; "" for one that is not known here."""
    return next((name for name, each in PROVIDERS.items() if each.backend == backend), "")


def check(values: dict[str, str]) -> str:
    """What was found to be good. Raises Refused."""
    name = of(values.get("EMAIL_BACKEND", ""))
    if name == "smtp":
        return _smtp(values)
    if not name:
        return tr("not known to ./install, so not checked", "inconnu de ./install, donc non vérifié")
    provider = PROVIDERS[name]
    key = values.get(provider.names[0], "")
    value = (
        "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
        if provider.prefix == "Basic"
        else provider.prefix + key
    )
    base = values.get(f"ANYMAIL_{name.upper()}_API_URL") or provider.url
    status, _body = ask(
        base.rstrip("/") + "/" + provider.path, headers={provider.header: value, "Accept": "application/json"}
    )
    if status in (401, 403):
        raise Refused(tr(f"{name} refuses the key {provider.names[0]}.", f"{name} refuse la clé {provider.names[0]}."))
    if status != 200:
        raise Refused(
            tr(f"{name} answered {status}: try again later.", f"{name} a répondu {status} : réessayez plus tard.")
        )
    return tr(f"{name} takes the key", f"{name} accepte la clé")


def _smtp(values: dict[str, str]) -> str:
    host, user = values.get("EMAIL_HOST", ""), values.get("EMAIL_HOST_USER", "")
    encrypted = values.get("EMAIL_USE_TLS", "1").lower() not in ("0", "false", "no", "off")
    try:
        with smtplib.SMTP(host, int(values.get("EMAIL_PORT") or 587), timeout=TIMEOUT_SECONDS) as server:
            if encrypted:
                server.starttls(context=ssl.create_default_context())
            if user:
                server.login(user, values.get("EMAIL_HOST_PASSWORD", ""))
            server.noop()
    except smtplib.SMTPAuthenticationError as error:
        raise Refused(
            tr(f"{host} refuses this user and password.", f"{host} refuse cet utilisateur et ce mot de passe.")
        ) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Refused(tr(f"{host} cannot be used: {error}", f"{host} ne peut pas servir : {error}")) from error
    return tr(f"{host} takes user and password", f"{host} accepte l’utilisateur et le mot de passe")
