"""Reader for schema.org as JSON-LD."""
