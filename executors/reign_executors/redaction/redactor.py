"""The redactor itself: for text, JSON and streams."""

from __future__ import annotations

from reign_executors.redaction.known import Known
from reign_executors.redaction.names import is_secret_name
from reign_executors.redaction.placeholders import PLACEHOLDER, placeholder
from reign_executors.redaction.rules import PemState, Rules
from reign_executors.redaction.stream import StreamRedactor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

SHORT = 256
"""Characters of a text whose redaction is remembered: names and words come again and again."""
REMEMBERED = 4096

_NUMBERS_TOO = ("password", "passwd", "passphrase", "passcode", "pwd", "pin")


class Redactor:
    """Replaces secrets by stable placeholders, ``{{secret:name}}``.

    ``known`` maps names to values: found in clear, JSON-escaped, URL- or XML-encoded, quoted for a shell, in base64 and
    hexadecimal.
    ``patterns``: also what merely looks like a secret (``password=…``, tokens, private keys, URLs with a password …).
    Redacting twice gives the same as once.
    """

    def __init__(self, known: Mapping[str, str] | None = None, patterns: bool = True) -> None:
        self._known = dict(known or {})
        self._rules = Rules(Known(self._known), patterns=patterns)
        self._seen: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._known)} known values, patterns {'on' if self._rules.patterns else 'off'}>"

    def also(self, known: Mapping[str, str]) -> Redactor:
        """A redactor that knows these values too."""
        return Redactor({**self._known, **known}, self._rules.patterns)

    def learn(self, known: Mapping[str, str]) -> None:
        """Hide these values, too, from now on; streams that were begun before do so as well."""
        fresh = {name: value for name, value in known.items() if self._known.get(name) != value}
        if fresh:
            self._known.update(fresh)
            self._rules.learn(Known(self._known))
            self._seen = {}  # a new one: what another thread finds by the old rules goes into the old one

    def stream(self) -> StreamRedactor:
        """A fresh redactor for one stream of bytes."""
        return StreamRedactor(self._rules)

    def text(self, text: str) -> str:
        """``text`` with placeholders; the same as a stream of its UTF-8 bytes gives."""
        if len(text) > SHORT:
            return self._text(text)
        seen = self._seen
        shown = seen.get(text)
        if shown is None:
            shown = self._text(text)
            if len(seen) >= REMEMBERED:
                seen.clear()
            seen[text] = shown
        return shown

    def _text(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        if len(text) <= SHORT and not self._rules.known.blocks and b"\n" not in data and b"\r" not in data:
            shown = PemState(self._rules).block(data)
        else:
            stream = self.stream()
            shown = stream.feed(data) + stream.flush()
        return text if shown == data else shown.decode("utf-8", "surrogatepass")

    def value(self, value: JsonValue) -> JsonValue:
        """A JSON value with placeholders in every string, and for every scalar under a secret-looking key.

        Also understood: ``{"name": "DB_PASSWORD", "value": …}`` and the data of a Kubernetes Secret.
        """
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return self._object(value)
        return value

    def _object(self, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if not self._rules.patterns:
            return {self.text(key): self.value(item) for key, item in value.items()}
        kubernetes_secret = value.get("kind") == "Secret"
        name = value.get("name", value.get("Name"))
        shown: dict[str, JsonValue] = {}
        for key, item in value.items():
            if is_secret_name(key):
                shown[self.text(key)] = self._under(key, item)
            elif key in ("value", "Value") and isinstance(name, str) and is_secret_name(name):
                shown[key] = self._under(name, item)
            elif kubernetes_secret and key in ("data", "stringData") and isinstance(item, dict):
                shown[key] = {entry: self._under(entry, kept) for entry, kept in item.items()}
            else:
                shown[self.text(key)] = self.value(item)
        return shown

    def _under(self, name: str, item: JsonValue) -> JsonValue:
        """``item``, which is secret because of its ``name``. A known value keeps its own placeholder."""
        if isinstance(item, str):
            if not item.strip():
                return item
            shown = self.text(item)
            return shown if PLACEHOLDER.fullmatch(shown) else placeholder(name.lower())
        if isinstance(item, int | float) and not isinstance(item, bool) and name.lower().endswith(_NUMBERS_TOO):
            return placeholder(name.lower())
        return self.value(item)
