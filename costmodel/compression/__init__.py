"""Which weights a network keeps and with how many bits: pruning and quantisation."""
