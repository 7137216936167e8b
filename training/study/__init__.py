"""The LoRA-Muon paper's study, reproduced: one learning rate for every rank, width, depth and scale."""
