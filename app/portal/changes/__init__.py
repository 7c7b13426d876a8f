"""Imports, bulk changes and undos as staff see them: asked for, previewed, applied, taken back."""
