"""The engine: previews, approvals, the driver of a run, the worker pool, undo and resume."""
