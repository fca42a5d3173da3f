"""What happens to a case: one module a command or a few, one transaction a command."""
