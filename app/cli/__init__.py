"""Commands for operators, under `flask --app wsgi …`, and the process manager behind `make run`."""
