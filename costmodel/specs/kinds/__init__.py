"""What the rows of the table of layer kinds are made of: lowerings with their boxes, and generators."""
