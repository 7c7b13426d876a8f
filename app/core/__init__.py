"""What every domain stands on and no domain owns: the database base, errors, time, audit, lists, changes."""
