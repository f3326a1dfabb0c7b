"""The names of headings as targets of links."""


def as_in_jupyterlab(title: str) -> str:
    """Return the anchor that JupyterLab gives a heading, so that one link leads there in both."""
    return title.replace(" ", "-")
