"""Dataflows executed: real tensors moved through a memory that counts each single access. Shares no arithmetic with the closed forms."""
