"""Evidence kinds as JSON Schemas, and sample packs."""
