"""``file.make_directory``, ``file.set_mode`` and ``file.link``."""

from __future__ import annotations

import os
import re
import shlex
import stat
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator

from reign_executors.call import Call
from reign_executors.effect import Action
from reign_executors.errors import Conflict, NotFound
from reign_executors.files.change import FileChange, Octal, PathField, _octal
from reign_executors.files.image import Root, walk
from reign_executors.files.places import Stop, kind, link_text, lstat, real, real_name, user_name
from reign_executors.files.putting import put_link, settle
from reign_executors.files.scene import ABSENT, Scene, other_name
from reign_executors.files.write import make_parents, top_root

_CLAUSE = re.compile(r"([ugoa]*)([-+=])([rwxXst]*)")


def _mode_text(text: str) -> str:
    if not re.fullmatch(r"[0-7]{3,4}", text) and not all(_CLAUSE.fullmatch(part) for part in text.split(",")):
        raise ValueError("a mode is octal (0644) or symbolic (u+x,go-w)")
    return text


Mode = Annotated[str, BeforeValidator(_octal), AfterValidator(_mode_text)]


def mode_after(text: str, now: int, *, directory: bool) -> int:
    """The permission bits that ``text`` (octal or symbolic, as chmod takes it) makes of ``now``."""
    if re.fullmatch(r"[0-7]+", text):
        return int(text, 8)
    result = now
    for clause in text.split(","):
        matched = _CLAUSE.fullmatch(clause)
        assert matched is not None
        who, sign, rights = matched.groups()
        who = who or "a"
        bits = 0
        for letter in "ugo" if "a" in who else who:
            shift = {"u": 6, "g": 3, "o": 0}[letter]
            run = "x" in rights or ("X" in rights and (directory or now & 0o111))
            bits |= (("r" in rights) * 4 + ("w" in rights) * 2 + bool(run)) << shift
            bits |= ("s" in rights) * {"u": stat.S_ISUID, "g": stat.S_ISGID, "o": 0}[letter]
        bits |= ("t" in rights) * stat.S_ISVTX
        cleared = sum({"u": 0o700, "g": 0o070, "o": 0o007}[letter] for letter in ("ugo" if "a" in who else set(who)))
        result = result | bits if sign == "+" else result & ~bits if sign == "-" else (result & ~cleared) | bits
    return result


class MakeDirectory(FileChange):
    """Make a folder; fine when it is there already (with that mode, if one is given)."""

    name: ClassVar[str] = "file.make_directory"
    summary: ClassVar[str] = "Make a folder."

    path: PathField
    parents: bool = False
    mode: Octal | None = None

    def main(self, call: Call) -> Path:
        return real(super().main(call))

    def roots(self, call: Call) -> tuple[Root, ...]:
        path = self.main(call)
        return (Root(path=str(path), how="mode"),) if lstat(path) is not None else (top_root(path),)

    def look(self, scene: Scene, stop: Stop) -> None:
        path = self.main(scene.call)
        what = scene.kind(path)
        if what == ABSENT:
            scene.bind(path)
            if scene.parent(path, make=self.parents, choice={"parents": True}):
                scene.change(Action.CREATE, path, directory=True, note=self.mode and f"mode {int(self.mode, 8):04o}")
        elif "directory" not in what:
            other = other_name(path)
            scene.problem(f"{path} is a {what}", ("other", f"call it {other.name}", {"path": str(other)}))
        elif self.already(scene.call) or what.startswith("promised"):
            scene.notes.append(f"{path} is there already")
        else:
            scene.bind(path)
            now = stat.S_IMODE(path.lstat().st_mode)
            change = f"mode {now:04o} → {int(self.mode or '0', 8):04o}"
            scene.change(Action.UPDATE, path, directory=True, diff=change)
            _owner_only(scene, path)

    def refuse(self, scene: Scene) -> None:
        if self.mode is not None and not self.already(scene.call):
            scene.forbid("changing the mode of the", self.main(scene.call))

    def apply(self, call: Call, stop: Stop) -> int:
        path = self.main(call)
        if self.parents:
            make_parents(path)
        found = lstat(path)
        if found is None:
            path.mkdir()
            settle(path.parent)
        elif kind(found) != "directory":
            raise Conflict(f"{path} is a {kind(found)}", "choose another name")
        if self.mode is not None:
            path.chmod(int(self.mode, 8))
        return 0

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        found = lstat(path)
        if found is None or kind(found) != "directory":
            return False, f"{path} is no folder"
        now = stat.S_IMODE(found.st_mode)
        if self.mode is not None and now != int(self.mode, 8):
            return False, f"{path} has mode {now:04o}, not {int(self.mode, 8):04o}"
        return True, f"{path} is a folder, mode {now:04o}"

    def command_line(self) -> str:
        options = ("-p " if self.parents else "") + ("" if self.mode is None else f"-m {self.mode} ")
        return f"mkdir {options}{shlex.quote(self.path)}"


def _owner_only(scene: Scene, path: Path) -> None:
    owner, me = path.lstat().st_uid, os.geteuid()
    if me not in (0, owner):
        scene.problem(f"only its owner {user_name(owner)} may change the mode of {path}; you are {user_name(me)}")


class SetMode(FileChange):
    """Change permission bits, as chmod does: octal or symbolic, one entry or (``recursive``) a tree."""

    name: ClassVar[str] = "file.set_mode"
    summary: ClassVar[str] = "Change the permissions of a file or folder."

    path: PathField
    mode: Mode
    recursive: bool = False

    def main(self, call: Call) -> Path:
        return real(super().main(call))

    def roots(self, call: Call) -> tuple[Root, ...]:
        return (Root(path=str(self.main(call)), how="modes" if self.recursive else "mode"),)

    def refuse(self, scene: Scene) -> None:
        scene.forbid("changing the mode of the", self.places(scene.call)[-1], self.main(scene.call))

    def _differing(self, path: Path, stop: Stop | None = None) -> list[tuple[Path, int, int]]:
        """Entries whose mode would change: path, mode now, mode then. Symlinks have none of their own."""
        found = lstat(path)
        if found is None:
            return []
        result = []
        for here, about in walk(path, stop) if self.recursive else [(path, found)]:
            now = stat.S_IMODE(about.st_mode)
            then = mode_after(self.mode, now, directory=kind(about) == "directory")
            if now != then and kind(about) != "symlink":
                result.append((here, now, then))
        return result

    def look(self, scene: Scene, stop: Stop) -> None:
        named, path = self.places(scene.call)[-1], self.main(scene.call)
        what = scene.kind(path)
        if what == ABSENT:
            scene.absent(named)
            return
        if what.startswith("promised"):
            scene.change(Action.UPDATE, path, directory="directory" in what, diff=f"mode → {self.mode}")
            return
        if path != named and scene.kind(named) == "symlink":
            scene.notes.append(f"{named} is a symlink: the mode of {path} changes")
        scene.bind(path)
        differing = self._differing(path, stop)
        if not differing:
            scene.notes.append(f"{path} has that mode already")
            return
        _owner_only(scene, path)
        lines = [f"~ {here} {now:04o} → {then:04o}" for here, now, then in differing[:50]]
        if len(differing) > 50:
            lines.append(f"… {len(differing) - 50} more")
        scene.change(Action.UPDATE, path, directory=what == "directory", diff="\n".join(lines))

    def apply(self, call: Call, stop: Stop) -> int:
        path = self.main(call)
        if lstat(path) is None:
            raise NotFound(f"{path} does not exist", "check the path")
        for here, _now, then in reversed(self._differing(path, stop)):
            stop.check()
            here.chmod(then)
        return 0

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        found = lstat(path)
        if found is None:
            return False, f"{path} does not exist"
        differing = self._differing(path)
        if differing:
            return False, f"{differing[0][0]} has mode {differing[0][1]:04o}, not {differing[0][2]:04o}"
        return True, f"{path} has mode {stat.S_IMODE(found.st_mode):04o}"

    def command_line(self) -> str:
        return f"chmod {'-R ' if self.recursive else ''}{self.mode} {shlex.quote(self.path)}"


class Link(FileChange):
    """Make a symlink at ``path`` whose text is ``to`` (relative: from the link's own folder)."""

    name: ClassVar[str] = "file.link"
    summary: ClassVar[str] = "Make a symbolic link."

    to: PathField
    path: PathField
    if_exists: Literal["ask", "replace"] = "ask"
    parents: bool = False

    def main(self, call: Call) -> Path:
        return real_name(super().main(call))

    def text(self) -> str:
        return os.path.expanduser(self.to)  # noqa: PTH111 - a relative text stays as it is

    def roots(self, call: Call) -> tuple[Root, ...]:
        return (top_root(self.main(call)),)

    def refuse(self, scene: Scene) -> None:
        path = self.main(scene.call)
        scene.forbid("replacing the", path, writing=True)
        scene.forbid("putting a link in place of the", path)

    def look(self, scene: Scene, stop: Stop) -> None:
        path = self.main(scene.call)
        what = scene.kind(path)
        pointed = path.parent / self.text()
        if scene.kind(pointed) == ABSENT:
            scene.notes.append(f"{pointed} does not exist: the link would lead nowhere")
        if what == ABSENT:
            scene.bind(path)
            if scene.parent(path, make=self.parents, choice={"parents": True}):
                scene.change(Action.CREATE, path, note=f"a link to {self.text()}")
            return
        if self.already(scene.call):
            scene.notes.append(f"{path} leads to {self.text()} already")
            return
        other = other_name(path)
        rename = ("other", f"call it {other.name}", {"path": str(other)})
        scene.bind(path)
        if "directory" in what:
            scene.problem(f"{path} is a directory", rename)
            return
        if self.if_exists == "ask":
            described = scene.described(path)
            scene.problem(f"{path} exists: {described}", ("replace", "replace it", {"if_exists": "replace"}), rename)
        found = lstat(path)
        lost = 0 if found is None or kind(found) != "file" else found.st_size
        scene.keepable(lost)
        scene.change(Action.REPLACE, path, data_bytes=lost, note=f"a link to {self.text()}")

    def apply(self, call: Call, stop: Stop) -> int:
        path = self.main(call)
        found = lstat(path)
        if found is not None and (self.if_exists == "ask" or kind(found) == "directory"):
            raise Conflict(f"{path} exists already", "choose replace, or another name")
        if self.parents:
            make_parents(path)
        put_link(path, self.text(), call.key)
        return 0

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        found = lstat(path)
        if found is None or kind(found) != "symlink":
            return False, f"{path} is no link"
        text = link_text(path)
        return text == self.text(), f"{path} leads to {text}"

    def command_line(self) -> str:
        force = "-f" if self.if_exists == "replace" else ""
        return f"ln -s{force.lstrip('-')} {shlex.quote(self.to)} {shlex.quote(self.path)}"
