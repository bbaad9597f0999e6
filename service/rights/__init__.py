"""Who asks, and what each role may do; the lowest word on both, which everything else reads."""
