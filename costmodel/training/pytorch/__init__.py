"""What needs PyTorch: each module here imports it, nobody else does at start-up."""
