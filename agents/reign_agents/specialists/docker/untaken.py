"""What ``docker run`` can do and this version's containers take no field for: said, never dropped."""

from __future__ import annotations

import re

from reign_agents.planning.recipe import Question
from reign_agents.specialists.docker.values import IMAGE

_OPTIONS: tuple[tuple[str, str], ...] = (
    (r"(?<![\w./-])(?:--)?gpus?\b(?![./-])", "GPUs"),
    (r"(?<![\w./-])(?:--)?dns\b(?![./-]\w)", "a DNS server of its own"),
    (r"\blink(?:ed|ing)?\s+(?:it\s+)?(?:to|with)\b|--link\b", "links: put both into one network"),
    (r"\benv(?:ironment)?[\s-]?files?\b|--env-file\b", "a file of variables: say them as NAME=value"),
    (r"\bcapabilit(?:y|ies)\b|--cap-(?:add|drop)\b|\bcap[_-](?:add|drop)\b", "capabilities"),
    (r"(?<![\w./-])(?:--)?tmpfs\b", "a tmpfs"),
    (r"--add-host\b|\bextra[\s-]hosts?\b", "extra hosts"),
    (r"(?<![\w./-])(?:--)?shm(?:[\s_-]?size)?\b", "a size of shared memory"),
    (r"(?<![\w./-])(?:--)?ulimits?\b", "ulimits"),
    (r"--device\b|\bdevices?\s+/dev\b|(?<!\S)/dev/\w+", "devices"),
    (r"(?<![\w./-])(?:--)?sysctls?\b", "sysctls"),
    (r"(?<![\w.:/-])\d{2,5}-\d{2,5}(?![\w.-])", "a range of ports: say each one"),
    (r"\b(?:random|any\s+free|ephemeral|dynamic)\s+(?:host\s+)?ports?\b", "a port docker chooses: name a free one"),
    (r"--log-(?:driver|opt)\b|\blog(?:ging)?\s+driver\b", "a log driver"),
    (r"--platform\b|\blinux/(?:amd64|arm64\S*|arm\S*)", "a platform"),
    (r"--(?:memory-swap|pids-limit|cpuset-cpus|oom-kill-disable)\b|\bno\s+swap\b", "such a limit"),
    (
        r"\bpassword\s+(?:from|in|out\s+of)\s+(?:(?:the|a|my)\s+)?(?:(?:secret|file|env\w*)\b|[./~]\S*|\$\w+)",
        "a password out of a file or a variable: say it, or leave it out and I ask for it",
    ),
)  # fmt: skip


_NO_OPTION = re.compile(
    r"(?<!\S)(?:--?env|-e|env(?:ironment)?|variables?|vars?|labels?|--label|-l)\s+[\w./-]+=[^\s,;]*|"
    r"(?<![\w-])(?-i:[A-Z_][A-Z0-9_]*)=[^\s,;]*|"
    r"(?<!device )(?<!devices )(?<!device=)(?<!\S)[^\s:,;=]+:/[^\s,;]*|"
    r"\b(?:volume|folder|directory|dir|path|bind|mount)\s+[^\s,;]+\s+(?:mounted\s+)?(?:at|to|into|onto|on|in|under)\s+/[^\s,;]*|"
    r"(?<!\S)(?:as|named|called|network|hostname|alias|--name|--network|--hostname)[\s=]+(?!an?\b|the\b|with\b)[\w.-]+|"
    r"(?<!\S)(?!linux/)[\w.-]+(?::\d+)?(?:/[\w.-]+)+(?::[\w.-]+)?(?:@sha256:\w+)?(?!\S)",
    re.IGNORECASE,
)
"""Names and values: variables, labels, mounts, images with a folder, what a container or network is called."""


def untaken(text: str, image: str) -> Question | None:
    """A question where the words ask for an option that no container can be given here; None where they don't."""
    text = IMAGE.sub(" ", _NO_OPTION.sub(" ", text))
    for words, what in _OPTIONS:
        if re.search(words, text, re.IGNORECASE) is not None:
            instead = "" if ":" in what else " Leave it out, or run docker's own command with ! before it."
            return Question(
                f"{image} can't be given {what}.{instead}",
                ("!docker run --help",),
            )
    return None
