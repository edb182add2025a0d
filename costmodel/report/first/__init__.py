"""What a report says first, on any medium."""
