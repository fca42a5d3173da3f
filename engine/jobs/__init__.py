"""What happens by itself: time passes, mail goes out, old things are cleared away."""
