"""What an instance can answer instead of what it should, each Temporary or Permanent to the engine.

OdooError
├── NotReachable          Temporary   nothing answers at the address, or only the platform's edge does
├── NotReady              Temporary   Odoo answers, its database does not (yet)
├── AssetsBroken          Temporary   the login page comes without its style sheet: a white page after login
├── UnexpectedAnswer      Temporary   an answer that Odoo 19 does not give
│   └── OdooFailed        Temporary   a call ended in an error of Odoo's own
│       └── SessionEnded  Temporary   nobody is logged in with this session any more
├── TooManyLoginFailures  Temporary   Odoo refuses every login for a minute
├── LoginRefused          Permanent   the customer's login and password do not open the account
├── NotAdministrator      Permanent   they open an account that may not administer Odoo
├── WrongCompany          Permanent   the company has another name
├── WrongLanguage         Permanent   the customer would see another language
├── HandOverRefused       Permanent   what was prepared for nobody cannot be given to its customer
├── WrongPasswordAccepted Permanent   any password opens the account
├── FormerLoginAccepted   Permanent   the login before the change still opens the account
├── DefaultLoginOpen      Permanent   admin/admin opens the instance
└── ManagerOpen           Permanent   strangers can see or change databases
"""

import ssl

from provisioning.errors import Permanent, ProvisioningError, Temporary

SECOND_FACTOR = "odoo_second_factor"


class OdooError(ProvisioningError):
    """Messages name the check and what was seen, never a password."""


class NotReachable(OdooError, Temporary):
    code = "odoo_not_reachable"


class NotReady(OdooError, Temporary):
    code = "odoo_not_ready"


class AssetsBroken(OdooError, Temporary):
    code = "odoo_assets_broken"


class UnexpectedAnswer(OdooError, Temporary):
    code = "odoo_unexpected_answer"


class OdooFailed(UnexpectedAnswer):
    """``exception`` is the Python class that Odoo names."""

    def __init__(self, exception: str) -> None:
        super().__init__(f"Odoo answered with the error {exception or 'without a name'}.")
        self.exception = exception


class SessionEnded(OdooFailed):
    """The cookie opens nothing: login or password have changed, or Odoo has forgotten it."""


class TooManyLoginFailures(OdooError, Temporary):
    """Ten failures from one address: Odoo 19 then refuses even the right password for 60 seconds."""

    code = "odoo_too_many_login_failures"


class LoginRefused(OdooError, Permanent):
    code = "odoo_login_refused"

    @property
    def asks_for_more(self) -> bool:
        """The password was right: Odoo asks for a second factor only after it has looked at that."""
        return self.code == SECOND_FACTOR


class NotAdministrator(OdooError, Permanent):
    code = "odoo_not_administrator"


class WrongCompany(OdooError, Permanent):
    code = "odoo_wrong_company"


class WrongLanguage(OdooError, Permanent):
    code = "odoo_wrong_language"


class HandOverRefused(OdooError, Permanent):
    code = "odoo_hand_over_refused"


class WrongPasswordAccepted(OdooError, Permanent):
    code = "odoo_wrong_password_accepted"


class FormerLoginAccepted(OdooError, Permanent):
    code = "odoo_former_login_accepted"


class DefaultLoginOpen(OdooError, Permanent):
    code = "odoo_default_login_open"


class ManagerOpen(OdooError, Permanent):
    code = "odoo_manager_open"


def cause_of(error: BaseException) -> str:
    """The kind of failure in a word: TLS when a certificate is not there yet, else httpx's name for it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed ({cause.reason or type(cause).__name__})"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
