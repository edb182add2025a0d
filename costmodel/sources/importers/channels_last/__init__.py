"""From a graph whose activations are rows x columns x channels to a network of channels x rows x columns: one lowering an operator."""
