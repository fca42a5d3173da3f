"""What a model must pass before it is published. Gives findings, never an exception."""
