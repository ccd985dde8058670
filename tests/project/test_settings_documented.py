import ast
import re
from pathlib import Path

from django.conf import settings

from eazynova_site import env

ROOT = Path(settings.BASE_DIR)
# read by their beginning, under whatever name the provider's backend asks for
PREFIXES = ("ANYMAIL_",)
READERS = (*(name for name in vars(env) if name.startswith("env_")), "environ.get")


def documented():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return [name for line in lines for name in re.findall(r"^#?([A-Z][A-Z0-9_]+)=", line)]


def names_read():
    sources = [*(ROOT / "eazynova_site").glob("*.py"), ROOT / "gunicorn.conf.py"]
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text())):
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith(READERS):
                continue
            if isinstance(node.args[0], ast.Constant) and node.args[0].value not in PREFIXES:
                yield node.args[0].value


def names_of_compose():
    """What compose.yml and the proxy's file take from `.env` beside the site's own settings."""
    text = (ROOT / "compose.yml").read_text() + (ROOT / "deploy/caddy/Caddyfile").read_text()
    return set(re.findall(r"\$\{([A-Z_]+)|\{\$([A-Z_]+)", text.replace("$$", "")))


def test_every_setting_is_documented_and_nothing_else_is():
    read = set(names_read()) | {one or other for one, other in names_of_compose()}
    # how many at once is the Procfile's too
    read -= {"WORKER_CONCURRENCY", "WEBHOOK_CONCURRENCY"}
    assert {name for name in documented() if not name.startswith(PREFIXES)} == read


def test_every_setting_is_documented_once():
    assert sorted(documented()) == sorted(set(documented()))


def test_nothing_outside_the_settings_reads_the_environment():
    readers = [
        str(path.relative_to(ROOT))
        for package in ("tenants", "provisioning")
        for path in (ROOT / package).rglob("*.py")
        # the bootstrap runs inside the customer's container, where the environment is all it has
        if re.search(r"os\.(environ|getenv)", path.read_text()) and "bootstrap" not in path.parts
    ]
    assert readers == []
