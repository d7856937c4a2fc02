"""Text on its way out: what is selected, the clipboard, files, bug reports."""
