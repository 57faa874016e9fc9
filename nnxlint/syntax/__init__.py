"""Two trees: the `ast` of a whole file, and the LibCST of the places that matter; edits made from both."""
