"""What people and machines meet: Flask pages on top of the engine."""
