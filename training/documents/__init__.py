"""The adapter of the default model: finetuned on real conversations, refilled pages and made-up ones."""
