"""What is asked, in which order, and how an answer is judged at once."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

from installer import mail, railway, storage
from installer.words import Refused, tr

Values = dict[str, str]
DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+\.[^@\s,<>]{2,}")


@dataclass(frozen=True)
class Question:
    """``name`` is the setting that it fills; ``judge`` gets all answers so far and says what it found, or raises Refused.

    ``tidy`` writes an answer as it should have been typed.
    """

    name: str
    words: str
    secret: bool = False
    default: str = ""
    optional: bool = False
    tidy: Callable[[str], str] = lambda answer: answer
    judge: Callable[[Values], str] = lambda values: ""


def domain(values: Values) -> str:
    name = values["SITE_DOMAIN"]
    if not DOMAIN.fullmatch(name):
        raise Refused(
            tr(
                f"{name!r} is not a domain: write for instance portal.example.com, in small letters, without https://.",
                f"« {name} » n’est pas un domaine : écrivez par exemple portail.exemple.fr, en minuscules, sans https://.",
            )
        )
    try:
        found = sorted({str(each[4][0]) for each in socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)})
    except OSError:
        return tr(
            "no DNS record leads anywhere yet: make one to this server before you start, or there is no certificate",
            "aucun enregistrement DNS pour l’instant : créez-le vers ce serveur avant de démarrer, sinon pas de certificat",
        )  # fmt: skip
    return tr(
        f"leads to {', '.join(found)}: that must be this server", f"mène à {', '.join(found)} : ce doit être ce serveur"
    )


def bare(address: str) -> str:
    """``ops@example.com`` of ``Ops <ops@example.com>``."""
    return address.strip().rpartition("<")[2].rstrip(">")


def addresses(name: str) -> Callable[[Values], str]:
    def judge(values: Values) -> str:
        for each in values[name].split(","):
            if not ADDRESS.fullmatch(bare(each)):
                raise Refused(
                    tr(
                        f"{each.strip()!r} is not an e-mail address.",
                        f"« {each.strip()} » n’est pas une adresse e-mail.",
                    )
                )
        return ""

    return judge


def typeset(words: str) -> str:
    """Words for people, who type a straight apostrophe: `.env` cannot hold that one."""
    return words.replace("'", "’")


def token(values: Values) -> str:
    found = railway.workspaces(values.get("RAILWAY_API_URL") or railway.URL, values["RAILWAY_API_TOKEN"])
    listed = ", ".join(f"{identifier} ({name})" for identifier, name in found.items())
    return tr(f"Railway takes it; it opens {listed}", f"Railway l’accepte ; il ouvre {listed}")


def workspace(values: Values) -> str:
    url = values.get("RAILWAY_API_URL") or railway.URL
    return railway.check(url, values["RAILWAY_API_TOKEN"], values["RAILWAY_WORKSPACE_ID"])


def provider(values: Values) -> str:
    if values["MAIL_PROVIDER"] not in mail.PROVIDERS:
        raise Refused(tr("Write one of ", "Écrivez l’un de ") + ", ".join(mail.PROVIDERS))
    return ""


def port(values: Values) -> str:
    if not re.fullmatch(r"[1-9]\d{0,4}", values["EMAIL_PORT"]):
        raise Refused(tr("Write the number of a port, usually 587.", "Écrivez le numéro d’un port, en général 587."))
    return ""


def endpoint(values: Values) -> str:
    given = values["BACKUP_S3_ENDPOINT"]
    if given and not re.fullmatch(r"https://[^\s/]+/?", given) and not values.get("SANDBOX"):
        raise Refused(
            tr("Write an address that begins with https://.", "Écrivez une adresse qui commence par https://.")
        )
    return ""


def first() -> list[Question]:
    """Up to the choice of the mail provider, which decides what follows."""
    return [
        Question("SITE_DOMAIN", tr("Domain of the site", "Domaine du site"), judge=domain),
        Question(
            "RAILWAY_API_TOKEN",
            tr("Railway workspace token", "Jeton d’espace de travail Railway"),
            secret=True,
            judge=token,
        ),
        Question(
            "RAILWAY_WORKSPACE_ID",
            tr("Railway workspace ID", "Identifiant de l’espace de travail Railway"),
            judge=workspace,
        ),
        Question(
            "MAIL_PROVIDER",
            tr("Mail provider", "Fournisseur d’e-mail") + f" ({', '.join(mail.PROVIDERS)})",
            default="smtp",
            judge=provider,
        ),
    ]


def of_provider(name: str) -> list[Question]:
    """The last of them is judged by asking the provider."""
    ports = {"EMAIL_PORT": "587"}
    asked = [
        Question(
            each,
            each,
            secret=each.endswith(("PASSWORD", "KEY", "TOKEN")),
            default=ports.get(each, ""),
            judge=port if each == "EMAIL_PORT" else lambda values: "",
        )
        for each in mail.PROVIDERS[name].names
    ]
    last = asked.pop()
    return [*asked, Question(last.name, last.words, last.secret, last.default, judge=mail.check)]


def last() -> list[Question]:
    """Who sells, who writes, who is told, where backups go; without an endpoint nothing more is asked."""
    return [
        Question(
            "SELLER_NAME",
            tr("Who sells: name with legal form, shown at the foot of every page (empty: later)", "Qui vend : nom avec forme juridique, au pied de chaque page (vide : plus tard)"),
            optional=True,
            tidy=typeset,
        ),
        Question(
            "SELLER_ADDRESS",
            tr("Postal address of the seller (empty: later)", "Adresse postale du vendeur (vide : plus tard)"),
            optional=True,
            tidy=typeset,
        ),
        Question(
            "DEFAULT_FROM_EMAIL",
            tr("Sender of the e-mails, for instance EAZYNOVA <hello@example.com>", "Expéditeur des e-mails, par exemple EAZYNOVA <bonjour@exemple.fr>"),
            judge=addresses("DEFAULT_FROM_EMAIL"),
        ),
        Question(
            "STAFF_ALERT_EMAILS",
            tr("Who is told when something is wrong (addresses, comma separated)", "Qui est prévenu en cas de problème (adresses séparées par des virgules)"),
            judge=addresses("STAFF_ALERT_EMAILS"),
        ),
        Question(
            "BACKUP_S3_ENDPOINT",
            tr("Storage of backups: S3 endpoint (empty for none)", "Stockage des sauvegardes : adresse S3 (vide pour aucun)"),
            optional=True,
            judge=endpoint,
        ),
    ]  # fmt: skip


def of_storage() -> list[Question]:
    return [
        Question("BACKUP_S3_REGION", tr("Region", "Région"), default="us-east-1"),
        Question("BACKUP_S3_BUCKET", tr("Bucket", "Compartiment")),
        Question("BACKUP_S3_ACCESS_KEY_ID", tr("Access key ID", "Identifiant de clé d’accès")),
        Question(
            "BACKUP_S3_SECRET_ACCESS_KEY",
            tr("Secret access key", "Clé d’accès secrète"),
            secret=True,
            judge=storage.check,
        ),
    ]
