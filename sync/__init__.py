"""What happens every night."""
