"""Teams and their work: requests, plans, deliverables, time, budgets, change orders."""
