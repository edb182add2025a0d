"""Work to counts, twice: closed forms, and an execution that moves real tensors. The two share no arithmetic."""
