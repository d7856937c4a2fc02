"""Many consoles at once: where each is, what nobody saw, held at one moment, read as one."""
