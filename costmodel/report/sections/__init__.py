"""One module a section: each turns figures of an evaluation into blocks of a document."""
