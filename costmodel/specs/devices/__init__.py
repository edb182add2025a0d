"""What a network runs on and from: chips, memories, power states, batteries."""
