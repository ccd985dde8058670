"""The pages of the stand-in Odoo, in French and English."""

from collections.abc import Mapping
from html import escape
from string import Template

STYLESHEET = "/web/assets/3f0c1a7/web.assets_frontend.min.css"
CSS = """
:root { color-scheme: light; --brand: #714b67; }
body { margin: 0; min-height: 100vh; font: 16px/1.5 system-ui, sans-serif; background: #f4f1f3; color: #212529; }
main { max-width: 26rem; margin: 0 auto; padding: 12vh 1rem 2rem; }
form, article { background: #fff; padding: 2rem; border-radius: .5rem; box-shadow: 0 1px 6px #0002; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; color: var(--brand); }
label { display: block; margin-top: 1rem; font-weight: 600; }
input:not([type=hidden]) { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit;
  border: 1px solid #8a8289; border-radius: .3rem; }
button, .button { display: inline-block; margin-top: 1.5rem; padding: .6rem 1.2rem; font: inherit; color: #fff;
  background: var(--brand); border: 0; border-radius: .3rem; text-decoration: none; cursor: pointer; }
[role=alert] { padding: .6rem; background: #fbe4e6; color: #842029; border-radius: .3rem; }
ul { display: flex; gap: 1rem; padding: 0; list-style: none; }
footer { margin-top: 1rem; text-align: center; font-size: .85rem; color: #5c545a; }
"""

Texts = Mapping[str, str]
FRENCH: Texts = {
    "lang": "fr",
    "log_in": "Se connecter",
    "login": "E-mail",
    "password": "Mot de passe",
    "wrong": "Identifiant ou mot de passe incorrect.",
    "too_many": "Trop d'échecs de connexion, veuillez attendre un peu avant de réessayer.",
    "discuss": "Discussion",
    "apps": "Applications",
    "settings": "Paramètres",
    "log_out": "Déconnexion",
    "note": "Odoo du bac à sable : ceci n'est pas un véritable Odoo.",
}
ENGLISH: Texts = {
    "lang": "en",
    "log_in": "Log in",
    "login": "Email",
    "password": "Password",
    "wrong": "Wrong login/password",
    "too_many": "Too many login failures, please wait a bit before trying again.",
    "discuss": "Discuss",
    "apps": "Apps",
    "settings": "Settings",
    "log_out": "Log out",
    "note": "Sandbox Odoo: this is not a real Odoo.",
}

_PAGE = Template("""<!DOCTYPE html>
<html lang="$lang">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<link type="text/css" rel="stylesheet" href="$stylesheet"/>
</head>
<body><main>$content<footer>$note</footer></main></body>
</html>
""")
_LOGIN = Template("""<form class="oe_login_form" method="post" action="/web/login">
<h1>$company</h1>
$problem<input type="hidden" name="csrf_token" value="$csrf_token"/>
<input type="hidden" name="redirect" value="$redirect"/>
<label for="login">$login_label</label>
<input type="text" name="login" id="login" value="$login" required autocomplete="username" autofocus/>
<label for="password">$password_label</label>
<input type="password" name="password" id="password" required autocomplete="current-password"/>
<button type="submit">$log_in</button>
</form>""")
_HOME = Template("""<article>
<h1>$company</h1>
<p>$user</p>
<nav><ul><li>$discuss</li><li>$apps</li><li>$settings</li></ul></nav>
<a class="button" href="/web/session/logout">$log_out</a>
</article>""")


def texts(language: str) -> Texts:
    """The words for an Odoo language code."""
    return FRENCH if language.startswith("fr") else ENGLISH


def login_page(
    words: Texts, company: str, csrf_token: str, *, login: str = "", redirect: str = "/odoo", problem: str = ""
) -> str:
    content = _LOGIN.substitute(
        company=escape(company),
        problem=f'<p class="alert alert-danger" role="alert">{escape(problem)}</p>' if problem else "",
        csrf_token=escape(csrf_token),
        redirect=escape(redirect),
        login=escape(login),
        login_label=words["login"],
        password_label=words["password"],
        log_in=words["log_in"],
    )
    return _page(words, "Odoo", content)


def home_page(words: Texts, company: str, user: str) -> str:
    shown = {name: words[name] for name in ("discuss", "apps", "settings", "log_out")}
    return _page(words, company, _HOME.substitute(shown, company=escape(company), user=escape(user)))


def closed_manager_page(problem: str = "") -> str:
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    sentence = "The database manager has been disabled by the administrator"
    return _page(ENGLISH, "Odoo", f"<article>{alert}<p>{sentence}</p></article>")


def open_manager_page(names: list[str]) -> str:
    listed = "".join(f"<li>{escape(name)}</li>" for name in names)
    form = '<form method="post" action="/web/database/create"><input name="master_pwd"/><button>Create</button></form>'
    return _page(ENGLISH, "Odoo", f"<article><h1>Databases</h1><ul>{listed}</ul></article>{form}")


def _page(words: Texts, title: str, content: str) -> str:
    return _PAGE.substitute(
        lang=words["lang"], title=escape(title), stylesheet=STYLESHEET, content=content, note=words["note"]
    )
