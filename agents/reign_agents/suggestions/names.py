"""Names of what is there, by kind: bounded, and only such as can be shown and written as they are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST = 5000
"""Names kept, all kinds together."""
MOST_OF_KIND = 1000
LONGEST = 200
"""Characters; a longer name is no help while typing."""
LOOKED_AT = 200
"""Names of a kind that are looked at for holding the letters in their middle."""
FEWEST = 2
"""Letters from which a name may also hold them in its middle."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name and the kind of thing that has it. ``begins``: it begins with what was typed."""

    text: str
    kind: str
    begins: bool


class _Kind:
    """All names of one kind, and once more as one text of lower-case lines, with where each line begins."""

    __slots__ = ("lines", "names", "starts")

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.lines = "\n".join(("", *(name.lower() for name in names), ""))
        self.starts: list[int] = []
        at = 1
        for name in names:
            self.starts.append(at)
            at += len(name.lower()) + 1

    def begin(self, begun: str) -> Sequence[str]:
        """Names that begin with exactly that."""
        first = bisect_left(self.names, begun)
        return self.names[first : bisect_left(self.names, begun + "\U0010ffff", first)]

    def with_part(self, low: str) -> list[str]:
        """Names a part of which (after - _ . / :) begins like that, or the name itself but for its case."""
        found: dict[str, None] = {}
        at = self.lines.find(low)
        while at >= 0 and len(found) < LOOKED_AT:
            if self.lines[at - 1] in "\n-_./:":
                found[self.names[bisect_right(self.starts, at) - 1]] = None
            at = self.lines.find(low, at + 1)
        return list(found)


class Names:
    """Filled by kind from any thread, read at a key press: what is read is never changed, only replaced."""

    def __init__(self) -> None:
        self._kinds: Mapping[str, _Kind] = {}

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of which there is at least one."""
        return frozenset(kind for kind, known in self._kinds.items() if known.names)

    def __len__(self) -> int:
        return sum(len(known.names) for known in self._kinds.values())

    def put(self, found: Mapping[str, Iterable[str]]) -> None:
        """What there is of these kinds now. A name that would have to be changed to be shown is left out."""
        kinds = dict(self._kinds)
        for kind, names in found.items():
            kinds.pop(kind, None)
            room = min(MOST_OF_KIND, MOST - sum(len(known.names) for known in kinds.values()))
            kept: set[str] = set()
            for name in names:
                if len(kept) >= room:
                    break
                if writable(name):
                    kept.add(name)
            kinds[kind] = _Kind(sorted(kept))
        self._kinds = kinds

    def of(self, kind: str) -> Sequence[str]:
        """All names of a kind, in order."""
        known = self._kinds.get(kind)
        return known.names if known is not None else ()

    def like(self, begun: str, kinds: Iterable[str], recent: Mapping[str, int], most: int) -> list[Name]:
        """Names of these kinds that begin with ``begun`` or have a part that does; those used last come first.

        ``recent`` has a number for names that were used, higher for later.
        """
        found: list[Name] = []
        low = begun.lower()
        for kind in kinds:
            known = self._kinds.get(kind)
            if known is None:
                continue
            begins = known.begin(begun)
            first = sorted(begins, key=lambda name: -recent.get(name, 0))[:most]
            found += [Name(name, kind, begins=True) for name in first]
            if len(low) >= FEWEST and len(found) < most:
                inner = [name for name in known.with_part(low) if not name.startswith(begun)]
                inner.sort(key=lambda name: -recent.get(name, 0))
                found += [Name(name, kind, begins=False) for name in inner[:most]]
        found.sort(key=lambda name: (not name.begins, -recent.get(name.text, 0)))
        return found[:most]


def writable(name: str) -> bool:
    """Whether a name can be shown letter by letter and written into a request without quotes."""
    return 0 < len(name) <= LONGEST and name.isprintable() and not any(sign in name for sign in " \"'`<>|{}")
