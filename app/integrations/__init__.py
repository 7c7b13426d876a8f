"""Outside capabilities, one package for each, with a harmless stand-in for development. They know no domain."""
