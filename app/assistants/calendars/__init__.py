"""When assistants work: the weekly hours, time off, and what is taken of them."""
