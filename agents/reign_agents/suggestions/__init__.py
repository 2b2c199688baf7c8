"""Suggestions while a request is written: what was asked before, names of what is there, and what can follow.

Nothing here knows a screen, and nothing that is called at a key press waits: names are gathered in the background.
"""
