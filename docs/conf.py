"""How Sphinx builds these pages: make docs."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import scenario_format  # noqa: E402 (its folder is known only now)

import posemu  # noqa: E402

project = "posemu"
author = "the posemu project"
release = version = posemu.__version__
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "a payment terminal you can break", "page_width": "1000px"}
myst_heading_anchors = 3
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # what a command prints is not always "console"

scenario_format.write(HERE / "_build" / "scenario-format.md")
