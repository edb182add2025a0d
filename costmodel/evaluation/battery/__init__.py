"""How long a battery lasts under a pattern of work and rest, and what limits it."""
