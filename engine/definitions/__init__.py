"""What a process is: read safely, checked, compiled, versioned, compared."""
