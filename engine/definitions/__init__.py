"""What a process is: read safely, checked, compiled, versioned. Knows no cases and no people."""
