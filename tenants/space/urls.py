"""The addresses of the space, with words of their own in each language."""

from django.urls import URLPattern, path

from tenants.space import instances, sessions, sign_in

WORDS = {
    "fr": {"sign-in": "connexion", "link": "lien", "seller": "vendeur", "sessions": "sessions"},
    "en": {"sign-in": "sign-in", "link": "link", "seller": "seller", "sessions": "sessions"},
}


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
        path("odoo/<slug:public_id>/", instances.page, name="instance"),
    ], "space"
