"""Readers under fuzz: what they are (`targets`), what they start from (`seeds`), how it is damaged (`damage`)."""
