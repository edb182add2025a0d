"""Models as folders: network, weights and a manifest with hashes; and those that come with the package."""
