"""Which offers of different sources, or of one, are the same: candidates, features, judgements, groups."""
