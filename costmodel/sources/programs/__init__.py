"""What is known of a program before it runs: the RAM its static data take, from its file or from what linkers and tools say of it."""
