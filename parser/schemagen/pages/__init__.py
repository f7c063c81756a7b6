"""Documentation -> model."""
