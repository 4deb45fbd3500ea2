"""What a compiled pipeline says about itself: see `layout`."""
