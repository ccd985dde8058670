"""Typing errors in the domains at which most people have their mail: asked about, never corrected unasked."""

COMMON = (
    *("gmail.com", "hotmail.com", "hotmail.fr", "outlook.com", "outlook.fr", "live.fr", "live.com", "msn.com"),
    *("yahoo.com", "yahoo.fr", "icloud.com", "me.com", "aol.com", "gmx.fr", "gmx.com", "proton.me", "protonmail.com"),
    *("orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "laposte.net", "bbox.fr", "neuf.fr", "skynet.be", "bluewin.ch"),
    *("googlemail.com", "mail.com", "ymail.com", "club-internet.fr", "numericable.fr", "videotron.ca", "telenet.be"),
)
# of a well-known ending: company.con
ENDINGS = {"con": "com", "cmo": "com", "ocm": "com", "comm": "com", "vom": "com", "xom": "com", "rf": "fr", "ffr": "fr",
           "frr": "fr", "fe": "fr", "nte": "net", "ent": "net"}  # fmt: skip
LEAST = 8


def likely(email: str) -> str:
    """The address that was probably meant; empty when nothing looks wrong."""
    local, _at, domain = email.rpartition("@")
    if domain in COMMON:
        return ""
    name, _dot, ending = domain.rpartition(".")
    mended = f"{name}.{ENDINGS[ending]}" if ending in ENDINGS else domain
    close = next((each for each in COMMON if len(each) >= LEAST and _one_slip(mended, each)), "")
    meant = mended if mended in COMMON else close or (mended if mended != domain else "")
    return f"{local}@{meant}" if meant else ""


def _one_slip(typed: str, meant: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours exchanged."""
    if abs(len(typed) - len(meant)) > 1 or typed == meant:
        return False
    at = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    rest, other = typed[at:], meant[at:]
    exchanged = rest[:2] == other[:2][::-1] and rest[2:] == other[2:]
    return rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] or exchanged
