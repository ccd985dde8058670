"""What the mails about signing in say: the code that was asked for, and that a new browser has come in."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from provisioning.errors import Permanent
from tenants.mails.address_codes import code_of, link_token
from tenants.mails.space_pages import space_page
from tenants.mails.told import Notice
from tenants.models import AddressProof, CustomerSession, Mail, Partner
from tenants.wording import dates

Said = tuple[Partner, Notice]


def _address_proof(mail: Mail) -> Said | None:
    proof = AddressProof.objects.select_related("partner", "instance__tenant__partner").filter(
        pk=mail.facts.get("proof")
    )
    row = proof.first()
    if row is None:
        raise Permanent("The proof of this address is gone.")
    if row.used_at is not None:
        return None
    return _sign_in(row) if row.purpose == AddressProof.Purpose.SIGN_IN else _change(row)


def _sign_in(proof: AddressProof) -> Said | None:
    sellers = list(Partner.objects.sold_to(proof.email))
    if proof.partner is not None:
        sellers = [each for each in sellers if each == proof.partner]
    if not sellers:
        return None
    # of several, none is named in another one's letter
    seller = sellers[0] if len(sellers) == 1 else Partner.objects.get(is_house=True)
    return seller, Notice(
        _("Your code to sign in"),
        (_("Enter this code on the page where you asked for it, or use the button below, on any device."),),
        (_("Sign in"), space_page(proof.language, "link", link_token(proof))),
        ((_("Your code"), _spaced(code_of(proof))),),
        (_until(proof), _("You have not asked for it? Then do nothing: without this e-mail nobody comes in.")),
    )


def _change(proof: AddressProof) -> Said | None:
    instance = proof.instance
    if instance is None:
        return None
    new = proof.purpose == AddressProof.Purpose.NEW
    names = {"url": instance.address}
    why = (
        _("Somebody would like to log in to the Odoo at %(url)s with this e-mail address from now on.")
        if new
        else _("You would like to replace this e-mail address, with which you log in to the Odoo at %(url)s.")
    )
    return instance.tenant.partner, Notice(
        _("Your code to change the address"),
        (why % names, _("Enter this code on the page where it is asked for.")),
        facts=((_("Your code"), _spaced(code_of(proof))),),
        after=(_until(proof), _("You have not asked for it? Then tell the code to nobody: nothing is changed.")),
    )


def _new_sign_in(mail: Mail) -> Said | None:
    session = CustomerSession.objects.select_related("partner").filter(pk=mail.facts.get("session")).first()
    if session is None:
        raise Permanent("The session that this mail tells of is gone.")
    return session.partner, Notice(
        _("A new browser has signed in to your space"),
        (_("Somebody has signed in with a code that we sent to this address. If it was you, there is nothing to do."),),
        (_("See who is signed in"), space_page(session.language, "sessions")),
        (
            (_("When"), dates.precisely(session.created_at)),
            (_("Browser"), session.browser or _("unknown")),
            (_("Network"), session.network),
        ),
        (_("If it was not you, sign out everywhere and change the password of your mailbox."),),
    )


def _until(proof: AddressProof) -> str:
    return _("The code works once, until %(time)s.") % {"time": dates.precisely(proof.expires_at)}


def _spaced(code: str) -> str:
    """Read and typed more easily; the page takes it with or without the space."""
    return f"{code[:3]} {code[3:]}"


NOTICES: dict[str, Callable[[Mail], Said | None]] = {
    Mail.Kind.ADDRESS_PROOF: _address_proof,
    Mail.Kind.NEW_SIGN_IN: _new_sign_in,
}
