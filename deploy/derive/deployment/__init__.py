"""What Terraform must know of the code, derived from the code: `python -m deployment` writes deploy/derived/*.json."""
