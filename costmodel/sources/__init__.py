"""From files to specs: packaged data, tables of runs, and the outside program CACTI."""
