"""Shell commands: understanding them, running them."""
