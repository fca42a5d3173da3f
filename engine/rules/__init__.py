"""The rules file (regelverk) and working days."""
