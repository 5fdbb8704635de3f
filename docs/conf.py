"""Sphinx configuration; build with ``sphinx-build -n -W --keep-going docs docs/_build``.

No page needs a network: there is no intersphinx, and names of other packages
are listed below instead of being resolved.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pynn_greenmorph

project = "pynn_greenmorph"
author = "The pynn_greenmorph developers"
project_copyright = "The pynn_greenmorph developers"
version = release = pynn_greenmorph.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

nitpicky = True
# Words of numpydoc types, and other packages' names: not ours to link.
nitpick_ignore_regex = [
    ("py:.*", r"(numpy|np|neo|quantities|pyNN|click|pathlib|collections|typing|types)\..*"),
    (
        "py:.*",
        r"(NDArray|FloatArray|Int64Array|Columns|Any|Path|Callable|Iterable|Mapping|Sequence)",
    ),
]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_static_path = ["_static"]
html_title = f"pynn_greenmorph {release}"
