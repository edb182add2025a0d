"""Access counts to energies: grouping, dynamic energy, leakage, arithmetic; SRAM configurations and what CACTI says of them."""
