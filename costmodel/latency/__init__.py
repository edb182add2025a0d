"""Time from counts: rates fitted to measured layer times. What nobody has measured is not calibrated, never guessed."""
