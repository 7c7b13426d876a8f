"""Pages and jobs of imports, bulk changes and their undo: the edge of `core/changes`."""
