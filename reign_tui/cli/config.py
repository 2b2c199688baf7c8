"""``reign-tui config``: the settings in force and where each comes from."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace

from reign_tui.text import json_text

EXAMPLES = """\
  reign-tui config
  REIGN_READ_ONLY=1 reign-tui config --json | jq '.settings[] | select(.name == "read_only")'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Every setting with its value and source; warnings about files go to stderr, too."""
    from reign_tui.cli.context import settings_of

    loaded = settings_of(arguments).loaded
    values = asdict(replace(loaded.config, rules=(), prices={}))
    values["budget"] = {name: float(amount) for name, amount in loaded.config.budget.items()}
    values["prices"] = {name: price.to_json() for name, price in loaded.config.prices.items()}
    values["max_cost"] = None if loaded.config.max_cost is None else float(loaded.config.max_cost)
    values["rules"] = [f"{rule.verdict}: {rule.where}" for rule in loaded.config.rules]
    if arguments.json:
        rows = [{"name": name, "value": value, "source": loaded.sources[name]} for name, value in values.items()]
        answer = {"v": 1, "kind": "config", "settings": rows, "warnings": list(loaded.warnings)}
        sys.stdout.write(json_text(answer) + "\n")
        return 0
    width = max(len(name) for name in values)
    for name, value in values.items():
        text = json_text(value) if value is not None else "-"
        sys.stdout.write(f"{name:<{width}}  {text}  ({loaded.sources[name]})\n")
    return 0
