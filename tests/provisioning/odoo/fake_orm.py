"""As much of Odoo's ``env`` as the bootstrap uses, over real tables."""

import re
import secrets
import uuid
from types import SimpleNamespace

MODEL_OF = {
    "currency_id": "res.currency",
    "country_id": "res.country",
    "partner_id": "res.partner",
    "mail_message_id": "mail.message",
}
EXTERNAL_IDS = {"base.main_company": ("res.company", 1), "base.user_admin": ("res.users", 2)}
ZONES = {"Europe/Paris", "UTC"}


class Env:
    def __init__(self, link, before_commit):
        self.cr = Transaction(link, before_commit)
        self.registry = self

    def __getitem__(self, model):
        return Records(self, model, [])

    def __contains__(self, model):
        [(known,)] = self.cr.execute("SELECT to_regclass(%s)", (f"public.{model.replace('.', '_')}",))
        return known is not None

    def ref(self, external_id):
        model, number = EXTERNAL_IDS[external_id]
        return Records(self, model, [number])

    def flush_all(self):
        """Everything is written at once here."""

    def clear_cache(self):
        """Nothing is cached here."""


class Transaction:
    def __init__(self, link, before_commit):
        self._link = link
        self._before_commit = before_commit
        self.rollback = link.rollback

    def execute(self, statement, values=()):
        with self._link.cursor() as cursor:
            cursor.execute(statement, values)
            self._found = cursor.fetchall() if cursor.description else []
            return self._found

    def fetchall(self):
        return self._found

    def commit(self):
        self._before_commit()
        self._link.commit()


class Records:
    """A model, or some of its records."""

    def __init__(self, env, model, ids):
        self.__dict__.update(env=env, model=model, ids=ids, table=model.replace(".", "_"))

    def __bool__(self):
        return bool(self.ids)

    def __iter__(self):
        return iter([Records(self.env, self.model, [number]) for number in self.ids])

    @property
    def installed_version(self):
        """Of the module on the disk."""
        return "19.0.1.0"

    def init(self, force):
        """Odoo's own way to make a copy another database."""
        assert force
        self.set_param("database.uuid", str(uuid.uuid4()))
        self.set_param("database.secret", str(uuid.uuid4()))

    def _notify_security_setting_update(self):
        """A letter to the user, which the real one tries to send at once."""
        self.env.cr.execute("INSERT INTO mail_mail (state) VALUES ('exception')")

    def unlink(self):
        self._remove()

    @property
    def id(self):
        [number] = self.ids
        return number

    def sudo(self):
        return self

    def context_get(self):
        return {}

    def with_context(self, **context):
        assert set(context) <= {"active_test", "install_mode", "tracking_disable", "mail_notrack", "mail_create_nolog"}
        return self

    def search(self, domain, limit=None):
        conditions = " AND ".join(f"{name} {operator} %s" for name, operator, _ in domain) or "true"
        query = f"SELECT id FROM {self.table} WHERE {conditions} LIMIT {limit or 'ALL'}"
        found = self.env.cr.execute(query, [value for _, _, value in domain])
        return Records(self.env, self.model, [number for (number,) in found])

    def write(self, values):
        if self.model == "res.users" and {"login", "email", "totp_secret"} & set(values):
            self._notify_security_setting_update()
        for name, value in values.items():
            if name == "tz" and value not in ZONES:
                raise ValueError(f"Wrong value for res.partner.tz: {value!r}")
            stored = f"$pbkdf2-sha512$hashed {value}" if name == "password" else value
            self.env.cr.execute(f"UPDATE {self.table} SET {name} = %s WHERE id = ANY(%s)", (stored, self.ids))
        return True

    def __getattr__(self, name):
        [(value,)] = self.env.cr.execute(f"SELECT {name} FROM {self.table} WHERE id = %s", (self.id,))
        return Records(self.env, MODEL_OF[name], [value] if value else []) if name in MODEL_OF else value

    def __setattr__(self, name, value):
        self.write({name: value})

    @property
    def _fields(self):
        known = {"res.users": ("totp_secret",), "res.company": ("name", "email", "edi_contact")}
        return {name: SimpleNamespace(type="char", store=True) for name in known.get(self.model, ())}

    def __getitem__(self, name):
        return getattr(self, name)

    def mapped(self, name):
        rows = self.env.cr.execute(f"SELECT {name} FROM {self.table} WHERE id = ANY(%s)", (self.ids,))
        return Records(self.env, MODEL_OF[name], [value for (value,) in rows if value])

    def exists(self):
        return self

    def _generate_random_token(self):
        return secrets.token_hex(5)

    def _remove(self):
        self.env.cr.execute(f"DELETE FROM {self.table} WHERE id = ANY(%s)", (self.ids,))

    def _revoke_all_devices(self):
        self.env["auth_totp.device"].search([("user_id", "=", self.id)])._remove()

    def set(self, model, field, value):
        self.env.cr.execute("INSERT INTO ir_default (field, value) VALUES (%s, %s)", (f"{model}.{field}", value))

    def set_param(self, key, value):
        statement = "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
        self.env.cr.execute(f"{statement} ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value))

    def _get_asset_bundle(self, name, css, js):
        assert css != js, name
        return SimpleNamespace(css=lambda: self._store_asset(f"{name}.css"), js=lambda: self._store_asset(f"{name}.js"))

    def _store_asset(self, name):
        self.env.cr.execute("INSERT INTO ir_attachment (name) VALUES (%s)", (name,))

    def _update_translations(self, codes):
        assert self.ids, codes

    def _crypt_context(self):
        return self

    def identify(self, hashed):
        return "pbkdf2_sha512" if re.match(r"\$pbkdf2-sha512\$\d+\$", hashed) else "plaintext"

    def _set_encrypted_password(self, number, hashed):
        self.env.cr.execute("UPDATE res_users SET password = %s WHERE id = %s", (hashed, number))
