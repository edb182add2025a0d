"""What a neural network costs on a microcontroller: memory accesses, RAM, energy, time and battery days."""
