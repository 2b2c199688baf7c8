"""The audit chain: every decision and every executed operation, append-only, each row bound to the one before."""
