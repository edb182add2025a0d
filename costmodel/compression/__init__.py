"""From trained or random weights to the bytes a device holds: quantisation, the model file, and what its layers must answer."""
