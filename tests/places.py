"""Where things are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIRROR = ROOT / os.environ.get("NERPIPE_MIRROR", "../shared")
