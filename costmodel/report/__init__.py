"""A document of findings, tables and figures made of an evaluation, and one renderer a format."""
