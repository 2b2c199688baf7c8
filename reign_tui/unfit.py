"""What is said of a value that does not fit its setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Unfit(ValueError):
    """The text says what would fit; ``inner`` is the key inside of the setting that it is about (None: all of it).

    ``kept`` is what of the setting holds all the same.
    """

    def __init__(self, text: str, inner: str | None = None, kept: Any = None) -> None:
        super().__init__(f"{inner} {text}" if inner else text)
        self.inner = inner
        self.kept = kept


def each(
    values: Mapping[str, Any],
    read: Callable[[str, Any], T],
    instead: Callable[[str], Mapping[str, T]] = lambda _name: {},
) -> dict[str, T]:
    """What ``read`` makes of every value. Where some raise ``ValueError``, the others are ``kept`` in :class:`Unfit`,
    with what ``instead`` puts in their places: an error in one limit must not lift the other limits.
    """
    found: dict[str, T] = {}
    faults: dict[str, str] = {}
    for name, value in values.items():
        try:
            found[name] = read(name, value)
        except ValueError as error:
            faults[name] = str(error)
            found |= instead(name)
    if faults:
        first, *others = faults
        also = f" ({', '.join(others)}: likewise)" if others else ""
        raise Unfit(faults[first] + also, first, found)
    return found
