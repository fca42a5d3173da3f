"""Trygg's engine: definitions, cases, people, records and rules. It knows no web framework."""
