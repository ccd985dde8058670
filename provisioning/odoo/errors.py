"""What an instance can answer instead of what it should, each Temporary or Permanent to the engine.

OdooError
├── NotReachable          Temporary   nothing answers at the address, or only the platform's edge does
├── NotReady              Temporary   Odoo answers, its database does not (yet)
├── AssetsBroken          Temporary   the login page comes without its style sheet: a white page after login
├── UnexpectedAnswer      Temporary   an answer that Odoo 19 does not give
├── TooManyLoginFailures  Temporary   Odoo refuses every login for a minute
├── LoginRefused          Permanent   the customer's login and password do not open the account
├── NotAdministrator      Permanent   they open an account that may not administer Odoo
├── WrongCompany          Permanent   the company has another name
├── WrongLanguage         Permanent   the customer would see another language
├── WrongPasswordAccepted Permanent   any password opens the account
├── FormerLoginAccepted   Permanent   the login before the change still opens the account
├── DefaultLoginOpen      Permanent   admin/admin opens the instance
└── ManagerOpen           Permanent   strangers can see or change databases
"""

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


class WrongPasswordAccepted(OdooError, Permanent):
    code = "odoo_wrong_password_accepted"


class FormerLoginAccepted(OdooError, Permanent):
    code = "odoo_former_login_accepted"


class DefaultLoginOpen(OdooError, Permanent):
    code = "odoo_default_login_open"


class ManagerOpen(OdooError, Permanent):
    code = "odoo_manager_open"
