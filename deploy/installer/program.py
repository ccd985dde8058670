"""The program: asks at a terminal or takes a file of answers, checks each, and writes the file that everything reads."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from installer import envfile, mail, making, questions, storage
from installer.questions import Question, Values
from installer.words import Refused, tr

SANDBOX_WORKSPACE = "5a4db0c0-0000-4000-8000-000000000001"
# everything that the sandbox profile of compose.yml answers to
SANDBOX: Values = {
    "SANDBOX": "1",
    "SITE_DOMAIN": "eazynova.localhost",
    "CADDY_OPTIONS": "local_certs",
    "RAILWAY_API_URL": "http://sandbox:8190/graphql/v2",
    "RAILWAY_API_TOKEN": "sandbox-token",
    "RAILWAY_WORKSPACE_ID": SANDBOX_WORKSPACE,
    "RAILWAY_POLL_SECONDS": "1",
    "RAILWAY_PROJECT_INTERVAL_SECONDS": "0",
    "RAILWAY_VOLUME_INTERVAL_SECONDS": "0",
    "INSTANCE_URL_SCHEME": "http",
    "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
    "EMAIL_FILE_PATH": "/app/var/mail",
    "DEFAULT_FROM_EMAIL": "EAZYNOVA <hello@eazynova.example>",
    "STAFF_ALERT_EMAILS": "staff@eazynova.example",
    "BACKUP_S3_ENDPOINT": "http://sandbox:8191",
    "BACKUP_S3_REGION": "eu-sandbox-1",
    "BACKUP_S3_BUCKET": "eazynova-backups",
    "BACKUP_S3_ACCESS_KEY_ID": "sandbox-key",
    "BACKUP_S3_SECRET_ACCESS_KEY": "sandbox-secret",
    "BACKUP_LOCK_DAYS": "0",
}
NEEDED = ("SITE_DOMAIN", "SECRET_KEY", "ENCRYPTION_KEYS", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "PUBLIC_BASE_URL")
SECTIONS = {
    "SITE_DOMAIN": ("The site", "Le site"),
    "SECRET_KEY": ("Keys: keep a copy of SECRET_KEY, ENCRYPTION_KEYS and SITE_BACKUP_KEYS outside of this server",
                   "Clés : gardez une copie de SECRET_KEY, ENCRYPTION_KEYS et SITE_BACKUP_KEYS hors de ce serveur"),
    "POSTGRES_PASSWORD": ("PostgreSQL and Redis of compose.yml", "PostgreSQL et Redis de compose.yml"),
    "RAILWAY_API_TOKEN": ("Railway", "Railway"),
    "EMAIL_BACKEND": ("E-mail", "E-mail"),
    "BACKUP_S3_ENDPOINT": ("Storage of backups", "Stockage des sauvegardes"),
}  # fmt: skip


def main(arguments: list[str], *, folder: Path) -> int:
    """0: done; 1: an answer or a check is refused; 2: wrong use; 3: the file is there already."""
    options = _options(arguments)
    output = folder / options.output
    try:
        if options.check:
            return check(output)
        if output.exists():
            raise Refused(envfile.already(output))
        answers = _given(options)
        asked = Interview(answers, at_terminal=not options.answers and not options.sandbox)
        values = complete(asked.run())
        envfile.make(output, sections(values))
    except Refused as error:
        print(error, file=sys.stderr)
        return 3 if output.exists() and not options.check else 1
    except (KeyboardInterrupt, EOFError):
        print(tr("\nNothing was written.", "\nRien n’a été écrit."), file=sys.stderr)
        return 1
    profile = " --profile sandbox" if options.sandbox else ""
    print(tr(f"{output} is written. Next: docker compose{profile} up -d --wait",
             f"{output} est écrit. Ensuite : docker compose{profile} up -d --wait"))  # fmt: skip
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./install", description=tr(
        "Ask what production needs, check each answer at once, and write .env.",
        "Demander ce dont la production a besoin, vérifier chaque réponse aussitôt, et écrire .env."))  # fmt: skip
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--answers", type=Path, metavar="FILE", help=tr(
        "a file of NAME=value instead of questions", "un fichier de NOM=valeur au lieu de questions"))  # fmt: skip
    how.add_argument("--sandbox", action="store_true", help=tr(
        "a rehearsal without any account: nothing is asked", "une répétition sans aucun compte : rien n’est demandé"))  # fmt: skip
    how.add_argument("--check", action="store_true", help=tr(
        "check what is written already", "vérifier ce qui est déjà écrit"))  # fmt: skip
    parser.add_argument(
        "--output", type=Path, default=Path(".env"), metavar="FILE", help=tr("default: .env", ".env par défaut")
    )
    return parser.parse_args(arguments)


def _given(options: argparse.Namespace) -> Values:
    if options.sandbox:
        return dict(SANDBOX)
    return envfile.read(options.answers) if options.answers else {}


class Interview:
    """Asks whoever sits there; without a terminal every answer must be given."""

    def __init__(self, given: Values, *, at_terminal: bool) -> None:
        self.values = dict(given)
        self._at_terminal = at_terminal
        known = mail.of(self.values.get("EMAIL_BACKEND", ""))
        if known:
            self.values.setdefault("MAIL_PROVIDER", known)

    def run(self) -> Values:
        if self.values.get("SANDBOX") == "1":
            return self.values
        self._all(questions.first())
        name = self.values.pop("MAIL_PROVIDER")
        self.values["EMAIL_BACKEND"] = mail.PROVIDERS[name].backend
        self._all(questions.of_provider(name))
        self._all(questions.last())
        if self.values["BACKUP_S3_ENDPOINT"]:
            self._all(questions.of_storage())
        else:
            _say("!", tr("Without storage there are no backups: one token can delete all customers' data.",
                         "Sans stockage il n’y a pas de sauvegardes : un seul jeton peut effacer les données de tous."))  # fmt: skip
            self.values.pop("BACKUP_S3_ENDPOINT")
        return self.values

    def _all(self, asked: list[Question]) -> None:
        for question in asked:
            self._one(question)

    def _one(self, question: Question) -> None:
        """Raises Refused when nobody sits there who could answer again."""
        while True:
            if question.name not in self.values:
                self.values[question.name] = self._answer(question)
            try:
                self.values[question.name] = question.tidy(self.values[question.name])
                envfile.written(question.name, self.values[question.name])
                found = question.judge(self.values)
            except Refused as error:
                if not self._at_terminal:
                    raise Refused(f"{question.name}: {error}") from error
                _say("✗", str(error))
                del self.values[question.name]
            else:
                if found or not self._at_terminal:
                    _say("✓", f"{question.words if self._at_terminal else question.name}: {found or 'ok'}")
                return

    def _answer(self, question: Question) -> str:
        if not self._at_terminal:
            if question.optional or question.default:
                return question.default
            raise Refused(
                tr(
                    f"The answers lack {question.name}. docs/operations.md shows a whole file of them.",
                    f"Il manque {question.name} aux réponses. docs/operations.md en montre un fichier complet.",
                )
            )
        prompt = question.words + (f" [{question.default}]" if question.default else "") + tr(": ", " : ")
        while True:
            answer = (getpass.getpass(prompt) if question.secret else input(prompt)).strip() or question.default
            if answer or question.optional:
                return answer


def complete(values: Values) -> Values:
    """With what follows from the answers, and with secrets; whatever was given stays."""
    domain = values["SITE_DOMAIN"]
    staff = questions.bare(values.get("STAFF_ALERT_EMAILS", "").split(",")[0])
    made = {
        "DEBUG": "0",
        "ALLOWED_HOSTS": domain,
        "PUBLIC_BASE_URL": f"https://{domain}",
        "CADDY_OPTIONS": f"email {staff}" if staff else "",
        "SECRET_KEY": making.text(),
        "ENCRYPTION_KEYS": making.fernet_key(),
        "METRICS_TOKEN": making.text(),
        "POSTGRES_PASSWORD": making.text(),
        "REDIS_PASSWORD": making.text(),
        "RAILWAY_WEBHOOK_SECRET": making.text(),
    }
    if values.get("EMAIL_BACKEND", "").startswith("anymail."):
        made["ANYMAIL_WEBHOOK_SECRET"] = f"mail:{making.text()}"
    if values.get("BACKUP_S3_BUCKET"):
        made["SITE_BACKUP_KEYS"] = making.age_key()
    return {**made, **values}


def sections(values: Values) -> list[tuple[str, Values]]:
    """Each name below the title of its kind."""
    kinds = {name: SECTIONS[name] for name in SECTIONS}
    found: dict[str, Values] = {kind: {} for kind in kinds}
    for name in sorted(values):
        found[_kind(name)][name] = values[name]
    return [(tr(*SECTIONS[kind]), chosen) for kind, chosen in found.items() if chosen]


def _kind(name: str) -> str:
    if name in ("SECRET_KEY", "ENCRYPTION_KEYS", "METRICS_TOKEN", "SITE_BACKUP_KEYS"):
        return "SECRET_KEY"
    starts = {
        "POSTGRES_": "POSTGRES_PASSWORD", "REDIS_": "POSTGRES_PASSWORD", "DATABASE_": "POSTGRES_PASSWORD",
        "RAILWAY_": "RAILWAY_API_TOKEN", "INSTANCE_": "RAILWAY_API_TOKEN", "EMAIL_": "EMAIL_BACKEND",
        "ANYMAIL_": "EMAIL_BACKEND", "DEFAULT_FROM": "EMAIL_BACKEND", "STAFF_": "EMAIL_BACKEND", "BACKUP_": "BACKUP_S3_ENDPOINT",
    }  # fmt: skip
    return next((kind for start, kind in starts.items() if name.startswith(start)), "SITE_DOMAIN")


def check(path: Path) -> int:
    """What is written already, asked again of whoever it concerns; 1 when anything is refused."""
    values = envfile.read(path)
    refused = [
        tr(f"{name} is missing: see .env.example.", f"{name} manque : voyez .env.example.")
        for name in NEEDED
        if not values.get(name)
    ]
    if not envfile.is_private(path):
        refused.append(
            tr(f"Others may read {path}: chmod 600 {path}", f"D’autres peuvent lire {path} : chmod 600 {path}")
        )
    if values.get("SANDBOX") != "1":
        needed = {
            "SITE_DOMAIN": questions.domain,
            "RAILWAY_WORKSPACE_ID": questions.workspace,
            "EMAIL_BACKEND": mail.check,
        }
        if values.get("BACKUP_S3_BUCKET"):
            needed["BACKUP_S3_SECRET_ACCESS_KEY"] = storage.check
        for name, judge in needed.items():
            try:
                _say("✓", f"{name}: {judge(values)}")
            except KeyError as error:
                refused.append(tr(f"{error.args[0]} is missing.", f"{error.args[0]} manque."))
            except Refused as error:
                refused.append(f"{name}: {error}")
    return _judged(path, refused)


def _judged(path: Path, refused: list[str]) -> int:
    for sentence in refused:
        _say("✗", sentence)
    if not refused:
        _say("✓", tr(f"Nothing is wrong with {path}.", f"Rien à redire à {path}."))
    return 1 if refused else 0


def _say(mark: str, sentence: str) -> None:
    print(f"{mark} {sentence}", flush=True)
