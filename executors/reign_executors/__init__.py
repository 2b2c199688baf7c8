"""Doing it: operations on real tools. Knows no agent, plan or screen."""
