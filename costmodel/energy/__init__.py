"""Access counts to energies: grouping into accesses, dynamic energy, leakage and arithmetic; SRAM configurations and what CACTI says of them."""
