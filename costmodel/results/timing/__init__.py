"""Time of an inference, and what follows from it."""
