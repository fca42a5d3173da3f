"""What is given to the home on paper: letters, their templates, and forms for when Trygg is down."""
