"""“Can this team deliver this by that day?”: a plan, or what stands in the way and what would remove it."""
