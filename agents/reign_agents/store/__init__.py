"""What Reign remembers: runs, plans, steps, events, approvals, the undo ledger, pre-images, sessions, logs.

:class:`reign_agents.store.store.Store` is the way in. One SQLite database in the data folder (one writer thread, WAL,
several processes at once), one folder for each run in the state folder.
"""

from __future__ import annotations
