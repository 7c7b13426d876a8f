"""The defence of every way in against guessing, and the browsers that a person is known by."""
