"""Kubernetes: operations on a real cluster through the official client (imported when the first call is made).

``kinds`` and ``dangers`` are light: planning and other families import them without the operations.
"""
