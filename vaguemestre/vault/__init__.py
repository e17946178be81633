"""Raw bytes, kept by digest."""
