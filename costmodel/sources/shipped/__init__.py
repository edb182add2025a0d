"""What the package ships: data, documentation, bibliography."""
