"""Commands that say what a network costs, and why."""
