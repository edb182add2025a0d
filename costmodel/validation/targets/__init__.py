"""Where the firmware runs: the host and emulated cores."""
