"""What instruments and devices recorded: logs and power traces, as streams to values."""
