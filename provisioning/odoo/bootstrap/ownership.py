"""What only Odoo's own models can do. This file is fed to ``odoo shell``, which runs it with its ``env``.

It therefore imports nothing of the bootstrap. Each function but `install` commits one transaction or ends with exit
status 2, and never prints a value.
"""

import secrets
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

SCRIPTS = ("web.assets_frontend_minimal", "web.assets_frontend_lazy", "web.assets_web")
STYLES = ("web.assets_frontend", "web.assets_web", "web.assets_web_print")
# what gives a warm unit away, and what stays behind of whoever logged in to it
HAND_OVER = "eazynova hand-over"
TRACES = ("res.users.apikeys", "res.users.log", "res.device.log", "ir.logging", "bus.bus", "mail.presence")
# nothing of whom Odoo was before stays in the history of its records; install_mode: else Odoo installs the country's
# modules now, in transactions of their own
QUIET = {"tracking_disable": True, "mail_notrack": True, "mail_create_nolog": True, "install_mode": True}


def install(odoo: Any, database: str, modules: list[str], owner: dict[str, Any], marker: str, revision: str) -> None:
    """Odoo, its modules, and whom it is for, in this one process: each other one would load all of it again.

    ``odoo`` is the package, as the shell has it. The country comes before the modules, since it decides what they
    install; the marker last. Exit status 1 means that Odoo did not finish a module.
    """
    _add(odoo, database, "base", ["base"])
    _within(odoo, database, lambda env: set_country(env, owner["country"]))
    if modules:
        _add(odoo, database, "modules", modules)
    _within(odoo, database, lambda env: _check_finished(env, modules))
    _within(odoo, database, build_assets)
    _within(odoo, database, lambda env: hand_over(env, owner, marker, revision))


def set_country(env: Any, country: str) -> None:
    """Country and currency, which decide what the other modules install, and an end to admin/admin."""
    company = env.ref("base.main_company")
    if country:
        _write_company(env, company, {}, country)
    env.ref("base.user_admin").password = secrets.token_urlsafe(24)
    env.cr.commit()


def build_assets(env: Any) -> None:
    """What the first visitor would wait for: the style sheets and scripts of the login page and of the first screen."""
    try:
        for name in SCRIPTS:
            env["ir.qweb"]._get_asset_bundle(name, css=False, js=True).js()
        for name in STYLES:
            env["ir.qweb"]._get_asset_bundle(name, css=True, js=False).css()
    except Exception as error:
        # Odoo builds them when they are asked for, too
        env.cr.rollback()
        sys.stdout.write(f"prov: the pages' assets are left to the first visitor: {type(error).__name__}\n")
    env.cr.commit()


def hand_over(env: Any, owner: dict[str, Any], marker: str, revision: str) -> None:
    """Company, languages, administrator and address become the owner's, in one transaction with the marker."""
    _write_owner(env, owner)
    parameters = env["ir.config_parameter"].sudo()
    if owner["base_url"]:
        parameters.set_param("web.base.url", owner["base_url"])
        # Odoo would replace it by whatever address an administrator last logged in at.
        parameters.set_param("web.base.url.freeze", "True")
    parameters.set_param(marker, "1")
    if owner["revision"]:
        # the same start again must not undo what the customer changes later
        parameters.set_param(revision, owner["revision"])
    env.flush_all()
    env.cr.commit()


def renew_access(env: Any, owner: dict[str, Any], revision: str) -> None:
    """The administrator's login and password become the owner's, in one transaction with the revision.

    What opened the account besides goes: a second factor, which the new owner may not have, the browsers that need none
    and, when the login is another one, the keys to Odoo's API.
    """
    if env.ref("base.user_admin").login != owner["login"]:
        env["res.users.apikeys"].search([("user_id", "=", env.ref("base.user_admin").id)])._remove()
    _write_access(env, owner, {})
    _reset_second_factor(env.ref("base.user_admin"))
    env["ir.config_parameter"].sudo().set_param(revision, owner["revision"])
    env.flush_all()
    env.cr.commit()


def receive(env: Any, owner: dict[str, Any], revision: str, order: dict[str, bool]) -> None:
    """What was loaded from a backup becomes the owner's, in one transaction, as far as ``order`` says.

    Exit status 3 means that this Odoo is older than the one that the backup was made with.
    """
    _check_modules(env)
    parameters = env["ir.config_parameter"].sudo()
    if order["new_identity"]:
        # another database to Odoo's own services, and another key: sessions and links of the original open nothing here
        parameters.init(force=True)
        if "mail.mail" in env:
            env["mail.mail"].sudo().search([("state", "=", "outgoing")]).unlink()
    if order["own_address"] and owner["base_url"]:
        parameters.set_param("web.base.url", owner["base_url"])
        parameters.set_param("web.base.url.freeze", "True")
    if order["hand_over"]:
        _forget_nobody(env, owner)
        _write_owner(env, owner)
    elif env.ref("base.user_admin").login != owner["login"]:
        env["res.users.apikeys"].search([("user_id", "=", env.ref("base.user_admin").id)])._remove()
    _write_access(env, owner, {})
    _reset_second_factor(env.ref("base.user_admin"))
    if owner["revision"]:
        parameters.set_param(revision, owner["revision"])
    env.flush_all()
    env.cr.commit()


def _add(odoo: Any, database: str, title: str, modules: list[str]) -> None:
    began = time.monotonic()
    odoo.modules.registry.Registry.new(database, update_module=True, install_modules=modules)
    sys.stdout.write(f"prov: {title} done in {time.monotonic() - began:.1f} s\n")
    sys.stdout.flush()


def _within(odoo: Any, database: str, act: Callable[[Any], None]) -> None:
    """Do it as ``odoo shell`` would, with an environment of its own."""
    with odoo.modules.registry.Registry(database).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        act(odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, env["res.users"].context_get()))


def _check_finished(env: Any, modules: list[str]) -> None:
    """Odoo says nothing of a module that it does not know, and little of one that it did not finish."""
    env.cr.execute("SELECT name, state FROM ir_module_module")
    states = dict(env.cr.fetchall())
    if unknown := [name for name in modules if name not in states]:
        _refuse(env, f"Odoo does not know the modules {', '.join(unknown)}")
    missing = [name for name in modules if states[name] != "installed"]
    unfinished = missing or [name for name, state in states.items() if state.startswith("to ")]
    if unfinished:
        sys.stdout.write(f"prov: Odoo did not finish the modules {', '.join(unfinished[:10])}\n")
        raise SystemExit(1)


def _forget_nobody(env: Any, owner: dict[str, Any]) -> None:
    """What was written while it was a warm unit: the action that gives it away, letters, and who was there."""
    env["ir.actions.server"].search([("name", "=", HAND_OVER)]).unlink()
    company, former = env.ref("base.main_company"), env.ref("base.user_admin").login
    # such as the contact of electronic invoices, taken once from the company's address
    stored = [name for name, field in company._fields.items() if field.type == "char" and field.store]
    ours = {name: owner["login"] for name in stored if company[name] == former}
    company.with_context(**QUIET).write(ours)
    if "mail.mail" in env:
        mails = env["mail.mail"].sudo().search([])
        messages = mails.mapped("mail_message_id")
        mails.unlink()
        messages.exists().unlink()
    for trace in TRACES:
        if trace in env:
            env[trace].sudo().search([]).unlink()
    if "discuss.channel" in env:
        # it opens a channel to whoever knows it
        for channel in env["discuss.channel"].sudo().search([]):
            channel.uuid = channel._generate_random_token()


def _check_modules(env: Any) -> None:
    """What the database was last worked on with must not be newer than what is here."""
    for module in env["ir.module.module"].sudo().search([("state", "=", "installed")]):
        # what Odoo calls installed is the version on the disk, latest the one in the database
        if _version(module.latest_version) > _version(module.installed_version):
            env.cr.rollback()
            sys.stdout.write(f"prov: the backup has a newer {module.name} than this Odoo\n")
            raise SystemExit(3)


def _version(written: Any) -> list[int]:
    return [int(part) if part.isdecimal() else 0 for part in str(written or "0").split(".")]


def _write_owner(env: Any, owner: dict[str, Any]) -> None:
    _load_languages(env, owner["languages"])
    company = env.ref("base.main_company")
    _write_company(env, company, {"name": owner["company"], "email": owner["login"]}, owner["country"])
    company.partner_id.with_context(**QUIET).lang = owner["languages"][0]
    _write_administrator(env, owner)


def _write_company(env: Any, company: Any, values: dict[str, Any], country_code: str) -> None:
    if country_code:
        country = env["res.country"].search([("code", "=", country_code)], limit=1)
        if not country:
            _refuse(env, "PROV_COUNTRY is not a country of this Odoo")
        values = {**values, "country_id": country.id}
        if country.currency_id and not _has_accounting_entries(env):
            values["currency_id"] = country.currency_id.id
    company.with_context(**QUIET).write(values)


def _has_accounting_entries(env: Any) -> bool:
    """With an entry in the books Odoo refuses another currency."""
    return "account.move.line" in env and bool(env["account.move.line"].search_count([], limit=1))


def _load_languages(env: Any, codes: list[str]) -> None:
    installed = env["ir.module.module"].search([("state", "=", "installed")])
    for code in codes:
        language = env["res.lang"].with_context(active_test=False).search([("code", "=", code)], limit=1)
        if not language:
            _refuse(env, "PROV_LANG is not a language of this Odoo")
        if not language.active:
            language.active = True
            installed._update_translations([code])
    env["ir.default"].set("res.partner", "lang", codes[0])


def _write_administrator(env: Any, owner: dict[str, Any]) -> None:
    _write_access(env, owner, {"name": owner["name"], "lang": owner["languages"][0]})
    if owner["timezone"]:
        try:
            env.ref("base.user_admin").write({"tz": owner["timezone"]})
        except ValueError:
            _refuse(env, "PROV_TZ is not a time zone")


def _write_access(env: Any, owner: dict[str, Any], values: dict[str, Any]) -> None:
    administrator, login = env.ref("base.user_admin"), owner["login"]
    everybody = env["res.users"].with_context(active_test=False)
    if everybody.search([("login", "=", login), ("id", "!=", administrator.id)]):
        _refuse(env, "another user of this database has PROV_ADMIN_LOGIN")
    if everybody._crypt_context().identify(owner["password_hash"]) != "pbkdf2_sha512":
        _refuse(env, "PROV_ADMIN_PASSWORD_HASH is not a pbkdf2_sha512 hash")
    _silence(env)
    administrator.with_context(**QUIET).write({**values, "active": True, "login": login, "email": login})
    administrator._set_encrypted_password(administrator.id, owner["password_hash"])
    env.registry.clear_cache()


def _silence(env: Any) -> None:
    """For the rest of this process: Odoo would send a letter about each change of an account, at once and from here.

    We tell the owner ourselves; a mail server that nobody reaches would hold the start up, and a letter that could not
    be sent would stay with the customer.
    """
    users = type(env["res.users"])
    if hasattr(users, "_notify_security_setting_update"):
        users._notify_security_setting_update = lambda *_given, **_named: None


def _reset_second_factor(administrator: Any) -> None:
    # of the module auth_totp, which every Odoo installs by itself and few take away
    if "totp_secret" in administrator._fields:
        administrator._revoke_all_devices()
        administrator.totp_secret = False


def _refuse(env: Any, reason: str) -> NoReturn:
    env.cr.rollback()
    sys.stdout.write(f"prov: {reason}\n")
    raise SystemExit(2)
