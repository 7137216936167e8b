"""The house model, finetuning, optimizers; entry point rasg-train."""
