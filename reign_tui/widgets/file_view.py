"""A whole file, however long: only the lines in sight are read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size

from reign_tui.log_tail import shown
from reign_tui.widgets.line_view import Line, LineView

_EVERY = 256  # lines between two places that are remembered
_BLOCK = 1024 * 1024


class FileView(LineView, inherit_bindings=False):
    """The lines of a file. The index (one offset every 256 lines) is made in a thread."""

    BINDINGS: ClassVar[list[BindingType]] = LineView.BINDINGS

    def __init__(self, path: Path, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.path = path
        self.count = 0
        self._places: list[int] = [0]
        self._block: tuple[int, list[bytes]] = (-1, [])

    def on_mount(self) -> None:
        self.run_worker(self._index(), exclusive=True)

    async def _index(self) -> None:
        self._places, self.count = await asyncio.to_thread(index, self.path)
        self.lines = _Lines(self.count)
        self.virtual_size = Size(4096, self.count)
        self.scroll_end(animate=False)
        self.refresh()

    def get_line(self, at: int) -> Line:
        block, within = divmod(at, _EVERY)
        if self._block[0] != block:
            self._block = (block, self._read(block))
        lines = self._block[1]
        number = f"{at + 1:>{max(len(str(self.count)), 3)}} "
        return ((number, "muted"), (shown(lines[within]) if within < len(lines) else "", ""))

    def _read(self, block: int) -> list[bytes]:
        start = self._places[block]
        end = self._places[block + 1] if block + 1 < len(self._places) else start + 64 * _BLOCK
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                return file.read(min(end - start, 64 * _BLOCK)).split(b"\n")
        except OSError:
            return []


class _Lines(list[Line]):
    """A list that only knows its length: the lines themselves stay on disk."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def __len__(self) -> int:
        return self._count


def index(path: Path) -> tuple[list[int], int]:
    """The offset of every 256th line of a file, and how many lines it has."""
    places, count, base = [0], 0, 0
    ended = True
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                at = block.find(b"\n")
                while at >= 0:
                    count += 1
                    if count % _EVERY == 0:
                        places.append(base + at + 1)
                    at = block.find(b"\n", at + 1)
                ended = block.endswith(b"\n")
                base += len(block)
    except OSError:
        return [0], 0
    return places, count + (0 if ended else 1)
