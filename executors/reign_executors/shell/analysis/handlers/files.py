"""Files: deleting, moving, rights, finding, archives, links."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.invocation import handler, sent
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import (
    GLOB_CHARACTERS,
    MAYBE,
    PRIVATE,
    SECRET,
    STAR,
    UNKNOWN,
    has_glob,
    is_known,
    listed,
    marks,
    plain,
    shown,
    unmarked,
)


@handler("rm")
def _rm(inv: Invocation, effect: str) -> str | None:
    recursive = inv.has("-r", "-R", "--recursive", "--recurs", "--recursiv") or inv.name in ("srm", "trash")
    if inv.name == "rmdir":
        recursive = True
    if not inv.operands:
        if inv.stdin is not None:
            return ""
        inv.run.change(Action.DELETE, "file/…", "deletes what is named on running")
    for operand in inv.operands:
        if inv.has("--no-preserve-root") and plain(operand) in (UNKNOWN, MAYBE):
            inv.run.deny("delete.root", "would delete the whole file system: --no-preserve-root is for nothing else")
        inv.run.delete(operand, inv.scope, recursive=recursive)
    return ""


@handler("mv")
def _mv(inv: Invocation, effect: str) -> str | None:
    target = inv.value("-t", "--target-directory")
    sources = list(inv.operands)
    if target is None and len(sources) > 1:
        target = sources.pop()
    for source in sources:
        inv.run.delete(source, inv.scope, note=f"moves {shown(source)}")
    if target is not None:
        if paths.normal(target, inv.scope.cwd) == "/dev/null":
            inv.run.change(Action.DELETE, "file/…", "moves files into nothing")
        _landing(inv, sources, target)
    return ""


@handler("cp")
def _cp(inv: Invocation, effect: str) -> str | None:
    target = inv.value("-t", "--target-directory")
    sources = list(inv.operands)
    if target is None:
        if len(sources) < 2:
            inv.run.unclear("unclear.operands", f"{inv.name} with one operand")
            return ""
        target = sources.pop()
    _landing(inv, sources, target)
    if inv.name == "install" and re.fullmatch(r"[ugo]*\+?[rwx]*s|[2467]\d{3}", plain(inv.value("-m", "--mode") or "")):
        inv.run.deny("account.setuid", "installs a program that runs with its owner's rights (setuid)")
    return ""


def _landing(inv: Invocation, sources: list[str], target: str) -> None:
    """Files arrive at ``target``: as it or inside it."""
    run, scope = inv.run, inv.scope
    run.write(target, scope)
    spot = paths.normal(target, scope.cwd)
    for source in sources:
        name = unmarked(source).rstrip("/").rsplit("/", 1)[-1]
        if name and name not in (".", ".."):
            danger = paths.overwriting(plain(target).rstrip("/") + "/" + name, scope.cwd) if is_known(target) else None
            if danger and len(spot) > 1:
                run.deny(*danger)
        content = run.content(source, scope, inv.stdin)
        scope.files[spot] = content
        if name:
            scope.files[spot.rstrip("/") + "/" + name] = content


@handler("ln")
def _ln(inv: Invocation, effect: str) -> str | None:
    if len(inv.operands) > 1:
        inv.run.write(inv.operands[-1], inv.scope, action=Action.CREATE)
        _landing(inv, inv.operands[:-1], inv.operands[-1])
    elif inv.operands:
        inv.run.change(Action.CREATE, f"link/{inv.operands[0]}", "creates a link")
    return ""


@handler("tee")
def _tee(inv: Invocation, effect: str) -> str | None:
    text = inv.stdin if inv.stdin is not None else UNKNOWN
    for operand in inv.operands:
        inv.run.write(operand, inv.scope)
        inv.run.arrives(unmarked(operand), text)
        inv.scope.files[paths.normal(operand, inv.scope.cwd)] = text
    return text


@handler("truncate")
def _truncate(inv: Invocation, effect: str) -> str | None:
    for operand in inv.operands:
        inv.run.write(operand, inv.scope, note=f"cuts {shown(operand)} off", action=Action.DELETE)
    return ""


@handler("shred")
def _shred(inv: Invocation, effect: str) -> str | None:
    for operand in inv.operands:
        inv.run.delete(operand, inv.scope)
    return ""


_ANYBODYS_FOLDERS = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - nothing is made there
_SETUID_MODE = re.compile(r"(?:[ugoa]*[+=][rwxXt]*s[rwxXt]*,?)+|0?[2467]\d{3}")


@handler("chmod")
def _chmod(inv: Invocation, effect: str) -> str | None:
    run, scope = inv.run, inv.scope
    if inv.name == "restorecon" and inv.has("-n"):
        return UNKNOWN
    recursive = inv.has("-R", "--recursive")
    operands = list(inv.operands)
    mode = ""
    if not inv.has("--reference"):
        mode = plain(operands.pop(0)) if operands else ""
        if not operands and inv.options and not re.fullmatch(r"[0-7]+|.*[+=].*|.*:.*", mode):
            operands = [mode]  # chmod -x file: the mode looks like an option
            mode = "-x"
    for operand in operands:
        whole = paths.whole_directory(operand, scope.cwd)
        if recursive and whole:
            run.deny("rights.system", f"would change the rights of everything below {whole}")
        elif whole in ("/", "/etc", "/usr", "/bin", "/lib", "/dev", "/proc", "/sys", "/boot") and inv.name == "chmod":
            run.deny("rights.system", f"would change the rights of {whole}")
        path = paths.normal(operand, scope.cwd)
        danger = paths.overwriting(operand, scope.cwd)
        if danger and danger[0] in ("account.file", "loader.tampered", "disk.write", "system.file", "account.sudo"):
            if (
                inv.name == "chmod"
                and danger[0] != "disk.write"
                and re.fullmatch(r"0?[046][04]0|0?6[04][04]|o-\w+|go-\w+", mode)
            ):
                pass
            else:
                run.deny("rights.account", f"would change the rights of {shown(operand)}")
        if (
            inv.name == "chmod"
            and _SETUID_MODE.fullmatch(mode)
            and (
                re.search(r"/(?:ba|da|z|k)?sh$|/(?:bash|python\d?|perl|vim?|find|cp|env|nmap|less|awk)$", path)
                or path.startswith(_ANYBODYS_FOLDERS)
            )
        ):
            run.deny("account.setuid", f"would let everybody run {shown(operand)} as its owner (setuid)")
        run.change(Action.UPDATE, f"file/{paths.home_shown(path)}", f"changes the rights of {shown(operand)}")
        run.writes[paths.home_shown(path)] = None
    if not operands:
        run.change(Action.UPDATE, "file/…", "changes the rights of files")
    return ""


@handler("setcap")
def _setcap(inv: Invocation, effect: str) -> str | None:
    if any("setuid" in plain(o) or "sys_admin" in plain(o) or "cap_dac" in plain(o) for o in inv.operands):
        inv.run.deny("account.setuid", "would give a program the powers of root")
    return None


_FIND_FILES = frozenset(["-fprint", "-fprint0", "-fls", "-fprintf"])
_FIND_ACTIONS = frozenset(["-exec", "-execdir", "-ok", "-okdir"])
_FIND_TESTS = listed(
    "-name -iname -path -ipath -wholename -regex -iregex -type -mtime -mmin -atime -amin -ctime -cmin "
    "-newer -size -maxdepth -mindepth -perm -user -group -uid -gid -printf -links -inum -lname -ilname "
    "-samefile -fstype -xtype -anewer -cnewer -used -regextype -newermt -newerct -newerat -newermc -newerma -newerac "
    "-newerca -newercm -newercc -newermm -newerBt -files0-from -context"
)
_FIND_WORDS = listed(
    "-print -print0 -ls -prune -quit -depth -d -daystart -follow -mount -xdev -noleaf -ignore_readdir_race "
    "-noignore_readdir_race -warn -nowarn -readable -writable -executable -true -false -a -and -H -L -P -E -X -s -x "
    "--help -help --version -version ( ) , ; +"
)


@handler("find")
def _find(inv: Invocation, effect: str) -> str | None:
    run, scope = inv.run, inv.scope
    words = inv.argv[1:]
    starts: list[str] = []
    i = 0
    while i < len(words) and (plain(words[i]) in ("-H", "-L", "-P") or re.match(r"-[DO]", words[i])):
        i += 1
    while i < len(words) and words[i][:1] not in ("-", "(", "!"):
        starts.append(words[i])
        i += 1
    if any(len(unmarked(s)) == 1 and not is_known(s) for s in starts[1:]):
        run.unclear("unclear.operands", "part of what find would do is not known")
    if not starts:
        starts = ["."]
    narrowed = False
    everything_deleted = narrowed_delete = False
    timed = False
    negated = False
    names: list[str] = []
    while i < len(words):
        word = plain(words[i])
        i += 1
        if word in ("!", "-not"):
            negated = True
            continue
        if word in ("-o", "-or", ","):
            narrowed, names = False, []
            continue
        if word == ")":
            narrowed = narrowed or bool(names)
            continue
        if negated:
            negated = False
            if word in _FIND_TESTS:
                i += 1
            if word not in _FIND_ACTIONS and word not in _FIND_FILES and word != "-delete":
                continue
        if word in _FIND_TESTS:
            value = words[i] if i < len(words) else ""
            i += 1
            if word in ("-maxdepth", "-mindepth", "-type", "-xtype", "-regextype", "-printf", "-fstype"):
                continue
            if word in ("-name", "-path", "-iname") and set(plain(value)) <= set("*?./"):
                continue
            narrowed = True
            timed = timed or word in (
                "-mtime",
                "-mmin",
                "-atime",
                "-amin",
                "-ctime",
                "-cmin",
                "-size",
                "-newer",
                "-user",
            )
            if word in ("-name", "-iname", "-path", "-wholename"):
                names.append(value.translate(GLOB_CHARACTERS))
        elif word in ("-empty", "-nouser", "-nogroup"):
            narrowed = True
        elif word == "-delete":
            everything_deleted = True
            narrowed_delete = narrowed
        elif word in _FIND_FILES:
            if i < len(words):
                run.write(words[i], scope)
                i += 1
        elif word in _FIND_ACTIONS:
            command: list[str] = []
            while i < len(words) and plain(words[i]) not in (";", "+"):
                command.append(words[i])
                i += 1
            i += 1
            _find_executes(inv, command, starts, names, narrowed=narrowed, timed=timed)
        elif (
            unmarked(words[i - 1]) and not is_known(words[i - 1]) and not narrowed and len(unmarked(words[i - 1])) == 1
        ):
            run.unclear("unclear.operands", "part of what find would do is not known")
        elif word not in _FIND_WORDS and is_known(words[i - 1]):
            run.unclear("unclear.option", f"what find does with {shown(word)} is not known to be a read")
    if everything_deleted:
        for start in starts:
            if narrowed_delete:
                if paths.whole_directory(start, scope.cwd) == "/" and not names:
                    run.deny("delete.root", "would delete over the whole file system")
                if not timed:
                    _named(inv, start, names)
                run.change(Action.DELETE, f"file/{shown(start)}", f"deletes what it finds below {shown(start)}")
            else:
                run.delete(start, scope)
    if narrowed or len(starts) > 8:
        return "\n".join(f"{unmarked(s).rstrip('/')}/{UNKNOWN}" for s in starts[:8]) + "\n"
    below = any(plain(w) == "-mindepth" for w in words)
    return "\n".join(f"{unmarked(s).rstrip('/')}/{STAR}" if below else unmarked(s) for s in starts) + "\n"


def _named(inv: Invocation, start: str, names: list[str]) -> None:
    """Deleting by name from a system directory: ``find / -name passwd -delete``."""
    whole = paths.whole_directory(start, inv.scope.cwd)
    if whole is None:
        return
    for name in names:
        bare = unmarked(name)
        for folder in dict.fromkeys((whole, "/etc", "/var/log") if whole == "/" else (whole,)):
            joined = paths.deletion(f"{folder.rstrip('/')}/{bare}") if "/" not in bare else None
            if joined:
                inv.run.deny(*joined)


_EMPTYING = re.compile(r"(?:^|/| )(?:truncate|shred|tee|dd|cp|ln)\b|>")


def _find_executes(
    inv: Invocation, command: list[str], starts: list[str], names: list[str], *, narrowed: bool, timed: bool
) -> None:
    if not command:
        return
    run, scope = inv.run, inv.scope
    if (
        not narrowed
        and any("{}" in w for w in command)
        and plain(command[0]).rsplit("/", 1)[-1] in ("rm", "shred", "unlink", "mv", "truncate")
    ):
        for start in starts:
            run.delete(start, scope)
    if narrowed:
        for start in starts if not timed and _EMPTYING.search(plain(" ".join(command))) else ():
            for name in names:
                danger = paths.overwriting(f"{unmarked(start).rstrip('/')}/{name}", scope.cwd)
                if danger:
                    run.deny(*danger)
        for start in starts:
            if plain(command[0]).rsplit("/", 1)[-1] in ("rm", "shred"):
                _named(inv, start, names)
                if paths.whole_directory(start, scope.cwd) == "/" and not names:
                    run.deny("delete.root", "would delete over the whole file system")
        named = names[0] if len(names) == 1 and "/" not in names[0] and not has_glob(names[0]) else UNKNOWN
        argument = [f"{unmarked(s).rstrip('/')}/{named}" for s in starts]
        argument = [
            a + (names[0].replace("\ue002", UNKNOWN) if names and names[0][:1] == "\ue002" else "") for a in argument
        ]
    else:
        argument = [unmarked(s) for s in starts]
    for one in argument[:6]:
        words = [w.replace("{}", one) if "{}" in w else w for w in command]
        if not narrowed and one == ".":
            words = [w.replace("{}", "./" + UNKNOWN) if "{}" in w else w for w in command]
        # inside the code of a shell the name is text, too
        run.run_argv(words, scope.copy(), None, under="find")


@handler("dd")
def _dd(inv: Invocation, effect: str) -> str | None:
    run, scope = inv.run, inv.scope
    source = ""
    target = None
    for operand in inv.operands:
        name, _, value = operand.partition("=")
        if plain(name) in ("of", "hof", "ofs", "hofs", "wipe", "hwipe"):
            target = value
        elif plain(name) == "if":
            source = value
    content = run.content(source, scope, inv.stdin) if source else (inv.stdin or UNKNOWN)
    if target is not None:
        run.write(target, scope)
        scope.files[paths.normal(target, scope.cwd)] = content
        return ""
    return content


_TAR_VALUES = ("-f", "--file")


@handler("tar")
def _tar(inv: Invocation, effect: str) -> str | None:
    run, scope = inv.run, inv.scope
    words = inv.argv[1:]
    letters = ""
    operands = list(inv.operands)
    archive = inv.value("-f", "--file")
    folder = inv.value("-C", "--directory") or ""
    if words and re.fullmatch(r"[A-Za-z]+", plain(words[0])) and operands and operands[0] == words[0]:
        letters = plain(operands.pop(0))
        for letter in letters:
            if letter == "f" and operands:
                archive = operands.pop(0)
            elif letter == "C" and operands:
                folder = operands.pop(0)
            elif letter in "bXTgKNVLHI" and operands:
                operands.pop(0)
    for flag, value in inv.options:
        if value and flag in (
            "--checkpoint-action",
            "--to-command",
            "--use-compress-program",
            "-I",
            "--info-script",
            "-F",
            "--rsh-command",
        ):
            code = value
            if flag == "--checkpoint-action":
                if not plain(value).startswith("exec"):
                    continue
                code = value.partition("=")[2]
            run.run_text(code, scope.copy(), None, where="tar")
        elif flag == "--remove-files":
            for operand in operands:
                run.delete(operand, scope)
    mode = letters + "".join(f[1:] for f, _ in inv.options if len(f) == 2)
    long_flags = {f for f, _ in inv.options}
    creating = "c" in mode or "--create" in long_flags or "r" in mode or "u" in mode or "--append" in long_flags
    extracting = "x" in mode or long_flags & {"--extract", "--get"}
    inside = "".join(marks(run.content(_under(folder, o), scope, None)) for o in operands) if creating else ""
    if inside:
        inside = "".join(m for m in inside if m in (SECRET, PRIVATE))
    if creating:
        if archive is None or plain(archive) == "-":
            return UNKNOWN + inside
        if ":" in plain(archive) and not inv.has("--force-local"):
            sent(inv)
            if inside:
                run.deny("credential.sent", "sends credentials to another host with tar")
        run.write(archive, scope)
        scope.files[paths.normal(archive, scope.cwd)] = UNKNOWN + inside
        return UNKNOWN
    if extracting:
        to_output = "O" in mode or "--to-stdout" in long_flags
        if to_output:
            return UNKNOWN + marks(inv.stdin or "")
        spot = paths.normal(folder or ".", scope.cwd)
        if spot in ("/", "/etc", "/usr", "/bin", "/root") and folder:
            run.change(Action.UPDATE, f"file/{spot}", f"unpacks over {spot}")
        else:
            run.change(Action.CREATE, f"file/{shown(folder) or '.'}", "unpacks an archive")
        return UNKNOWN
    if "t" in mode or "--list" in long_flags or "d" in mode or "--diff" in long_flags or "--compare" in long_flags:
        return UNKNOWN
    if not inv.options and not letters:
        return UNKNOWN
    if "--delete" in long_flags and archive is not None:
        run.write(archive, scope)
        return UNKNOWN
    run.change(Action.UPDATE, "archive/…", "works on an archive")
    return UNKNOWN


def _under(folder: str, path: str) -> str:
    return path if not folder or path.startswith("/") else f"{folder.rstrip('/')}/{path}"


@handler("zip")
def _zip(inv: Invocation, effect: str) -> str | None:
    if (
        inv.name in ("7z", "7za", "rar")
        and inv.operands
        and plain(inv.operands[0]) in ("l", "t", "i", "h", "v", "lb", "lt", "vb")
    ):
        return UNKNOWN
    if inv.name == "zip" and inv.has("-TT", "--unzip-command", "-m", "--move"):
        inv.run.change(Action.UPDATE, "file/…", "zip runs a program or moves files away")
    elif inv.name == "zip" and inv.has("-sf", "-T", "-h", "-v") and len(inv.operands) < 2:
        return UNKNOWN
    if inv.operands:
        target, sources = inv.operands[0], inv.operands[1:]
        content = "".join(marks(inv.run.content(s, inv.scope, None)) for s in sources)
        if plain(target) == "-":
            return UNKNOWN + content
        inv.run.write(target, inv.scope, action=Action.CREATE)
        inv.scope.files[paths.normal(target, inv.scope.cwd)] = UNKNOWN + content
    for flag, value in inv.options:
        if flag in ("-TT", "--unzip-command") and value:
            inv.run.run_text(value, inv.scope.copy(), None, where="zip")
    return ""


@handler("gzip")
def _gzip(inv: Invocation, effect: str) -> str | None:
    from reign_executors.shell.analysis.values import DECODED

    decoding = inv.has("-d", "--decompress", "--uncompress") or inv.name.startswith(("gun", "un", "bun"))
    if inv.has("-l", "-t", "--list", "--test"):
        return UNKNOWN
    if inv.has("-c", "--stdout", "--to-stdout") or not [o for o in inv.operands if plain(o) != "-"]:
        text = "".join(inv.run.content(o, inv.scope, inv.stdin) for o in inv.operands) or inv.stdin or ""
        return (DECODED if decoding else "") + UNKNOWN + marks(text)
    for operand in inv.operands:
        inv.run.write(operand, inv.scope, note=f"replaces {shown(operand)} by its (un)packed form")
    return ""


@handler("globless")
def _globless(inv: Invocation, effect: str) -> str | None:
    return UNKNOWN if any(has_glob(o) for o in inv.operands) else None
