"""The addresses of the space, with words of their own in each language."""

from django.urls import URLPattern, path

from tenants.space import acts, address, backups, domain, instances, person, plan, sessions, sign_in, staff

WORDS = {
    "fr": {
        "sign-in": "connexion", "link": "lien", "seller": "vendeur", "sessions": "sessions", "end": "fin",
        "password": "mot-de-passe", "address": "adresse", "links": "liens", "keep": "garder", "resume": "redemarrer",
        "backups": "sauvegardes", "download": "telecharger", "restore": "restaurer", "data": "mes-donnees",
        "staff": "equipe", "erase": "effacer",
        "domain": "domaine", "check": "verifier", "remove": "retirer",
        "plan": "formule",
    },
    "en": {
        "sign-in": "sign-in", "link": "link", "seller": "seller", "sessions": "sessions", "end": "end",
        "password": "password", "address": "address", "links": "links", "keep": "keep", "resume": "resume",
        "backups": "backups", "download": "download", "restore": "restore", "data": "my-data",
        "staff": "staff", "erase": "erase",
        "domain": "domain", "check": "check", "remove": "remove",
        "plan": "plan",
    },
}  # fmt: skip


def routes(language: str) -> tuple[list[URLPattern], str]:
    """To be included under a namespace of `mails.space_pages.NAMESPACES`."""
    words = WORDS[language]
    return [
        path("", instances.home, name="home"),
        path(f"{words['sign-in']}/", sign_in.ask, name="sign_in"),
        path(f"{words['sign-in']}/code/", sign_in.code, name="code"),
        path(f"{words['sign-in']}/{words['link']}/<str:token>/", sign_in.link, name="link"),
        path(f"{words['sign-in']}/{words['seller']}/", sign_in.seller, name="seller"),
        path(f"{words['sessions']}/", sessions.page, name="sessions"),
        path(f"{words['sessions']}/end/", sessions.end, name="end_session"),
        path(f"{words['data']}/", person.page, name="data"),
        path(f"{words['data']}/data.json", person.download, name="data_file"),
        path(f"{words['data']}/{words['erase']}/", person.erase, name="erase"),
        path("odoo/<slug:public_id>/", instances.page, name="instance"),
        path(f"odoo/<slug:public_id>/{words['staff']}/", staff.page, name="staff"),
        path(f"odoo/<slug:public_id>/{words['address']}/", address.page, name="address"),
        path(f"odoo/<slug:public_id>/{words['address']}/codes/", address.codes, name="address_codes"),
        path(f"odoo/<slug:public_id>/{words['domain']}/", domain.page, name="domain"),
        *(
            path(f"odoo/<slug:public_id>/{words['domain']}/<slug:domain_id>/{words[name]}/", act, name=f"domain_{name}")
            for name, act in (("check", domain.check), ("remove", domain.remove))
        ),
        path(f"odoo/<slug:public_id>/{words['plan']}/", plan.page, name="plan"),
        path(f"odoo/<slug:public_id>/{words['backups']}/", backups.page, name="backups"),
        *(
            path(f"odoo/<slug:public_id>/{words['backups']}/<slug:backup_id>/{words[name]}/", act, name=name)
            for name, act in (("download", backups.download), ("restore", backups.restore))
        ),
        *(path(f"odoo/<slug:public_id>/{words[name]}/", act, name=name) for name, act in acts.ACTS.items()),
    ], "space"
