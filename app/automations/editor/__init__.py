"""Making workflows: drafts that are kept at every change, what is wrong with them, how they are tried and deployed."""
