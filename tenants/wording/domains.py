"""What is wrong with a customer's domain, and what to do about it, in words that a shopkeeper understands."""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisioning.dns.mistakes import Code
from provisioning.domains import door, tending
from provisioning.models import Domain
from tenants import domain_names
from tenants.wording import dates

Text = str | Promise


@dataclass(frozen=True)
class Trouble:
    """``wrong`` says what is seen, ``mend`` what its owner does."""

    code: str
    wrong: str
    mend: str


@dataclass(frozen=True)
class Record:
    """``host`` is what most providers ask for (``@`` is the domain itself), ``name`` the whole name."""

    type: str
    host: str
    name: str
    value: str


_ALIAS_OR_OTHER = gettext_lazy(
    "Use a record of the kind ALIAS, ANAME or “CNAME flattening” to %(wanted)s if your provider has one. If it has "
    "none, remove this domain here and take a name before it, such as erp.%(zone)s."
)
WORDS: dict[str, tuple[Text, Text]] = {
    Code.UNKNOWN_ZONE: (
        gettext_lazy("Nobody has registered %(host)s, or its registration has just begun."),
        gettext_lazy("Check how it is written. A new domain can take a day until it is known."),
    ),
    Code.SERVERS_SILENT: (
        gettext_lazy("The name servers of %(host)s do not answer."),
        gettext_lazy("We try again by ourselves. If it lasts, ask your domain's provider."),
    ),
    Code.SPREADING: (
        gettext_lazy("Your change is still spreading: %(found)s of your name servers know it."),
        gettext_lazy("There is nothing to do: it takes from some minutes to some hours."),
    ),
    Code.SIGNATURES_BROKEN: (
        gettext_lazy("The domain %(host)s is signed (DNSSEC), and its signatures are wrong."),
        gettext_lazy("At your domain's provider switch DNSSEC off, or have it mended: no certificate comes before."),
    ),
    Code.CAA_FORBIDS: (
        gettext_lazy("A CAA record at %(host)s keeps Let’s Encrypt from making your certificate: %(found)s"),
        gettext_lazy("Add a CAA record there: %(wanted)s"),
    ),
    Code.MISSING: (
        gettext_lazy("There is no CNAME record for %(host)s yet."),
        gettext_lazy("Add the CNAME record shown here. If you just did, wait some minutes and check again."),
    ),
    Code.APEX_MISSING: (
        gettext_lazy("Nothing leads %(host)s to your Odoo yet, and the domain itself can have no CNAME record."),
        _ALIAS_OR_OTHER,
    ),
    Code.DOUBLED_NAME: (
        gettext_lazy("The CNAME record is there, with the domain written twice: %(host)s"),
        gettext_lazy("Your provider adds the domain by itself. As name of the record write only: %(label)s"),
    ),
    Code.DOUBLED_TARGET: (
        gettext_lazy("The CNAME record of %(host)s leads to %(found)s: your domain was added to its value."),
        gettext_lazy("Write the value with a dot at its end: %(wanted)s."),
    ),
    Code.WRONG_TARGET: (
        gettext_lazy("The CNAME record of %(host)s leads to %(found)s."),
        gettext_lazy("Change its value to: %(wanted)s"),
    ),
    Code.ADDRESS_INSTEAD: (
        gettext_lazy("At %(host)s stands an address (A or AAAA record: %(found)s) where a CNAME record is wanted."),
        gettext_lazy("Delete these records and add the CNAME record to %(wanted)s."),
    ),
    Code.APEX_ADDRESS: (
        gettext_lazy("The domain %(host)s leads to another server (%(found)s)."),
        _ALIAS_OR_OTHER,
    ),
    Code.APEX_ALIAS: (
        gettext_lazy("At the domain itself, %(host)s, stands a CNAME record: it hides its e-mail and is not allowed."),
        _ALIAS_OR_OTHER,
    ),
    Code.PROXIED: (
        gettext_lazy("Cloudflare hides where %(host)s leads (orange cloud), so no certificate can be made."),
        gettext_lazy("At Cloudflare switch the record to “DNS only” (grey cloud)."),
    ),
    Code.CONFLICT: (
        gettext_lazy("Beside the CNAME record of %(host)s stands another one (%(found)s): together they do not work."),
        gettext_lazy("Delete the other records of this name."),
    ),
    Code.PROOF_MISSING: (
        gettext_lazy("The TXT record, which proves that the domain is yours, is not there yet: %(host)s"),
        gettext_lazy("Add the TXT record shown here, and let it stand for good."),
    ),
    Code.PROOF_WRONG: (
        gettext_lazy("The TXT record %(host)s has another value: %(found)s"),
        gettext_lazy("Copy the value from here, whole, without quotation marks."),
    ),
    Code.PROOF_DOUBLED: (
        gettext_lazy("The TXT record is there, with the domain written twice: %(host)s"),
        gettext_lazy("Your provider adds the domain by itself. As name of the record write only: %(label)s"),
    ),
    door.CLOSED: (
        gettext_lazy("Nobody answers at this address yet."),
        gettext_lazy("We try again by ourselves. If it lasts more than an hour, write to us."),
    ),
    door.NO_CERTIFICATE: (
        gettext_lazy("At this address a certificate is shown that browsers do not trust."),
        gettext_lazy("We try again by ourselves. If it lasts more than an hour, write to us."),
    ),
    door.NO_ROUTE: (
        gettext_lazy("Our host does not lead this address to your Odoo yet."),
        gettext_lazy("We try again by ourselves. If it lasts more than an hour, write to us."),
    ),
    door.ODOO_AWAY: (
        gettext_lazy("Your Odoo does not answer at the moment."),
        gettext_lazy("We try again by ourselves."),
    ),
    tending.LOST_AT_RAILWAY: (
        gettext_lazy("Our host knows this domain no longer."),
        gettext_lazy("It is being set up anew; the records that it then wants stand on this page."),
    ),
    tending.CERTIFICATE_ENDS: (
        gettext_lazy("The certificate ends on %(found)s and has not been renewed."),
        gettext_lazy("See that both records stand as they are shown here; otherwise write to us."),
    ),
}
# why a look came to no end, as far as its customer can use it
REASONS: dict[str, Text] = {
    "railway_already_exists": gettext_lazy(
        "Our host knows this domain already, for another site. Remove it there; we try again by ourselves."
    ),
    "railway_plan_limit": gettext_lazy("Our host takes no further domain at the moment. Our team has been told."),
    "railway_value_refused": gettext_lazy(
        "Our host does not take this domain. Remove it here and choose another name."
    ),
    "never_set": gettext_lazy("It was removed after a month, because its records were never set."),
}


def troubles(domain: Domain) -> list[Trouble]:
    """Everything that is wrong, as it was seen at the last look."""
    return [_trouble(domain, mistake) for mistake in domain.mistakes if mistake.get("code") in WORDS]


def reason(domain: Domain) -> str:
    """Why nothing goes on; empty when nothing stands in the way, or nothing that its customer could do."""
    return str(REASONS.get(domain.reason, ""))


def records(domain: Domain) -> list[Record]:
    """What is to be set, once Railway has said it."""
    if not domain.target:
        return []
    kind = "ALIAS" if domain.apex else "CNAME"
    return [
        Record(kind, _label(domain.name, domain.zone), domain.name, domain.target),
        Record("TXT", _label(domain.proof_host, domain.zone), domain.proof_host, domain.proof),
    ]


def certificate(domain: Domain) -> str:
    """How far the certificate is, in a sentence."""
    match domain.certificate:
        case "VALID":
            return _("The certificate is there.")
        case "ISSUING":
            return _("The certificate is being made. This usually takes less than an hour.")
        case "ISSUE_FAILED":
            return _("The certificate could not be made. We ask for it again, once a day.")
    return _("The certificate is made by itself as soon as both records are right.")


def looked(domain: Domain) -> str:
    return dates.precisely(domain.checked_at) if domain.checked_at else ""


def _trouble(domain: Domain, mistake: dict[str, Any]) -> Trouble:
    wrong, mend = WORDS[mistake["code"]]
    names = {
        "host": domain_names.shown(mistake.get("host", "")),
        "found": mistake.get("found", ""),
        "wanted": mistake.get("wanted", ""),
        "zone": domain_names.shown(domain.zone),
        "label": _label(mistake.get("wanted", ""), domain.zone),
    }
    return Trouble(mistake["code"], str(wrong) % names, str(mend) % names)


def _label(name: str, zone: str) -> str:
    """What is typed as the name of a record in the zone; the whole name while the zone is not known."""
    if name == zone:
        return "@"
    return name.removesuffix(f".{zone}") if zone else name
