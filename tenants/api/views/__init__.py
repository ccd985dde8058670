"""The addresses of the API, one class each."""
