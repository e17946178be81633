"""The route as a literal list: claim, run, commit."""
