"""Plans: milestones, deliverables, their order and their dates."""
