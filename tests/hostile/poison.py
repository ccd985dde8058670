"""What no honest client sends: characters, depths, lengths, numbers and moments at the ends of what there is."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

MOMENTS = ["0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "99999-01-01", "2026-02-30", "-1"]
NUMBERS = ["99999", "9" * 30, "9" * 5000, "-9" + "9" * 30, "1e400", "NaN", "٣", "0x10", "1_0"]
TEXTS = ["\0", "a\0b", "x" * 5000, "é" * 300, "\u202e", "\ufeff", "\U0010ffff", "a\nb\r\n", "%s{0}{{x}}", "../..", "[]"]
SURROGATES = ["\ud800", "a\udfffb"]

texts = st.sampled_from([*MOMENTS, *NUMBERS, *TEXTS]) | st.text(max_size=40)
# a client may send any bytes; what they mean is the server's business
encoded = texts.map(lambda text: quote(text, safe="")) | st.sampled_from(["%ED%A0%80", "%FF%FE", "%", "%00", "%C0%80"])

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | texts
    | st.sampled_from([*SURROGATES, 10**40])
    | st.text(st.characters(), max_size=20)
)
values = st.recursive(
    leaves, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=9), below, max_size=3)
)
RAW = [
    b"",
    b"[" * 20_000,
    b'{"a":' * 20_000,
    b"\xff\xfe",
    b'{"a": %s}' % (b"9" * 5000),
    b'{"a": NaN, "a": 1e999}',
    b"null",
]
RAW += [b'"\\ud800"', b"[]", b'{"\\u0000": "\\ud800"}', b"a=%00&a=%FF", b"&" * 2000, b"\0" * 50, b"{}", b"[[]]"]
CHARSETS = ["utf-8", "unicode-escape", "hex", "undefined", "idna", "utf-16", "nonsense", "x" * 300]


def json_bodies(names: list[str]) -> st.SearchStrategy[bytes]:
    """Objects with the members that are read here, and documents of any kind."""
    members = st.dictionaries(st.sampled_from(names) | st.text(max_size=9), values, max_size=6)
    return st.sampled_from(RAW) | (members | values).map(_written)


def _written(document: Any) -> bytes:
    # beyond what Python itself likes to write
    return json.dumps(document).replace("Infinity", "1e999").encode()


def queries(names: list[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(st.sampled_from(names), encoded), max_size=3)
    return pairs.map(lambda found: "&".join(f"{name}={value}" for name, value in found))


HEADERS = {
    "HTTP_ACCEPT_LANGUAGE": texts,
    "HTTP_ACCEPT": texts,
    "HTTP_AUTHORIZATION": texts | texts.map("Bearer {}".format) | texts.map("Basic {}".format),
    "HTTP_X_API_KEY": texts,
    "HTTP_X_STATUS_TOKEN": texts,
    "HTTP_X_REQUEST_ID": texts,
    "HTTP_IDEMPOTENCY_KEY": texts,
    "HTTP_IF_NONE_MATCH": texts,
    "HTTP_IF_MODIFIED_SINCE": texts | st.just("Sat, 31 Dec 99999 23:59:59 GMT"),
    "HTTP_RANGE": texts | st.just("bytes=9-1"),
    "HTTP_ORIGIN": texts,
    "HTTP_REFERER": texts,
    "HTTP_USER_AGENT": texts,
    "HTTP_X_FORWARDED_FOR": texts,
    "HTTP_CONTENT_LENGTH": texts,
    "HTTP_COOKIE": st.sampled_from(
        ['sessionid="\\000aaaaaaaaaa"', 'csrftoken="\\377"', "sessionid=é; ;=", "messages=[["]
    ),
}


def _as_a_server_hands_it_on(text: str) -> str:
    """Header lines hold bytes, which WSGI writes as Latin-1; a line break ends them and NUL is refused before."""
    return text.encode("utf-8", "replace").decode("latin-1").translate(dict.fromkeys((0, 10, 13)))


headers = st.sampled_from(sorted(HEADERS)).flatmap(
    lambda name: HEADERS[name].map(lambda value: {name: _as_a_server_hands_it_on(value)})
)
