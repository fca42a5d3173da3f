"""What a process is: read safely, checked, compiled, versioned. Knows nothing of cases or people."""
