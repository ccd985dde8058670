"""What the commands print at the end of a creation: for a person, and for a script."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from tenants.models import Instance, Mail


@dataclass(frozen=True)
class Summary:
    instance_id: str
    url: str
    email: str
    password: str
    database: str
    seconds: float
    mail: str

    def as_text(self) -> str:
        rows = (
            ("URL", self.url),
            (_("Email"), self.email),
            (_("Password"), self.password),
            (_("Database"), self.database),
            (_("Deployment time"), duration(self.seconds)),
            (_("Welcome e-mail"), self.mail),
        )
        width = max(len(name) for name, _value in rows)
        return "\n" + "\n".join(f"{name:<{width}} : {value}" for name, value in rows)

    def as_json(self) -> dict[str, object]:
        return {
            "instanceId": self.instance_id,
            "status": "ready",
            "instanceUrl": self.url,
            "adminEmail": self.email,
            "adminPassword": self.password,
            "databaseName": self.database,
            "seconds": round(self.seconds, 1),
            "welcomeEmail": self.mail,
        }


def summary(instance: Instance, mail: Mail | None) -> Summary:
    """``seconds`` count from the order to the proof, however many commands and retries it took."""
    took = (instance.ready_at or timezone.now()) - instance.created_at
    return Summary(
        instance_id=instance.public_id,
        url=instance.url,
        email=instance.admin_email,
        password=instance.admin_password() or "",
        database=instance.database_name,
        seconds=took.total_seconds(),
        mail=where_to_read(mail),
    )


def duration(seconds: float) -> str:
    """``3,2 s`` under a minute, ``4 min 05 s`` above."""
    if seconds < 60:
        return _("%(seconds)s s") % {"seconds": number_format(seconds, decimal_pos=1)}
    minutes, rest = divmod(round(seconds), 60)
    return _("%(minutes)d min %(seconds)02d s") % {"minutes": minutes, "seconds": rest}


def where_to_read(mail: Mail | None) -> str:
    """The file that holds the mail on the embedded default, else whom it was sent to and how that went."""
    if mail is None:
        return _("none")
    if mail.state == Mail.State.SENT and settings.EMAIL_FILE_PATH:
        for path in sorted(Path(settings.EMAIL_FILE_PATH).glob("*"), reverse=True):
            if mail.message_id in path.read_text(errors="replace"):
                return str(path)
    if mail.state == Mail.State.QUEUED and not mail.error:
        # a worker is at it
        return _("on its way to %(recipient)s") % {"recipient": mail.recipient}
    if mail.state == Mail.State.QUEUED:
        return _("will be sent again later to %(recipient)s: %(error)s") % {
            "recipient": mail.recipient,
            "error": mail.error,
        }
    return f"{mail.recipient} ({mail.get_state_display()})"
