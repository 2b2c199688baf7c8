"""Why a command ends early: a sentence, the next command, and the exit code of the contract."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of the command contract."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PERSON_NEEDED = 3
    NOT_UNDERSTOOD = 4
    DENIED = 5
    TOOL_MISSING = 6
    DIFFERENCE = 7
    TIME_LIMIT = 124
    INTERRUPTED = 130
    TERMINATED = 143


class Stopped(Exception):
    """Ends the command: ``sentence`` and ``way_out`` go to stderr, ``code`` is the exit code."""

    def __init__(self, code: Exit, sentence: str, way_out: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.way_out = way_out
