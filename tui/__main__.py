"""`python -m tui`: the same as `guestwatch`."""

import sys

from tui.launch import main

sys.exit(main())
