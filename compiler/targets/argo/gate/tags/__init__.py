"""What stands between `{{` and `}}`: plain references and expressions."""
