"""The one list of what is never deleted or written over, and by which spellings it is still found."""

from __future__ import annotations

import pytest

from reign_executors.files.protected import guarded, normal, protected, why_guarded, why_protected


@pytest.mark.parametrize(
    "path",
    [
        "/", "//", "/.", "/*", "/../", "/etc", "/etc/", "/etc/*", "//etc//", "/usr/../etc", "/var/lib", "/boot", "/bin",
        "/home", "/home/ana", "/home/ana/", "/home/*", "/home/ana/*", "/home/ana/.*", "/root", "/root/*", "~",
        "~/", "~/*",
        "/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/sudoers.d/x", "/etc/ld.so.preload", "/etc/profile",
        "/root/.ssh/authorized_keys", "/dev/sda", "/dev/nvme0n1p1", "/dev/mapper/root", "/var/log/auth.log",
    ],
)  # fmt: skip
def test_never_removed(path: str) -> None:
    assert protected(path)


@pytest.mark.parametrize(
    "path",
    [
        "/tmp", "/tmp/*", "/etc/nginx/site.conf", "/etc/nginx", "/home/ana/project", "/home/ana/project/*", "/opt/app",
        "/srv/www", "/var/www", "/var/lib/app", "/dev/null", "/dev/shm/x", "/usr/local/bin/tool", "~/notes", "/data",
        "/root/work", "/var/log/app.log", "/dev/mapper/control",
    ],
)  # fmt: skip
def test_scoped(path: str) -> None:
    assert protected(path) is None
    assert why_protected(path) is None


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/etc/passwd", "accounts.tampered"),
        ("/etc/../etc/shadow", "accounts.tampered"),
        ("/etc/sudoers.d/me", "accounts.tampered"),
        ("/etc/ld.so.preload", "loader.tampered"),
        ("/etc/profile.d/x.sh", "profile.tampered"),
        ("/root/.ssh/authorized_keys", "keys.tampered"),
        ("/var/log/wtmp", "logs.wiped"),
        ("/dev/sda1", "disk.write"),
    ],
)
def test_never_written(path: str, rule: str) -> None:
    found = why_guarded(path)
    assert found is not None
    assert found[0] == rule
    assert guarded(path) == found[1]


@pytest.mark.parametrize("path", ["/etc/hosts", "/etc/motd", "/home/ana", "/dev/null", "/var/log/app.log", "/etc"])
def test_may_be_written(path: str) -> None:
    assert guarded(path) is None


def test_what_holds_a_home_is_a_home_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/data/people/ana")
    assert protected("/data/people/ana") == "the whole home /data/people/ana"
    assert protected("/data") == "/data holds the home /data/people/ana"
    assert protected("/data/people/ana/x") is None


def test_words() -> None:
    assert protected("/etc/") == "system directory /etc"
    assert protected("/") == "the root of the file system, /"
    assert normal("/a//b/../c/*") == "/a/c"
