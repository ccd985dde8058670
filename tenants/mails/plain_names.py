"""Names as a mail may say them: who orders writes them, and somebody who has ordered nothing may read them."""

import re

# what mail programs make a link of: a scheme, and a dot or one of its cousins before a letter or digit of a longer word
SCHEME = re.compile(r"\s*:\s*[/\\]{2,}\s*")
DOT = re.compile(r"[.\u3002\uff0e\uff61\u2024\ufe52](?=[^\W_]{2,})")
AT = re.compile(r"[@\uff20\ufe6b]")


def without_links(name: str) -> str:
    """The name with nothing in it that a mail program turns into a link: ``Go to evil com now``; ``S.A.R.L.`` stays."""
    return " ".join(DOT.sub(" ", AT.sub(" ", SCHEME.sub(" ", name))).split())
