"""What ran or was measured: comparisons, traces, images, published figures."""
