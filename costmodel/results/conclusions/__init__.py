"""What is concluded from figures, with its reasons."""
