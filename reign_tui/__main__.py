"""Where ``reign-tui`` and ``python -m reign_tui`` begin. ``--version`` is answered before anything is imported."""

import atexit
import gc
import sys


def main() -> int:
    """Run the command line of ``sys.argv``; returns the exit code of the command contract."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from reign_tui.version import __version__

        sys.stdout.write(f"reign-tui {__version__}\n")
        return 0
    gc.disable()  # what starting makes is kept; each command enables it again when its own work begins
    atexit.register(gc.freeze)  # nor is garbage looked for in all of it when the process ends
    try:
        from reign_tui.cli.dispatch import dispatch

        return dispatch(sys.argv[1:])
    finally:
        gc.enable()


if __name__ == "__main__":
    sys.exit(main())
