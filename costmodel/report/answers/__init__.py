"""One module an answer: each turns results into the tables of a command, and into what programs read."""
