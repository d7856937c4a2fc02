"""What keys do, a class a group, on top of the screen that shows the panes."""
