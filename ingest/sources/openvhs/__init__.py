"""Reader for Open-vhs XML."""
