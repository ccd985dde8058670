"""Client names: the technical name of an instance, which is part of its address for ever."""

import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import suppress

from tenants.errors import InvalidClientName, ReservedClientName

SHORTEST = 3
LONGEST = 50
SUFFIX_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
# what makes another name of a taken one, in the order in which they are proposed
ENDINGS = ("2", "pro", "erp", "3", "4", "5")
SHAPE = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,48}[a-z0-9])")

RESERVED = frozenset(
    """
    www api admin mail smtp imap pop ftp ssh ns ns1 ns2 dns mx app apps web webmail blog shop store status support help
    docs doc static assets cdn media test tests testing demo dev staging preprod prod production beta internal intranet
    vpn proxy root postmaster hostmaster webmaster abuse security noreply no-reply billing account accounts login
    signup register auth oauth sso odoo eazynova railway postgres postgresql redis database backup backups health
    healthz metrics monitoring grafana sentry localhost local example partner partners customer customers widget
    instance instances
    """.split()
)

# who reads these before a name expects us, or what we run on
HOUSE = ("eazynova", "easynova")
TRUSTED = frozenset(
    """
    login logon signin connexion connect connection auth oauth sso account accounts compte comptes admin administrator
    administration administrateur root support help aide assistance helpdesk billing facturation invoice paiement
    payment payments password passwords motdepasse secure security securite verify verification official officiel staff
    postmaster hostmaster webmaster abuse noreply www api mail webmail smtp imap status metrics monitoring
    railway postgres postgresql redis database backup backups odoo
    """.split()
)
# with these beside them only, a trusted word still says no company's name
BESIDE = frozenset(
    """
    a au aux de des du en et la le les l my mon of on the to your votre www web site page portal portail space espace
    client clients customer customers service services team equipe center centre desk no reply sign in app apps
    fr com eu net org io online prod production
    """.split()
)
LOOKALIKES = str.maketrans("0123456789", "olzeasbtbg")
# the same digit stands for either letter
OTHER_LOOKALIKES = str.maketrans("0123456789", "oizeasbtbg")

# letters that Unicode does not decompose into a base letter and an accent
_LIGATURES = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "&": " et "}
)


def check(name: str) -> str:
    """Return the name when it may be used. Raises InvalidClientName or ReservedClientName."""
    if not SHAPE.fullmatch(name) or not SHORTEST <= len(name) <= LONGEST:
        raise InvalidClientName
    if name in RESERVED or name.replace("-", "") in RESERVED or _impersonates(name):
        raise ReservedClientName
    return name


def _impersonates(name: str) -> bool:
    """Whether people would take its address for the house's own, or for a part of the machinery."""
    # two letters that are read as one
    spellings = (name, name.replace("rn", "m").replace("vv", "w"))
    readings = {each.translate(table) for each in spellings for table in ({}, LOOKALIKES, OTHER_LOOKALIKES)}
    plain = {re.sub(r"(.)\1+", r"\1", reading.replace("-", "")) for reading in readings}
    if any(house in seen for house in HOUSE for seen in plain):
        return True
    joined = {reading.replace("-", "").strip("0123456789") for reading in readings}
    if any(word in TRUSTED or word.removesuffix("s") in TRUSTED for word in joined):
        return True
    return any(_says_only_what_is_trusted(reading.split("-")) for reading in readings)


def _says_only_what_is_trusted(parts: list[str]) -> bool:
    words = [word.strip("0123456789") for word in parts]
    trusted = [word in TRUSTED or word.removesuffix("s") in TRUSTED for word in words]
    return any(trusted) and all(so or word in BESIDE or not word for so, word in zip(trusted, words, strict=True))


def fold(company: str) -> str:
    """The client name that a company name suggests: accents folded, the rest to hyphens, the words that fit in 50.

    May come out shorter than a client name may be, or empty: a name in another script has no letters to keep.
    """
    folded = unicodedata.normalize("NFKD", company.lower().translate(_LIGATURES))
    ascii_only = "".join(letter for letter in folded if not unicodedata.combining(letter)).lower()
    return _cut(re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-"), LONGEST)


def near(*wishes: str) -> Iterator[str]:
    """Names that may be used, the nearest first: each wish as a client name is written, then each with an ending."""
    stems = [stem for stem in dict.fromkeys(map(fold, wishes)) if stem and not _impersonates(stem)]
    ended = (f"{_cut(stem, LONGEST - len(ending) - 1)}-{ending}" for stem in stems for ending in ENDINGS)
    for name in dict.fromkeys((*stems, *ended)):
        with suppress(InvalidClientName, ReservedClientName):
            yield check(name)


def with_suffix(name: str, length: int = 4) -> str:
    """The name with a short random suffix, within the longest length: for when the plain one is taken."""
    stem = _cut(name, LONGEST - length - 1)
    if not stem or _impersonates(stem):
        stem = "client"
    while True:
        suffix = "".join(secrets.choice(SUFFIX_ALPHABET) for _ in range(length))
        if not _impersonates(f"{stem}-{suffix}"):
            return f"{stem}-{suffix}"


def _cut(name: str, longest: int) -> str:
    """The words of a name that fit; where hardly anything would be left, the beginning of its first long one."""
    if len(name) <= longest:
        return name
    words = name[: longest + 1].rpartition("-")[0].rstrip("-")
    return words if len(words) >= SHORTEST else name[:longest].rstrip("-")


def database_name(name: str) -> str:
    """The PostgreSQL database of a client: ``acme_corp_prod`` for ``acme-corp``; it starts with a letter."""
    plain = name.replace("-", "_")
    return f"{plain}_prod" if plain[0].isalpha() else f"c{plain}_prod"
