"""Settings of Sphinx. Everything works offline: no CDN, no inventory of another project."""

import sys
from pathlib import Path

import matplotlib as mpl

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "extensions"), str(HERE.parent)]

import fastnn

project = "fastnn"
author = copyright = "the fastnn developers"
version = release = fastnn.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "changelog",
    "command_line",
    "measured",
    "meanings",
]
exclude_patterns = [
    "_build",
    "examples",
    "templates",
    "extensions",
    "**/*.ipynb",
    "**/GALLERY_HEADER.rst",
]
templates_path = ["templates"]
default_role = "py:obj"
html_math_renderer = "mathml"

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings have them in words
numpydoc_show_class_members = False  # the template of classes shows them
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": ["examples/lessons", "examples/howto", "examples/gallery"],
    "gallery_dirs": ["lessons", "howto", "gallery"],
    "filename_pattern": r"\.py$",  # every one is run
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 10_000,
    "capture_repr": ("_repr_html_", "__repr__"),
    "ignore_repr_types": r"Display",  # the picture is there
    "matplotlib_animations": False,
    "remove_config_comments": True,
    "reset_modules": ("pictures.reset",),
    "reset_modules_order": "both",
    "only_warn_on_example_error": False,
    "doc_module": ("fastnn",),
    "parallel": 2,
    "write_computation_times": False,
    "nested_sections": False,
    "promote_jupyter_magic": False,
}
# Errors of an example end the build; warnings within one are shown as errors too.
mpl.rcParams["figure.max_open_warning"] = 0

html_theme = "pydata_sphinx_theme"
html_title = "fastnn"
html_static_path = ["static"]
html_css_files = ["fastnn.css"]
html_favicon = "static/favicon.svg"
html_copy_source = html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc", "sg_download_links", "printed"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "back_to_top_button": False,
}


def _skip_inherited(app, what, name, obj, skip, options):
    """Leave out what scikit-learn's and Python's classes give to ours."""
    module = getattr(obj, "__module__", None) or ""
    foreign = module.startswith("sklearn") or name.endswith("_request") or name in _OF_EXCEPTIONS
    return True if foreign or name == "get_metadata_routing" else None


_OF_EXCEPTIONS = {"add_note", "args", "with_traceback"}


def setup(app):
    app.connect("autodoc-skip-member", _skip_inherited)
