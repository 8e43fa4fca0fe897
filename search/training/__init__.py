"""Training of the question side: pairs.py, pairs/*.tsv and train.py (needs torch; nothing else of the product does)."""
