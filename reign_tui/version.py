"""The version, baked in: reading installed metadata would cost five times a bare interpreter."""

__version__ = "0.1.0"
