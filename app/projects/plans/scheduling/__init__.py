"""Working days and the critical path, as plain calculations: no database, no clock."""
