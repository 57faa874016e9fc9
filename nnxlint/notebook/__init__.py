"""Jupyter notebooks: the code cells of the JSON, as Python, and edits of them put back into the JSON."""
