"""Memory: how long tensors live, how buffers share memory, and whether a heap can hold them."""
