"""How an Odoo that was prepared for nobody is given to a customer by one call.

While it belongs to nobody a server action is put there, and a session of its owner is kept. The action takes whom Odoo
is for from its context, writes that with the ready-made hash, and removes itself, all in one transaction: afterwards
the former login, its sessions and the action are gone.
"""

from dataclasses import dataclass
from typing import Any

from provisioning.odoo.client import OdooClient, Session
from provisioning.odoo.errors import HandOverRefused, LoginRefused, OdooFailed, SessionEnded
from provisioning.odoo.identity import odoo_language, odoo_login, one_line

CONTEXT_KEY = "eazynova_claim"
NAME = "eazynova hand-over"
DONE = {"type": "ir.actions.act_window_close"}
# what Odoo says of a call that will never succeed
FINAL = frozenset(
    {
        "builtins.AssertionError",
        "builtins.KeyError",
        "builtins.NameError",
        "builtins.TypeError",
        "builtins.ValueError",
        "odoo.exceptions.AccessError",
        "odoo.exceptions.MissingError",
        "odoo.exceptions.UserError",
        "odoo.exceptions.ValidationError",
    }
)
# Run by Odoo's safe_eval: no import, no name with two underscores, no statement that it does not know. Login and e-mail
# are written past `res.users.write`, which would mail the former owner about it.
CODE = """
claim = env.context['eazynova_claim']
user = env.ref('base.user_admin')
company = env.ref('base.main_company')
if uid != user.id:
    raise UserError('not the owner')
if (company.country_id.code or '') != claim['country']:
    raise UserError('another country')
if not env['res.lang'].search_count([('code', '=', claim['lang'])]):
    raise UserError('a language that is not loaded')
quiet = {'tracking_disable': True, 'mail_notrack': True, 'mail_create_nolog': True, 'install_mode': True}
ours = {'name': claim['company'], 'email': claim['login']}
for name, field in company._fields.items():
    # such as the contact of electronic invoices, taken once from the company's address
    if field.type == 'char' and field.store and company[name] == user.login:
        ours[name] = claim['login']
company.with_context(quiet).write(ours)
company.partner_id.with_context(quiet).write({'lang': claim['lang']})
values = {'name': claim['name'], 'email': claim['login'], 'lang': claim['lang'], 'tz': claim['tz']}
user.partner_id.with_context(quiet).write(values)
env['ir.default'].set('res.partner', 'lang', claim['lang'])
# other keys than a seed has that was made of it
env['ir.config_parameter'].init(force=True)
env['ir.config_parameter'].set_param('web.base.url', claim['url'])
env['ir.config_parameter'].set_param('web.base.url.freeze', 'True')
env.flush_all()
env.cr.execute('UPDATE res_users SET login = %s WHERE id = %s', (claim['login'], user.id))
user._set_encrypted_password(user.id, claim['hash'])
if 'mail.mail' in env:
    # what Odoo wrote to nobody's address when that became its owner's
    mails = env['mail.mail'].sudo().search([])
    messages = mails.mapped('mail_message_id')
    mails.unlink()
    messages.exists().unlink()
for trace in ('res.users.log', 'res.device.log'):
    if trace in env:
        env[trace].sudo().search([]).unlink()
env['ir.actions.server'].browse(claim['action']).unlink()
env.flush_all()
env.invalidate_all()
env.registry.clear_cache()
action = {'type': 'ir.actions.act_window_close'}
"""


@dataclass(frozen=True)
class Prepared:
    """``action`` is the number of the server action in Odoo, ``session`` the cookie of its owner's session (secret)."""

    action: int
    session: str


@dataclass(frozen=True)
class Claim:
    """Whom Odoo is for. ``language`` is "fr" or "en"; ``url`` its address; ``password_hash`` as Odoo stores it."""

    company: str
    login: str
    language: str
    timezone: str
    country: str
    url: str
    password_hash: str

    def context(self, action: int) -> dict[str, object]:
        told = {
            "company": one_line(self.company),
            "login": odoo_login(self.login),
            "name": odoo_login(self.login),
            "lang": odoo_language(self.language),
            "tz": self.timezone,
            "country": self.country.strip().upper(),
            "url": self.url,
            "hash": self.password_hash,
            "action": action,
        }
        return {CONTEXT_KEY: told}


def prepare(odoo: OdooClient, login: str, password: str) -> Prepared:
    """Put the action there, once however often this is called, and open the session that will call it.

    Raises OdooError.
    """
    cookie = odoo.open_session(login, password)
    with odoo.resumed(cookie) as session:
        found = session.call("ir.actions.server", "search", [["name", "=", NAME]])
        model = session.call("ir.model", "search", [["model", "=", "res.users"]])
        values: dict[str, Any] = {"name": NAME, "state": "code", "model_id": model[0], "code": CODE}
        if found:
            session.call("ir.actions.server", "write", found, values)
            return Prepared(int(found[0]), cookie)
        return Prepared(_created(session.call("ir.actions.server", "create", [values])), cookie)


def give(odoo: OdooClient, prepared: Prepared, login: str, password: str, claim: Claim) -> None:
    """Make Odoo the customer's; ``login`` and ``password`` are its owner's until then, for when the session has ended.

    Raises HandOverRefused when it will never be, or was already by a call whose answer was lost (look whether the
    customer's login opens it), else OdooError.
    """
    try:
        with odoo.resumed(prepared.session) as session:
            _run(session, prepared.action, claim)
            return
    except SessionEnded:
        pass
    try:
        with odoo.session(login, password) as session:
            _run(session, prepared.action, claim)
    except LoginRefused as refused:
        raise HandOverRefused("Odoo does not know the access that it was prepared with.") from refused


def _run(session: Session, action: int, claim: Claim) -> None:
    try:
        answer = session.call("ir.actions.server", "run", [action], context=claim.context(action))
    except OdooFailed as failed:
        if failed.exception in FINAL:
            raise HandOverRefused(f"Odoo refuses the hand-over ({failed.exception}).") from failed
        raise
    if answer != DONE:
        raise HandOverRefused("Odoo has not done what the prepared action does.")


def _created(answer: Any) -> int:
    return int(answer[0] if isinstance(answer, list) else answer)
