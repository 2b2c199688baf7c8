"""Colour themes as data (TOML files beside this module)."""
