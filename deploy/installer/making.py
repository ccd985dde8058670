"""Secrets that nobody has to think of."""

from __future__ import annotations

import base64
import secrets

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def text() -> str:
    """64 characters that mean nothing to a shell, an address or Compose."""
    return secrets.token_hex(32)


def fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def age_key() -> str:
    """A secret key of age (https://age-encryption.org/v1): 32 bytes in Bech32."""
    return bech32("age-secret-key-", secrets.token_bytes(32)).upper()


def bech32(prefix: str, data: bytes) -> str:
    """BIP 173, without its limit of 90 characters."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[start : start + 5], 2) for start in range(0, len(bits), 5)]
    head = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    polymod = _polymod(head + values + [0] * 6) ^ 1
    checksum = [(polymod >> 5 * (5 - place)) & 31 for place in range(6)]
    return f"{prefix}1" + "".join(ALPHABET[value] for value in values + checksum)


def _polymod(values: list[int]) -> int:
    found = 1
    for value in values:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ value
        for place, term in enumerate(GENERATOR):
            found ^= term if (top >> place) & 1 else 0
    return found
