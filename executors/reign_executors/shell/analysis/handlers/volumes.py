"""Tools that read or erase disks, pools and volumes, and what starts the kernel."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import UNKNOWN, plain, shown

_ERASING = re.compile(
    r"(?:^|[- ])(?:luksFormat|luksErase|erase|format|zero-superblock|destroy|labelclear|security-erase\S*|sanitize|"
    r"create|rollback|luksKillSlot|write-zeroes|reformat)"
)


_DISK_READS = {
    "wipefs": r"(?!.*(?:-a|--all|-o|--offset)).*",
    "smartctl": r"(?!.*(?:-t|--test|-s|--set|-X|--abort)).*",
    "fsck": r".*(?:^| )-[a-zA-Z]*[nN][a-zA-Z]*(?: |$).*",
    "fsck.ext4": r".*(?:^| )-[a-zA-Z]*n[a-zA-Z]*(?: |$).*",
    "e2fsck": r".*(?:^| )-[a-zA-Z]*n[a-zA-Z]*(?: |$).*",
    "xfs_repair": r".*(?:^| )-n(?: |$).*",
    "badblocks": r"(?!.*-[a-zA-Z]*[wn]).*",
    "hdparm": r"(?:-[IigGrRtTvCHF]+ |--direct )+/dev/\S+",
    "nvme": r"(?:list|list-ns|list-subsys|list-ctrl|id-ctrl|id-ns|smart-log|error-log|fw-log|get-\S+|show-\S+|"
    r"version|help|ns-descs)\b.*",
    "cryptsetup": r"(?:status|luksDump|isLuks|luksUUID|benchmark|tcryptDump)\b.*|--version",
    "mdadm": r"(?!.*(?:--create|--zero|--stop|--remove|--fail|--add|--manage|--grow|--assemble|-[CSArfaG]\b)).*"
    r"(?:--detail|--examine|--query|--detail-platform|-[DEQ]\b).*",
    "zpool": r"(?:status|list|get|history|iostat|events|version)\b.*|.* -n .*",
    "zfs": r"(?:list|get|diff|holds|version|userspace|groupspace)\b.*|destroy (?:-\w* )*-\w*n.*|send (?:-\w* )*-\w*n.*",
    "btrfs": r"(?:filesystem|fi|subvolume|sub|device|dev|scrub|balance|qgroup|property|quota|inspect-internal)"
    r" (?:show|list|usage|df|du|stats|status|get|get-default|dump-\S+|tree-stats|min-dev-size).*|version",
    "lvm": r"(?:lvs|pvs|vgs|lvdisplay|pvdisplay|vgdisplay|version|dumpconfig|config|fullreport|help)\b.*",
    "multipath": r"-(?:ll?|t|T|d).*",
    "iscsiadm": r"-m (?:session|node|iface|host)(?: -P \d)?",
    "tune2fs": r"-l .*",
    "losetup": r"(?:|-[alj]+.*|--all|--list.*)",
    "dmsetup": r"(?:ls|info|status|table|deps|targets|version|report|splitname)\b.*",
    "debugfs": r"-R ['\"]?(?:stat|ls|cat|show_super_stats|stats|lsdel|htree|icheck|"
    r"ncheck|testi|testb|imap|bmap|blocks|ex|extents)\b.*",
    "blockdev": r"(?:--(?:get\w+|report)(?: |$).*)",
    "sdparm": r"(?!.*(?:-s|--set|-c|--clear|-C|--command|-D)).*",
    "xfs_growfs": r"-n .*",
    "resize2fs": r"-P .*",
}


def disks_named(inv: Invocation) -> list[str]:
    """Every disk among the words, an option's value or not (who knows whether ``-f`` takes one?)."""
    return [
        one
        for word in inv.argv[1:]
        for one in (word, word.rpartition("=")[2])
        if paths.disk(paths.normal(one, inv.scope.cwd))
        or (inv.name == "sg_format" and plain(one).startswith("/dev/sg"))
    ]


@handler("blockdev_words")
def _blockdev_words(inv: Invocation, effect: str) -> str | None:
    """Tools that read or erase disks: what they read is told by name, all else changes."""
    text = " ".join(plain(a) for a in inv.argv[1:])
    words = text.split()
    disks = disks_named(inv)
    reading = _DISK_READS.get(inv.name)
    if text == "--version" or (reading is not None and re.fullmatch(reading, text)):
        return UNKNOWN
    if disks and (inv.name in ("blkdiscard", "wipefs", "sg_format", "badblocks") or _ERASING.search(text)):
        inv.run.deny("disk.format", f"would erase {shown(disks[0])}")
    elif inv.name == "nvme" and re.match(r"(?:format|sanitize|write|delete-ns|fw-commit)\b", text):
        inv.run.deny("disk.format", "would erase an NVMe device")
    elif disks and inv.name == "mdadm" and inv.has("--create", "-C"):
        inv.run.deny("disk.format", f"would overwrite {shown(disks[0])}")
    elif (inv.name == "zpool" and words[:1] == ["destroy"]) or (
        inv.name == "zfs" and words[:1] == ["destroy"] and inv.has("-r", "-R") and not re.search(r"[/@]", words[-1])
    ):
        inv.run.deny("disk.format", "would destroy a whole storage pool")
    elif inv.name == "zpool" and words[:1] in (["labelclear"], ["create"]) and disks:
        inv.run.deny("disk.format", f"would overwrite {shown(disks[0])}")
    elif inv.name == "debugfs" and inv.has("-w"):
        inv.run.deny("disk.write", "would write a file system beneath the system")
    elif inv.name == "dmsetup" and words[:1] == ["remove_all"]:
        inv.run.deny("disk.write", "would remove all device mappings")
    inv.run.change(Action.UPDATE, f"disk/{shown(disks[0]) if disks else inv.name}", f"{inv.title} changes disks")
    return UNKNOWN


@handler("image")
def _image(inv: Invocation, effect: str) -> str | None:
    """Tools that copy images onto disks: what is written comes after ``of=`` or ``-o``, or is the last of two names."""
    words = [plain(o) for o in inv.operands]
    if (
        inv.name == "qemu-img"
        and words[:1] in (["info"], ["check"], ["map"], ["measure"])
        and not inv.has("-r", "--repair")
    ):
        return UNKNOWN
    written = [o.partition("=")[2] for o in inv.operands if plain(o).startswith("of=")]
    written += [v for v in inv.all_values("-o", "--output", "--overwrite") if inv.name != "qemu-img"]
    plainly = [o for o in inv.operands if "=" not in plain(o)]
    if inv.name == "ddrescue":
        written += plainly[1:2]
    elif not written and len(plainly) > 1:
        written += plainly[-1:]
    for target in written:
        inv.run.write(target, inv.scope)
    inv.run.change(Action.UPDATE, f"disk/{inv.name}", f"{inv.title} copies an image")
    return ""


_BOOT_READS = {
    "modprobe": ("-D", "--show-depends", "-n", "--dry-run", "-c", "--showconfig"),
    "ldconfig": ("-p", "--print-cache"),
    "efibootmgr": ("-v", "--verbose"),
    "grub-mkconfig": (),
    "lsinitrd": (),
    "insmod": (),
}


@handler("boot")
def _boot(inv: Invocation, effect: str) -> str | None:
    if inv.name == "efibootmgr" and all(f in ("-v", "--verbose") for f, _ in inv.options) and not inv.operands:
        return UNKNOWN
    if inv.name in ("modprobe", "ldconfig") and inv.has(*_BOOT_READS[inv.name]):
        return UNKNOWN
    return None
