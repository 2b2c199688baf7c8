"""Workflow files (GitHub Actions): what they would do with other people's code and this repository's rights."""
