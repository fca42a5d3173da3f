"""The school's year: its routines, when they are due, and the cases that they become."""
