"""Which names (of variables, keys, flags, headers) say that their value is a secret."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

_WORDS = """password passwd passphrase passcode passwort pwd pass secret token credential credentials authorization
cookie apikey sig signature bearer pat"""
_ENDS = """password passwd passphrase secret token apikey accesskey secretkey privatekey accountkey authkey sharedkey
signingkey dbpass mypass userpass rootpass"""
_KEYS = """api access secret private account encryption signing master shared storage auth license deploy ssh hmac
webhook session service client admin root host age"""
_ABOUT = """file path name names id ids length len count type ttl expiry expires expiration age policy ref refs url uri
endpoint limit budget usage used enabled required version field label prompt hint dir folder mount store provider
class size format status state change changed algorithm source selector template kind seconds timeout rotation
manager number index rate price cost namespace mode"""

SECRET_WORDS = frozenset(_WORDS.split())
SECRET_ENDS = tuple(_ENDS.split())
KEYS = frozenset(_KEYS.split())
"""Words before ``key`` that make it a secret (``api_key``); ``public_key`` and ``primary_key`` are none."""
ABOUT = frozenset(_ABOUT.split())
"""Last words that say it is something *about* a secret: a file, a name, a length."""
WHOLE = frozenset({"auth", "_auth", "authorization", "identitytoken", "registrytoken"})
"""Names that are secret only when they stand alone (``"auth"`` in a docker config)."""
HARMLESS_FIRST = frozenset({"next", "page", "continuation", "pagination", "public", "no", "max", "min", "without"})

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[^A-Za-z0-9]+")


def unlike_a_word(value: str) -> bool:
    """Whether a value is so unlike words, names and paths that it can be hidden wherever it shows up."""
    if len(value) < 8 or value.startswith("/") or any(sign.isspace() for sign in value):
        return False
    return any(sign.isdigit() for sign in value) and any(sign.isalpha() for sign in value)


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a value under ``name`` (``DB_PASSWORD``, ``apiKey``, ``--auth-token``) is to be taken for a secret."""
    if name.lower() in WHOLE:
        return True
    words = [word.lower() for word in _BETWEEN.split(_CAMEL.sub("_", name)) if word]
    if not words or words[-1] in ABOUT or words[0] in HARMLESS_FIRST:
        return False
    if any(word in SECRET_WORDS or word.endswith(SECRET_ENDS) for word in words):
        return True
    return any(word == "key" and before in KEYS for before, word in pairwise(words))
