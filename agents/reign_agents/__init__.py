"""What to do: understanding, planning, safety, the engine, memory. Knows no screen."""
