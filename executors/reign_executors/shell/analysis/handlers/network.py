"""Talking to other machines: HTTP, raw connections, copying, mail."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.invocation import handler, leak
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import (
    ENVIRONMENT,
    NETWORK,
    PRIVATE,
    SECRET,
    SECRET_VARIABLE,
    SHELL,
    UNKNOWN,
    marks,
    plain,
    shown,
    unmarked,
)

_SENT = {SECRET, ENVIRONMENT, PRIVATE}
_DATA = [
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-ascii",
    "--data-urlencode",
    "--json",
    "-F",
    "--form",
    "--form-string",
    "-T",
    "--upload-file",
    "--url-query",
]
_LOCAL = re.compile(r"(?:https?://)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)(?:[:/]|$)")


def _content(inv: Invocation, flag: str, value: str) -> str:
    """What an option sends: the text itself, or the file it names."""
    bare = unmarked(value)
    source = ""
    if flag in ("-T", "--upload-file"):
        source = bare
    elif flag in ("-F", "--form"):
        found = re.match(r"[^=]*=[@<]([^;]*)", bare)
        source = found[1] if found else ""
    elif bare.startswith("@") and flag not in ("--data-raw", "--form-string"):
        source = bare[1:]
    elif flag == "--data-urlencode" and "@" in bare:
        source = bare.partition("@")[2]
    if source:
        return marks(value) + inv.run.content(source.strip("\"'"), inv.scope, inv.stdin)
    return value


@handler("curl")
def _curl(inv: Invocation, effect: str) -> str | None:
    run, scope = inv.run, inv.scope
    if not inv.operands and not inv.has("--url", "-K", "--config"):
        return UNKNOWN
    if effect != "reads":
        run.change(Action.UPDATE, "url/…", "does more than fetch")
    method = plain(inv.value("-X", "--request") or "").upper()
    urls = [*inv.operands, *inv.all_values("--url")]
    sending = False
    for flag, value in inv.options:
        if flag in _DATA and value is not None:
            sending = sending or not inv.has("-G", "--get") or flag in ("-T", "--upload-file")
            if set(_content(inv, flag, value)) & _SENT:
                run.deny("credential.sent", "sends credentials or the environment away with curl")
            elif SECRET_VARIABLE in value and re.search(
                r"AWS_|PRIVATE_KEY|GITHUB_TOKEN|GH_TOKEN|SECRET_KEY", _source(inv)
            ):
                run.deny("credential.sent", "sends a credential away with curl")
        elif flag in ("-b", "--cookie", "-A", "--user-agent", "-e", "--referer") and value and set(value) & _SENT:
            run.deny("credential.sent", "sends credentials away with curl")
        elif flag in ("-H", "--header", "--proxy-header") and value and unmarked(value).startswith("@"):
            if set(run.content(unmarked(value)[1:], scope, inv.stdin)) & _SENT:
                run.deny("credential.sent", "sends credentials away in headers")
        elif flag in ("-H", "--header") and value and re.match(r"x-(?:http-)?method", plain(value), re.IGNORECASE):
            run.change(Action.UPDATE, "url/…", "asks the server to take the request for another one")
        elif flag in ("-H", "--header") and value and set(value) & _SENT:
            if re.match(
                r"(?:authorization|x-[a-z-]*token|private-token|x-api-key|api-key|metadata)",
                plain(value),
                re.IGNORECASE,
            ):
                run.unclear("credential.used", "authenticates with a credential read from a file")
            else:
                run.deny("credential.sent", "sends credentials away with curl")
        elif flag in ("-w", "--write-out") and value and re.search(r"%output\{", plain(value)):
            run.change(Action.UPDATE, "file/…", "curl writes what it was told into a file")
        elif flag in ("-K", "--config"):
            run.unclear("unclear.config", "curl takes its options from a file")
    for url in urls:
        if set(url) & _SENT:
            run.deny("credential.sent", "sends credentials away in a URL")
        elif SECRET_VARIABLE in url and re.search(r"AWS_|PRIVATE_KEY|GITHUB_TOKEN|GH_TOKEN|SECRET_KEY", _source(inv)):
            run.deny("credential.sent", "sends a credential away in a URL")
    if method in ("GET", "HEAD", "OPTIONS"):
        sending = sending and method == "GET" and any(f in ("-T", "--upload-file") for f, _ in inv.options)
        changing = sending
    else:
        changing = bool(method) or sending
    if changing:
        run.change(
            Action.UPDATE, f"url/{shown(urls[0]) if urls else '…'}", f"sends a changing request ({method or 'POST'})"
        )
    if any(unmarked(u).startswith(("gopher:", "smtp:", "ldap:", "telnet:", "dict:", "mqtt:")) for u in urls):
        run.change(Action.UPDATE, "url/…", "talks another protocol than HTTP")
    output = inv.value("-o", "--output")
    body = NETWORK + UNKNOWN
    if all(unmarked(u).startswith("file:") for u in urls) and urls:
        body = "".join(run.content(unmarked(u)[7:], scope, None) for u in urls)
    if method == "HEAD" or inv.has("-I", "--head"):
        body = UNKNOWN
    if output and plain(output) != "-":
        _downloaded(inv, output, body)
        return UNKNOWN if inv.has("-w", "--write-out", "-D", "--dump-header") or output else ""
    if inv.has("-O", "--remote-name", "--remote-name-all", "-J", "--remote-header-name"):
        for url in urls:
            name = unmarked(url).split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1] or "index.html"
            folder = inv.value("--output-dir")
            _downloaded(inv, f"{folder.rstrip('/')}/{name}" if folder else name, body)
        return ""
    return body


def _source(inv: Invocation) -> str:
    """The words of the command as the interpreter saw them written (variable names are gone from values)."""
    return inv.run.source(inv.run.start, inv.run.end)


def _downloaded(inv: Invocation, target: str, body: str) -> None:
    spot = paths.normal(target, inv.scope.cwd)
    inv.run.write(target, inv.scope, note=f"downloads to {shown(target)}", action=Action.CREATE)
    inv.scope.files[spot] = body


@handler("wget")
def _wget(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    posting = inv.has("--post-data", "--post-file", "--body-data", "--body-file") or plain(
        inv.value("--method") or "GET"
    ).upper() not in ("GET", "HEAD")
    for flag, value in inv.options:
        if value is None:
            continue
        if flag in ("--post-file", "--body-file") and set(run.content(value, inv.scope, inv.stdin)) & _SENT:
            run.deny("credential.sent", f"sends {shown(value)} away with wget")
        elif flag in ("--post-data", "--body-data", "--header") and set(value) & _SENT:
            run.deny("credential.sent", "sends credentials away with wget")
        elif flag == "--use-askpass":
            run.run_argv([value], inv.scope.copy(), None)
        elif flag in ("-e", "--execute") and not re.fullmatch(
            r"\s*(?:(?:use_|https?_|ftp_|no_)?proxy|robots|timeout|tries)\s*=.*", plain(value), re.IGNORECASE
        ):
            run.unclear("unclear.config", "wget takes other settings")
    if any(set(o) & _SENT for o in inv.operands):
        run.deny("credential.sent", "sends credentials away in a URL")
    if posting:
        run.change(Action.UPDATE, f"url/{shown(inv.operands[0]) if inv.operands else '…'}", "sends a changing request")
    if inv.has("--spider"):
        return UNKNOWN
    target = inv.value("-O", "--output-document")
    body = NETWORK + UNKNOWN
    if target is not None:
        if plain(target) in ("-", "/dev/stdout"):
            return body
        _downloaded(inv, target, body)
        return UNKNOWN
    if not inv.operands and not inv.has("-i", "--input-file"):
        return UNKNOWN
    folder = inv.value("-P", "--directory-prefix")
    for url in inv.operands or ["download"]:
        name = unmarked(url).split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1] or "index.html"
        _downloaded(inv, f"{folder.rstrip('/')}/{name}" if folder else name, body)
    return ""


_SHELL_NAME = re.compile(
    r"(?:^|[\s/'\"`,:=(])(?:(?:ba|da|z|k|a|c|tc|fi)?sh|cmd(?:\.exe)?|powershell|python3?|perl)(?:$|[\s'\"`,;&)])"
)


_SCANS = re.compile(
    r"(?:default|safe|version|discovery|banner|whois-\S+|ssl-\S+|ssh-hostkey|ssh2-enum-algos|ssh-auth-methods|tls-\S+|"
    r"\S+-(?:info|title|headers|methods|enum|ntlm-info|discover|os-discovery|security-mode|capabilities|commands|"
    r"server-header|robots\.txt|sitemap|version|cert|date))"
)


@handler("nmap")
def _nmap(inv: Invocation, effect: str) -> str | None:
    scripts = [s for v in inv.all_values("--script") for s in plain(v).split(",")]
    strange = next((s for s in scripts if not _SCANS.fullmatch(s)), None)
    if strange is not None:
        inv.run.unclear("unclear.script", f"what nmap's script {shown(strange)} does to the other host is not known")
    for word in inv.argv[1:]:
        leak(inv.run, inv.scope, word, inv.title)
    return None


@handler("netcat")
def _netcat(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    for flag, value in inv.options:
        if flag in ("-e", "-c", "--exec", "--sh-exec", "--lua-exec", "--exec-shell"):
            run.deny(
                "shell.reverse", f"gives a program to the network ({inv.name} {flag} {shown(value or '')})".strip()
            )
    text = inv.stdin
    if text is not None and SHELL in text:
        run.deny("shell.reverse", f"gives a shell to the network ({inv.name})")
    listening = inv.has("-l", "--listen") or any("l" in f[1:] for f, _ in inv.options if len(f) == 2)
    if text is not None and set(text) & _SENT:
        run.deny("credential.sent", f"sends credentials away with {inv.name}")
    if inv.has("-z"):
        return UNKNOWN
    if listening:
        run.change(Action.CREATE, "socket/listen", f"{inv.name} listens on the network")
    elif text is not None:
        run.change(Action.UPDATE, "socket/…", f"sends something with {inv.name}")
    else:
        run.unclear("network.raw", f"opens a raw connection with {inv.name}")
    return NETWORK + UNKNOWN


@handler("socat")
def _socat(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    text = " ".join(plain(o) for o in inv.operands)
    upper = text.upper()
    remote = re.search(r"\b(?:TCP|UDP|SSL|OPENSSL|TCP4|TCP6|UDP4|SCTP|PROXY|SOCKS\w*)\d*(?:-\w+)?:", upper)
    if re.search(r"\b(?:EXEC|SYSTEM):", upper) and remote:
        run.deny("shell.reverse", "gives a program to the network (socat)")
    for operand in inv.operands:
        found = re.match(r"(?:EXEC|SYSTEM):['\"]?([^,'\"]*)", plain(operand), re.IGNORECASE)
        if found:
            run.run_text(found[1], inv.scope.copy(), None, where="socat")
        leak(run, inv.scope, operand, "socat")
        opened = re.match(r"(?:FILE|OPEN|GOPEN|CREATE):([^,]*)", plain(operand), re.IGNORECASE)
        if opened and set(run.content(opened[1], inv.scope, None)) & _SENT:
            run.deny("credential.sent", f"sends {opened[1]} away with socat")
    if inv.stdin is not None and SHELL in inv.stdin:
        run.deny("shell.reverse", "gives a shell to the network (socat)")
    if inv.stdin is not None and set(inv.stdin) & _SENT:
        run.deny("credential.sent", "sends credentials away with socat")
    run.change(Action.CREATE, "socket/…", "connects two ends of a wire")
    return NETWORK + UNKNOWN


_REMOTE = re.compile(r"(?:[^/:\s]+@)?[^/:\s]+:(?!\\)|(?:scp|rsync|sftp|s3|gs|az|https?|ftp)://|[^/\s:]+::")


@handler("copy_remote")
def _copy_remote(inv: Invocation, effect: str) -> str | None:
    """scp, rsync, rclone, aws s3 cp …: from here to there is sending."""
    run, scope = inv.run, inv.scope
    for flag, value in inv.options:
        if flag in ("-M", "--remote-option") and inv.name == "rsync":
            run.unclear("unclear.option", "gives the other side an option of its own")
        if flag in ("-e", "--rsh", "--rsync-path", "-S") and value:
            if plain(value).split()[:1] in (["ssh"], ["sudo"], ["rsync"], []):
                continue
            run.run_text(value, scope.copy(), None, where=inv.name)
        elif flag == "-o" and value and "proxycommand" in plain(value).lower():
            run.run_text(value.partition("=")[2] or value.partition(" ")[2], scope.copy(), None, where="ProxyCommand")
    words = list(inv.operands)
    if len(words) < 2:
        if inv.name == "rsync" and words:
            return UNKNOWN
        run.unclear("unclear.operands", f"{inv.title} with one operand")
        return UNKNOWN
    target = words.pop()
    dry = inv.has("-n", "--dry-run", "--dryrun", "--list-only")
    if dry and inv.name != "scp":
        return UNKNOWN
    if _REMOTE.match(plain(target)):
        for word in words:
            kind = paths.credential(word, scope.cwd) if not _REMOTE.match(plain(word)) else None
            written = scope.files.get(paths.normal(word, scope.cwd), "")
            if kind or set(word) & _SENT or set(written) & _SENT:
                run.deny("credential.sent", f"sends {shown(word)} to another host")
        if re.search(r":/etc/(?:passwd|shadow|sudoers)", plain(target)):
            run.deny("account.file", "would overwrite account files on another host")
        if any(paths.whole_directory(w, scope.cwd) for w in words) and inv.has("--remove-source-files"):
            run.deny("delete.system", "would move a system directory away")
        run.change(Action.UPDATE, f"remote/{shown(target)}", f"copies to {shown(target)}")
        return UNKNOWN
    if inv.has("--delete", "--delete-after", "--delete-before", "--delete-excluded", "--delete-during", "--del"):
        run.delete(target, scope, note=f"deletes what is only in {shown(target)}")
    if inv.has("--remove-source-files"):
        for word in words:
            run.delete(word, scope)
    run.write(target, scope)
    spot = paths.normal(target, scope.cwd)
    for word in words:
        remote = _REMOTE.match(plain(word)) is not None
        body = NETWORK + UNKNOWN if remote else run.content(word, scope, None)
        scope.files[spot] = body
        scope.files[spot.rstrip("/") + "/" + unmarked(word).rstrip("/").rsplit("/", 1)[-1].rpartition(":")[2]] = body
        if not remote and plain(word).rstrip("/").rsplit("/", 1)[-1]:
            danger = paths.overwriting(
                plain(target).rstrip("/") + "/" + plain(word).rstrip("/").rsplit("/", 1)[-1], scope.cwd
            )
            if danger:
                run.deny(*danger)
    return UNKNOWN


@handler("mailer")
def _mailer(inv: Invocation, effect: str) -> str | None:
    if inv.stdin is not None and set(inv.stdin) & _SENT:
        inv.run.deny("credential.sent", f"sends credentials away with {inv.name}")
    for word in inv.argv[1:]:
        leak(inv.run, inv.scope, word, inv.title)
    inv.run.change(Action.UPDATE, "mail/…", f"{inv.name} sends a message")
    return ""


@handler("ftp")
def _ftp(inv: Invocation, effect: str) -> str | None:
    for word in inv.argv[1:]:
        leak(inv.run, inv.scope, word, inv.title)
    if inv.stdin is not None and set(inv.stdin) & _SENT:
        inv.run.deny("credential.sent", f"sends credentials away with {inv.name}")
    if inv.stdin:
        for found in re.finditer(r"^\s*m?put\s+(\S+)", plain(inv.stdin), re.MULTILINE):
            leak(inv.run, inv.scope, found[1] if "/" in found[1] else "./" + found[1], inv.title)
    inv.run.change(Action.UPDATE, f"remote/{inv.name}", f"{inv.name} exchanges files with another host")
    return UNKNOWN


@handler("ip")
def _ip(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    if inv.has("-b", "-batch"):
        inv.run.change(Action.UPDATE, "network/batch", "runs network commands from a file")
        return UNKNOWN
    if not words:
        return UNKNOWN
    verbs = words[1:2]
    if words[0] == "netns" and verbs == ["exec"]:
        return inv.run.run_argv(inv.operands[3:], inv.scope.copy(), inv.stdin, under="ip netns exec")
    if words[0] == "vrf" and verbs == ["exec"]:
        return inv.run.run_argv(inv.operands[3:], inv.scope.copy(), inv.stdin, under="ip vrf exec")
    if "link".startswith(words[0]) and verbs and verbs[0] in ("s", "se"):
        verbs = ["set"]  # it comes before "show"
    if not verbs or any("show".startswith(v) or "list".startswith(v) or v in ("get", "lst", "help") for v in verbs):
        return UNKNOWN
    if words[0] == "monitor":
        return UNKNOWN
    inv.run.change(Action.UPDATE, f"network/{words[0]}", "changes the host's network")
    return UNKNOWN


@handler("ifconfig")
def _ifconfig(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    reading = len(words) <= 1
    if inv.name == "route":
        reading = not words
    elif inv.name == "arp":
        reading = not inv.has("-s", "-d")
    elif inv.name == "ethtool":
        reading = not any(
            re.fullmatch(r"-[sACGKNUWEXLP]|--(?:change|set.*|coalesce-set|flash|reset)", f) for f, _ in inv.options
        )
    elif inv.name == "hostname":
        reading = not words
    elif inv.name == "date":
        reading = not inv.has("-s", "--set") and not any(re.fullmatch(r"\d{8,}(?:\.\d+)?", w) for w in words)
    if not reading:
        inv.run.change(Action.UPDATE, f"host/{inv.name}", f"{inv.name} changes the host's settings")
    return UNKNOWN
