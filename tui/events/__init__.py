"""What happened, as lines between the guest's and as a strip of time."""
