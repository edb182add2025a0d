"""From a network with parameters and its plan to the bytes a device holds: folding, the model file, and what its layers must answer."""
