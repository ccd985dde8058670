"""The records of a freshly initialised Odoo 19 database, as far as a provisioner or a visitor looks at them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

ADMIN = 2
COMPANY = 1
BASE_MODULES = ("base", "web", "bus", "mail", "base_setup", "web_tour", "rpc", "auth_totp", "iap", "html_editor")
OFFERED_MODULES = (
    "crm",
    "sale_management",
    "account",
    "stock",
    "purchase",
    "project",
    "hr",
    "website",
    "point_of_sale",
)
LANGUAGES = {"en_US": "English (US)", "fr_FR": "Français", "de_DE": "Deutsch", "es_ES": "Español", "it_IT": "Italiano"}
# id, name, id of the currency
COUNTRIES: Mapping[str, tuple[int, str, int]] = {
    "BE": (20, "Belgium", 126),
    "CA": (38, "Canada", 3),
    "CH": (43, "Switzerland", 4),
    "CI": (44, "Côte d'Ivoire", 41),
    "DE": (57, "Germany", 126),
    "DZ": (62, "Algeria", 109),
    "ES": (68, "Spain", 126),
    "FR": (75, "France", 126),
    "GB": (231, "United Kingdom", 142),
    "LU": (133, "Luxembourg", 126),
    "MA": (146, "Morocco", 111),
    "SN": (209, "Senegal", 41),
    "TN": (223, "Tunisia", 134),
    "US": (233, "United States", 1),
}
CURRENCIES = {1: "USD", 3: "CAD", 4: "CHF", 41: "XOF", 109: "DZD", 111: "MAD", 126: "EUR", 134: "TND", 142: "GBP"}
MODELS = {78: "res.partner", 80: "res.company", 92: "res.users"}
US_DOLLAR = 1
UNKNOWN_COUNTRIES_FROM = 1_000
ACCESS_REVISION = "eazynova.access_revision"
MODULES_REVISION = "eazynova.modules_revision"
Records = dict[str, dict[str, dict[str, Any]]]


def fresh_records(variables: Mapping[str, str]) -> Records:
    """What the bootstrap makes of its variables."""
    given = {name: plain(value) for name, value in variables.items() if name.startswith("PROV_")}
    languages = _listed(given["PROV_LANG"])
    asked = _listed(given.get("PROV_MODULES", ""))
    parameters = {"web.base.url": given.get("PROV_BASE_URL", ""), "web.base.url.freeze": "True"}
    if given.get("PROV_ACCESS_REVISION"):
        parameters[ACCESS_REVISION] = given["PROV_ACCESS_REVISION"]
    return {
        "res.users": {str(ADMIN): _admin(given, languages[0])},
        "res.company": {str(COMPANY): _company(given)},
        "res.lang": _numbered(
            {"code": code, "name": name, "active": code in languages} for code, name in LANGUAGES.items()
        ),
        "ir.module.module": _numbered(_modules(asked)),
        "ir.config_parameter": _numbered({"key": key, "value": value} for key, value in parameters.items()),
    }


def renew_access(records: Records, variables: Mapping[str, str]) -> bool:
    """As the bootstrap at a later start: another login and password, once for each revision; True when it did."""
    revision, parameters = variables.get("PROV_ACCESS_REVISION", ""), records["ir.config_parameter"]
    known = {row["key"]: row["value"] for row in parameters.values()}
    if not revision or known.get(ACCESS_REVISION) == revision:
        return False
    user, login = records["res.users"][str(ADMIN)], plain(variables["PROV_ADMIN_LOGIN"])
    if any(row["login"] == login and row is not user for row in records["res.users"].values()):
        return False
    password = variables["PROV_ADMIN_PASSWORD_HASH"]
    user.update(login=login, email=login, password=password, totp_secret=False, stamp=user["stamp"] + 1)
    note_parameters(records, **{ACCESS_REVISION: revision})
    return True


def add_modules(records: Records, variables: Mapping[str, str]) -> list[str]:
    """As the bootstrap at a later start: what is missing of the modules, once for each revision.

    Those that this Odoo does not know are returned; then nothing is noted.
    """
    revision = variables.get("PROV_MODULES_REVISION", "").strip()
    if not revision or parameter(records, MODULES_REVISION) == revision:
        return []
    if not revision.startswith("kept:"):
        rows = {row["name"]: row for row in records["ir.module.module"].values()}
        wanted = _listed(variables.get("PROV_MODULES", ""))
        if unknown := [name for name in wanted if name not in rows]:
            return unknown
        for name in wanted:
            rows[name]["state"] = "installed"
    note_parameters(records, **{MODULES_REVISION: revision})
    return []


def note_parameters(records: Records, **values: str) -> None:
    """Write system parameters, as the bootstrap does."""
    known = {row["key"]: row["value"] for row in records["ir.config_parameter"].values()} | values
    records["ir.config_parameter"] = _numbered({"key": key, "value": value} for key, value in known.items())


def parameter(records: Records, key: str) -> str:
    """A system parameter; "" for one that is not set."""
    rows = records.get("ir.config_parameter", {}).values()
    return next((str(row["value"]) for row in rows if row["key"] == key), "")


def take_over(records: Records, variables: Mapping[str, str]) -> None:
    """Make company, language and administrator those of the owner whom the variables name."""
    fresh = fresh_records(variables)
    company, user = fresh["res.company"][str(COMPANY)], fresh["res.users"][str(ADMIN)]
    records["res.company"][str(COMPANY)].update(company)
    records["res.lang"] = fresh["res.lang"]
    records["res.users"][str(ADMIN)].update(name=user["name"], lang=user["lang"], tz=user["tz"])


def _admin(given: Mapping[str, str], language: str) -> dict[str, Any]:
    login = given["PROV_ADMIN_LOGIN"]
    return {
        "login": login,
        "password": given["PROV_ADMIN_PASSWORD_HASH"],
        "name": given.get("PROV_ADMIN_NAME") or login,
        "email": login,
        "lang": language,
        "tz": given.get("PROV_TZ", ""),
        "active": True,
        "share": False,
        "company_id": COMPANY,
        "company_ids": [COMPANY],
        "partner_id": 3,
        "stamp": 0,
    }


def _company(given: Mapping[str, str]) -> dict[str, Any]:
    country_id, currency_id = _country(given.get("PROV_COUNTRY", ""))
    return {
        "name": given["PROV_COMPANY_NAME"],
        "email": given["PROV_ADMIN_LOGIN"],
        "country_id": country_id,
        "currency_id": currency_id,
        "partner_id": 1,
    }


def _modules(asked: Sequence[str]) -> Iterator[dict[str, Any]]:
    for name in dict.fromkeys((*BASE_MODULES, *asked, *OFFERED_MODULES)):
        installed = name in asked or name not in OFFERED_MODULES
        yield {"name": name, "shortdesc": name, "state": "installed" if installed else "uninstalled"}


def fixed_records() -> Records:
    """What is the same in every database."""
    return {
        "res.country": {
            str(number): {"code": code, "name": name, "currency_id": currency}
            for code, (number, name, currency) in COUNTRIES.items()
        },
        "ir.model": {str(number): {"model": name, "name": name} for number, name in MODELS.items()},
        "res.currency": {str(number): {"name": name} for number, name in CURRENCIES.items()},
    }


def plain(value: str) -> str:
    """A variable's value as the bootstrap reads it: without the mark that keeps ``${{`` from being expanded."""
    return value.replace("$\u200b{{", "${{")


def _country(code: str) -> tuple[int | bool, int]:
    if not code:
        return False, US_DOLLAR
    known = COUNTRIES.get(code.upper())
    if known:
        return known[0], known[2]
    return UNKNOWN_COUNTRIES_FROM + sum(ord(letter) * 100**at for at, letter in enumerate(code[:2])), US_DOLLAR


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _numbered(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(number): row for number, row in enumerate(rows, start=1)}
