"""What a micrograph looks like, as numbers: embeddings of whole fields."""
