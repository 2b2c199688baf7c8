"""Which commands there are, and what ``reign-tui --help`` says of them. Data only: nothing is imported for it."""

from __future__ import annotations


class Command:
    """``module`` is imported when the command is called; it has ``add_arguments(parser)`` and ``run(arguments)``."""

    __slots__ = ("module", "summary")

    def __init__(self, summary: str, module: str) -> None:
        self.summary, self.module = summary, module


COMMANDS: dict[str, Command] = {
    "plan": Command("plan a request with its effects; run nothing", "plan"),
    "run": Command("plan a request and run it", "run"),
    "classify": Command("say what requests on stdin are about", "classify"),
    "check": Command("judge shell commands on stdin: allow, ask or deny; run nothing", "check"),
    "history": Command("past runs, newest first", "history"),
    "show": Command("one run: its plan, its steps, who approved what", "show"),
    "logs": Command("the output of a run or of one of its steps", "logs"),
    "attach": Command("follow a run that another process drives", "attach"),
    "cancel": Command("ask the process that drives a run to cancel it", "cancel"),
    "resume": Command("go on with a run that was cut off; finished steps are never repeated", "resume"),
    "undo": Command("lead back from a run, or from one of its steps", "undo"),
    "replay": Command("what happened in a past run, event by event", "replay"),
    "audit": Command("whether the chain of decisions and operations is whole; the chain itself", "audit"),
    "credentials": Command("keys and passwords by name: set, list, remove", "credentials"),
    "grants": Command("what runs unasked for a time: list it, take it back", "grants"),
    "cost": Command("what language models cost: by answer, session, day or model", "cost"),
    "doctor": Command("which tools, daemons and keys are there, and how to mend what is not", "doctor"),
    "config": Command("the settings in force and where each comes from", "config"),
    "paths": Command("where Reign's files live", "paths"),
}

LATER = frozenset(
    {"state", "backup", "restore", "serve", "mcp"},
)
"""Commands of the contract that this version does not have yet."""

HELP = """\
usage: reign-tui [flags]                     the full-screen app
       reign-tui COMMAND [flags] …           headless: JSON on stdout, words on stderr

Say what you want in plain words. Reign shows what each step would change, asks before it
changes anything, runs the steps, checks the result, and can lead back.

Begin here; nothing but this machine is needed:
  reign-tui plan "create file notes.txt with content hello"
  reign-tui run  "create file notes.txt with content hello" --approve create
  reign-tui history
  reign-tui undo last --approve destroy
  reign-tui doctor                           what more it could do here, and what is missing

In a script:
  reign-tui run --json --approve change "restart container web" | tee run.jsonl
  reign-tui plan --json "…" > plan.json      look at it, then run exactly that:
  reign-tui run --plan plan.json --approve-hash "$(jq -r .hash plan.json)"

Commands:
{commands}

Flags that every command takes:
  --read-only            nothing may change, whatever is approved
  --mode MODE            read-only, ask or trusted-change: how much happens unasked at the screen
  --offline              nothing leaves this machine but for the tools' own targets
  --cwd FOLDER           work there
  --context NAME         the docker context to act on
  --model NAME           anthropic/…, openai/… or ollama/…: asked for what is not understood offline
  --max-cost AMOUNT      dollars that may be spent on it
  --continue             in the last session, so that "undo that" knows what was meant
  --version, --help      also: reign-tui COMMAND --help

How much runs unasked: --approve read (default), create, change or destroy.
Exit codes: 0 done, 1 a step failed, 2 wrong usage, 3 a person is needed, 4 not understood,
5 denied, 6 a tool is missing, 7 a difference, 124 time limit, 130 interrupted, 143 terminated.
"""


def help_text() -> str:
    """What ``reign-tui --help`` prints."""
    width = max(len(name) for name in COMMANDS)
    rows = (f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items())
    return HELP.replace("{commands}", "\n".join(rows))
