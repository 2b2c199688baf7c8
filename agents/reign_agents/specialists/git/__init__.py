"""Git: looking at a repository, commits, branches, tags, merging, reverting, and what goes to and from remotes."""

from __future__ import annotations

import re

from reign_agents.planning.recipe import Recipe
from reign_agents.specialists.git import aside, commits, looking, refs, remotes
from reign_agents.specialists.git.said import ELSEWHERE, words_of

_LOOK = frozenset({"list", "show", "check", "find", "inspect"})
_MAKE = frozenset({"create", "append"})
RECIPES = (
    Recipe(
        "git.look",
        _LOOK,
        frozenset(),
        looking.plan_look,
        "show the last 5 commits",
        fits=looking.looks,
        rank=9,
        certain=True,
    ),
    Recipe(
        "git.commit",
        frozenset({"commit"}),
        frozenset(),
        commits.plan_commit,
        'commit everything with message "fix login"',
        rank=4,
    ),
    Recipe(
        "git.add",
        frozenset({"append"}),
        frozenset(),
        commits.plan_stage,
        "add app.py to the next commit",
        fits=lambda wish: (
            wish.has("to the index", "to the next commit", "to git", "to the staging area") or wish.has("git add")
        ),
        rank=7,
    ),
    Recipe(
        "git.branch", _MAKE, frozenset(), refs.plan_branch, "create branch feature/x", fits=refs.makes_branch, rank=7
    ),
    Recipe(
        "git.switch",
        frozenset({"switch"}),
        frozenset(),
        refs.plan_switch,
        "switch to main",
        fits=refs.is_switch,
        rank=2,
    ),
    Recipe(
        "git.tag", frozenset({"tag"}) | _MAKE, frozenset(), refs.plan_tag, "tag this v1.2.0", fits=refs.is_tag, rank=7
    ),
    Recipe(
        "git.delete", frozenset({"remove"}), frozenset(), refs.plan_drop, "delete branch old", fits=refs.drops, rank=7
    ),
    Recipe(
        "git.merge",
        frozenset({"merge"}),
        frozenset(),
        refs.plan_merge,
        "merge feature/x into main",
        fits=lambda wish: not ELSEWHERE.search(words_of(wish)),
        rank=2,
    ),
    Recipe(
        "git.revert",
        frozenset({"revert", "rollback"}),
        frozenset(),
        commits.plan_revert,
        "revert the last commit",
        fits=lambda wish: (
            not ELSEWHERE.search(words_of(wish))
            and (wish.has("commit", "commits", "merge") or bool(re.match(r"\s*[0-9a-f]{6,40}\b|\s*HEAD", wish.rest)))
        ),
        rank=7,
    ),
    Recipe(
        "git.push",
        frozenset({"push"}),
        frozenset(),
        remotes.plan_push,
        "push main to origin",
        fits=remotes.is_push,
        rank=7,
        certain=True,
    ),
    Recipe(
        "git.pull",
        frozenset({"pull"}),
        frozenset(),
        remotes.plan_pull,
        "pull the latest changes",
        fits=remotes.is_pull,
        rank=7,
        certain=True,
    ),
    Recipe(
        "git.clone",
        frozenset({"clone"}),
        frozenset(),
        remotes.plan_clone,
        "clone https://host/app.git into ./app",
        fits=remotes.is_clone,
        rank=4,
    ),
    Recipe(
        "git.init",
        _MAKE | {"init"},
        frozenset(),
        remotes.plan_init,
        "init a git repository in ./app",
        fits=remotes.is_init,
        rank=7,
    ),
    Recipe(
        "git.stash",
        frozenset({"stash", "list", "show", "find", "apply", "remove", "rollback", "revert"}),
        frozenset(),
        aside.plan_stash,
        "stash my changes",
        fits=aside.is_stash,
        rank=12,
        certain=True,
    ),
    Recipe(
        "git.discard",
        frozenset({"remove", "revert", "rollback"}),
        frozenset(),
        aside.plan_discard,
        "discard my changes to app.py",
        fits=aside.discards,
        rank=12,
    ),
    Recipe(
        "git.add_remote",
        _MAKE,
        frozenset(),
        remotes.plan_add_remote,
        "add remote origin https://host/app.git",
        fits=remotes.is_remote,
        rank=8,
    ),
)
