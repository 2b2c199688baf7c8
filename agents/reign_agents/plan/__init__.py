"""Plans: a graph of steps, each an operation with its dependencies, reason and effect."""

from reign_agents.plan.model import Plan, Step, Verdict

__all__ = ["Plan", "Step", "Verdict"]
