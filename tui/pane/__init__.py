"""What one pane shows: where it stands, its rows, what lies over them, its border."""
