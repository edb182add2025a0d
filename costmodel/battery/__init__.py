"""Battery life: energy budgets, battery models behind one protocol, and duty cycles of power states."""
