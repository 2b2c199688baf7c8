"""What is said of git's results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reign_agents.specialists.answers.words import Say, rows, shortened, words
from reign_executors.operation import JsonObject


def _short(sha: object) -> str:
    return str(sha or "")[:10]


def _row(row: dict[str, Any]) -> str:
    return "  ".join(str(value) for value in row.values() if isinstance(value, str | int) and value not in ("", True))


def _status(out: Mapping[str, Any], _fields: JsonObject) -> str:
    where = out.get("branch") or f"detached at {_short(out.get('sha'))}"
    away = [f"{out[word]} {word}" for word in ("ahead", "behind") if out.get(word)]
    first = f"On {where}" + (f", {' and '.join(away)} of {out.get('upstream')}" if away else "")
    if out.get("unfinished"):
        first += f", {out['unfinished']} under way"
    if out.get("clean"):
        return f"{first}: nothing to commit."
    kinds = ("conflicts", "staged", "changed", "untracked")
    return shortened(
        "\n".join(
            [
                first,
                *(
                    f"  {kind[:-1] if kind == 'conflicts' else kind}  {path}"
                    for kind in kinds
                    for path in out.get(kind) or ()
                ),
            ]
        )
    )


def _difference(out: Mapping[str, Any], _fields: JsonObject) -> str:
    files = [_row(row) for row in out.get("files") or ()]
    return shortened("\n".join([*files, str(out.get("diff") or "")]).strip(), "Nothing differs.")


def _commit(row: dict[str, Any]) -> str:
    return f"{_short(row.get('sha'))}  {row.get('subject') or row.get('message') or ''}".rstrip()


def _shown(out: Mapping[str, Any], _fields: JsonObject) -> str:
    first = _commit(dict(out.get("commit") or {}))
    return shortened("\n".join([first, str(out.get("message") or ""), str(out.get("diff") or "")]))


def _made(sentence: str) -> Say:
    """A sentence over the fields, with the new commit where there is one; says so when nothing changed."""

    def say(out: Mapping[str, Any], fields: JsonObject) -> str:
        if out.get("changed") is False:
            return "nothing to change"
        known = {**out, **fields, "sha": _short(out.get("sha"))}
        return sentence.format_map({**known, "branch": known.get("branch") or out.get("branch") or "HEAD"})

    return say


SAY: dict[str, Say] = {
    "git.status": _status,
    "git.log": rows("commits", _commit, "There are no commits."),
    "git.diff": _difference,
    "git.show": _shown,
    "git.branches": rows("branches", _row, "There are no branches."),
    "git.tags": rows("tags", _row, "There are no tags."),
    "git.remotes": rows("remotes", _row, "There are no remotes."),
}

DONE: dict[str, Say] = {
    "git.init": _made("a repository is at {repo}"),
    "git.clone": words("{url} is cloned"),
    "git.add": _made("staged"),
    "git.commit": _made("committed {sha} on {branch}"),
    "git.branch": _made("branch {branch} is there"),
    "git.switch": _made("on {branch} now"),
    "git.tag": words("tag {tag} is there"),
    "git.delete_branch": words("branch {branch} is gone"),
    "git.delete_tag": words("tag {tag} is gone"),
    "git.merge": _made("merged {branch}, now at {sha}"),
    "git.push": _made("pushed {branch}"),
    "git.pull": _made("pulled, now at {sha}"),
    "git.fetch": _made("fetched"),
    "git.revert": _made("reverted, now at {sha}"),
    "git.add_remote": words("remote {remote} is there"),
    "git.restore": _made("{repo} is as it was"),
    "git.retract": _made("what was pushed is taken back"),
    "git.remove_repository": words("{repo} is gone"),
}
