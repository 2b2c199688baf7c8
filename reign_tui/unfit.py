"""What is said of a value that does not fit its setting."""

from __future__ import annotations


class Unfit(ValueError):
    """The text says what would fit; ``inner`` is the key inside of the setting that it is about (None: all of it)."""

    def __init__(self, text: str, inner: str | None = None) -> None:
        super().__init__(f"{inner} {text}" if inner else text)
        self.inner = inner
