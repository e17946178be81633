"""Clinical and file formats: bytes in, documents out; one module a format."""
