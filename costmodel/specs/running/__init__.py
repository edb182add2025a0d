"""How a network runs: mappings, schedules of stages, and strategies of memory."""
