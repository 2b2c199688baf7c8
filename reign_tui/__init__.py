"""Reign in a terminal: command line, screens, configuration. Owns no engine state."""
