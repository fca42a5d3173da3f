"""What a school can do with a process and a case. Knows nothing of the web."""
