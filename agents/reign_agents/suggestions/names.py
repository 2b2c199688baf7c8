"""Names of what is there, by kind: bounded, and only such as can be shown and written as they are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST = 5000
"""Names kept, all kinds together."""
MOST_OF_KIND = 1000
LONGEST = 200
"""Characters; a longer name is no help while typing."""
FEWEST = 2
"""Letters from which a name may also hold them in its middle."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name and the kind of thing that has it. ``begins``: it begins with what was typed."""

    text: str
    kind: str
    begins: bool


class Names:
    """Filled by kind from any thread, read at a key press: what is read is never changed, only replaced."""

    def __init__(self) -> None:
        self._kinds: Mapping[str, tuple[str, ...]] = {}

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of which there is at least one."""
        return frozenset(kind for kind, names in self._kinds.items() if names)

    def __len__(self) -> int:
        return sum(len(names) for names in self._kinds.values())

    def put(self, found: Mapping[str, Iterable[str]]) -> None:
        """What there is of these kinds now. A name that would have to be changed to be shown is left out."""
        kinds = dict(self._kinds)
        for kind, names in found.items():
            kinds[kind] = ()
            room = min(MOST_OF_KIND, MOST - sum(len(known) for known in kinds.values()))
            kept: set[str] = set()
            for name in names:
                if len(kept) >= room:
                    break
                if writable(name):
                    kept.add(name)
            kinds[kind] = tuple(sorted(kept))
        self._kinds = kinds

    def of(self, kind: str) -> Sequence[str]:
        """All names of a kind, in order."""
        return self._kinds.get(kind, ())

    def like(self, begun: str, kinds: Iterable[str], recent: Mapping[str, int], most: int) -> list[Name]:
        """Names of these kinds that begin with ``begun`` or have a part that does; those used last come first.

        ``recent`` has a number for names that were used, higher for later.
        """
        found: list[Name] = []
        low = begun.lower()
        for kind in kinds:
            names = self.of(kind)
            first = bisect_left(names, begun) if begun else 0
            begins = []
            for name in names[first:]:
                if not name.startswith(begun):
                    break
                begins.append(name)
            begins.sort(key=lambda name: -recent.get(name, 0))
            found += [Name(name, kind, begins=True) for name in begins[:most]]
            if len(low) >= FEWEST and len(found) < most:
                known = set(begins)
                inner = [name for name in names if name not in known and _part_begins(name.lower(), low)]
                inner.sort(key=lambda name: -recent.get(name, 0))
                found += [Name(name, kind, begins=False) for name in inner[:most]]
        found.sort(key=lambda name: (not name.begins, -recent.get(name.text, 0)))
        return found[:most]


def writable(name: str) -> bool:
    """Whether a name can be shown letter by letter and written into a request without quotes."""
    return 0 < len(name) <= LONGEST and name.isprintable() and not any(sign in name for sign in " \"'`<>|{}")


def _part_begins(name: str, low: str) -> bool:
    """Whether one of a name's parts (after - _ . / :) begins with ``low``, or the name itself but for its case."""
    at = name.find(low)
    while at >= 0:
        if at == 0 or name[at - 1] in "-_./:":
            return True
        at = name.find(low, at + 1)
    return False
