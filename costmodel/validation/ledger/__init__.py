"""Published figures, and what is derived here beside them."""
