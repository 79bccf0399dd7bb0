"""What a network is made of: layout of theta, activations, outputs, initial weights."""
