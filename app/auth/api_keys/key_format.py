"""How a key is written: `dlk_` and 8 characters that people recognise it by, `_`, 43 secret ones, 6 to check them.

The secret part is 256 random bits in base 62, so that a double click selects the whole and a scanner of source code
finds it by its form. The check (CRC-32) tells a typing error, or what a scanner took for a key, without a look-up.

The database knows the SHA-256 of the whole. A slow hash such as Argon2id makes up for secrets that people choose; what
is drawn from 2^256 can't be searched for however fast the hash is, and it is computed at every call.
"""

import re
import secrets
from hashlib import sha256
from zlib import crc32

MARK = "dlk_"
SECRET_LENGTH = 43
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(rf"{MARK}[0-9A-Za-z]{{8}}_[0-9A-Za-z]{{{SECRET_LENGTH}}}[0-9A-Za-z]{{6}}")
_PREFIX_LENGTH = len(MARK) + 8


def new_key() -> str:
    """A key that nobody has."""
    name, secret = (
        "".join(secrets.choice(_ALPHABET) for _ in range(length))
        for length in (_PREFIX_LENGTH - len(MARK), SECRET_LENGTH)
    )
    body = f"{MARK}{name}_{secret}"
    return body + _check(body)


def prefix_of(key: str) -> str:
    """The part that is no secret."""
    return key[:_PREFIX_LENGTH]


def hash_of(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


def is_well_written(key: str) -> bool:
    """Whether it may be a key of ours at all."""
    return bool(_FORM.fullmatch(key)) and _check(key[:-6]) == key[-6:]


def _check(body: str) -> str:
    number, digits = crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
