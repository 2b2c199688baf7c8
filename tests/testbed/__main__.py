"""Build, start and stop a real Kubernetes, Helm and Terraform for tests."""

from __future__ import annotations

import argparse
import sys
import time

from tests.testbed import life
from tests.testbed.places import Places
from tests.testbed.tools import Missing


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    parser.add_argument("what", choices=["up", "down", "status", "build"])
    asked = parser.parse_args()
    places = Places.named()
    try:
        if asked.what == "status":
            well, lines = life.status(places)
            print("\n".join(lines))
            return 0 if well else 1
        if asked.what == "down":
            say("stopped" if life.down(places) else "nothing was running")
            return 0
        begun = time.monotonic()
        if asked.what == "build":
            life.build(places, say)
            say(f"built after {time.monotonic() - begun:.0f} s: {places.bin}")
            return 0
        life.up(places, say)
        say(f"up after {time.monotonic() - begun:.1f} s: {places.env}")
    except (Missing, life.Broken) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
