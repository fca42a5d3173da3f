"""What is given to the home on paper: letters, their templates, forms for when Trygg is down."""
