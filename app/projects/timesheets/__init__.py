"""Time worked for projects: logged, approved, imported."""
