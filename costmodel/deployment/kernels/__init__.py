"""Generated kernels: which tile each layer of a deployed network runs in, and the C that runs it."""
