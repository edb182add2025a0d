"""Access counts to energies: grouping into accesses, dynamic energy, leakage and arithmetic."""
