"""What a project costs, earns and has left."""
