"""What every Jamie server shares: serving tools safely and reaching a backend."""
