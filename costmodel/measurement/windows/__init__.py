"""The finder: a capture condensed, its windows found and priced."""
