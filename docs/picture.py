"""Takes the picture of the README from a report: make picture. Needs Chromium.

python docs/picture.py REPORT.html PICTURE.png [WIDTH HEIGHT]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def take(report: Path, picture: Path, width: int, height: int) -> None:
    """A screenshot of the top of a page, in px."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"no browser found; install one of {', '.join(BROWSERS)} (Debian: chromium)")
    picture.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser, *QUIET, f"--user-data-dir={profile}",
                f"--screenshot={picture.resolve()}", f"--window-size={width},{height}",
                report.resolve().as_uri(),
            ],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    print(picture)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    size = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) == 5 else (1366, 1360)
    take(Path(sys.argv[1]), Path(sys.argv[2]), *size)
