"""Text files in and out: YAML with positions, messages, schemas, atomic writes."""
