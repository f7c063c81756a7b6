"""Parse documentation pages into the model."""
