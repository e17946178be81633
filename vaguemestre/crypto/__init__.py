"""Certificates, trust list and the trace chain: pure computations."""
