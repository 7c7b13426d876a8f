"""Skills: what terms mean, how near skills are to each other, and the taxonomy that admins keep."""
