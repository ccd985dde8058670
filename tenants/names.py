"""The one rule for names of companies, partners, keys and the like: how they are kept, and when two are the same."""

import re
import unicodedata

import idna
from django.utils.translation import gettext as _

from tenants.errors import InvalidName, InvalidText

LONGEST = 100
LONGEST_KEY = 200
ZERO_WIDTH_JOINERS = "\u200c\u200d"
# no format characters to Unicode, and yet nobody sees them
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# they choose a letter's drawing, and no reader tells it (Unicode, 23.4 Variation Selectors)
VARIATION = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# letters of a newer Unicode than this interpreter knows: a name's, not a fault
PLANES_OF_HAN = range(0x20000, 0x40000)
UNUSABLE = frozenset({"Cc", "Cn", "Co", "Cs"})


def checked(text: str, *, longest: int = LONGEST, refusal: type[InvalidText] = InvalidName) -> str:
    """The name as it is kept, see :func:`line`; it holds at least one letter or digit. Raises ``refusal``."""
    name = line(text, longest=longest, refusal=refusal)
    if not any(letter.isalnum() for letter in name):
        raise refusal(_("Write at least one letter or digit."))
    return name


def line(text: str, *, longest: int, refusal: type[InvalidText] = InvalidText) -> str:
    """``text`` in Unicode NFC, each run of white space one space, none at the ends; it may be empty.

    Invisible characters, which come along when text is pasted, are dropped; joiners stay where a script needs them.
    Raises ``refusal`` with a sentence: a line break, a character that cannot be stored or shown, too many characters.
    """
    text = unicodedata.normalize("NFC", text.strip().replace("\t", " "))
    for letter in text:
        if letter in "\r\n\v\f\x85\u2028\u2029":
            raise refusal(_("Write it on one line."))
        if unicodedata.category(letter) in UNUSABLE and ord(letter) not in PLANES_OF_HAN:
            found = {"character": f"U+{ord(letter):04X}"}
            raise refusal(_("It holds a character that cannot be used: %(character)s.") % found)
    seen = "".join(letter for at, letter in enumerate(text) if not _invisible(text, at))
    kept = unicodedata.normalize("NFC", " ".join(seen.split()))
    if len(kept) > longest:
        raise refusal(
            _("At most %(longest)d characters; these are %(count)d.") % {"longest": longest, "count": len(kept)}
        )
    return kept


def key(name: str) -> str:
    """What two names have in common that people take for the same: without case, width and composition."""
    plain = "".join(letter for letter in name if letter not in ZERO_WIDTH_JOINERS and not VARIATION.match(letter))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())
    return " ".join(folded.split())[:LONGEST_KEY]


def is_storable(text: str) -> bool:
    """Whether a database takes it: no NUL and nothing that UTF-8 cannot say (what a shell passes on may be bytes)."""
    return "\x00" not in text and not any(unicodedata.category(letter) == "Cs" for letter in text)


def _invisible(text: str, at: int) -> bool:
    letter = text[at]
    if letter in ZERO_WIDTH_JOINERS:
        return not idna.valid_contextj(text, at)
    return letter in FILLERS or bool(VARIATION.match(letter)) or unicodedata.category(letter) == "Cf"
