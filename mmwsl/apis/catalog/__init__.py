"""What there is: the names of every kind, what is behind one of them, and which of them a misspelt one is near to."""
