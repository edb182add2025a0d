"""Nouns of networks as their files hold them."""
